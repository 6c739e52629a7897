import type { ConsulApi } from '../peers/consul-api.ts'
import type { Load } from '../support/load.ts'
import { Ledger } from '../support/ledger.ts'
import { startOrigin } from '../support/origins.ts'
import type { Origin } from '../support/origins.ts'
import { until } from '../support/until.ts'

/** Where instances are registered: Consul, or what stands in for it. */
export type Registry = Pick<ConsulApi, 'register' | 'deregister'>

/** Services of several instances each, hosted in this process and registered in Consul or elsewhere. */
export class Fleet implements AsyncDisposable {
  readonly ledger = new Ledger()
  readonly services: readonly string[]
  /** By name of the service; the instances that are registered. */
  readonly instances = new Map<string, Origin[]>()
  readonly #registry: Registry
  readonly #all = new Set<Origin>()
  #born = 0

  constructor(registry: Registry, services: readonly string[]) {
    this.#registry = registry
    this.services = services
    for (const service of services) this.instances.set(service, [])
  }

  /** The hosts under which they are served, in the order of the services. */
  get hosts(): string[] {
    return this.services.map(hostOf)
  }

  get origins(): Origin[] {
    return [...this.instances.values()].flat()
  }

  /** Starts one more instance of the service, and registers it. */
  async add(service: string): Promise<Origin> {
    const origin = await startOrigin({ name: `${service}-${++this.#born}`, ledger: this.ledger })
    this.#all.add(origin)
    this.instances.get(service)?.push(origin)
    await this.#register(service, origin)
    return origin
  }

  /** Waits until every instance has answered a request. */
  async served(load: Load): Promise<void> {
    const waiting = (): string[] =>
      this.origins.filter(({ answered }) => answered === 0).map(({ name }) => name)
    try {
      await until('all instances to be served', () => waiting().length === 0)
    } catch (error) {
      throw new Error(`${waiting().join()} got no request; ${String(load.tally)}`, { cause: error })
    }
  }

  async deregister(service: string, origin: Origin): Promise<void> {
    const instances = this.instances.get(service) ?? []
    instances.splice(instances.indexOf(origin), 1)
    await this.#registry.deregister(origin.name)
  }

  /** Registers all of them again, as they do by themselves when Consul has forgotten them. */
  async registerAll(): Promise<void> {
    for (const [service, origins] of this.instances) {
      for (const origin of origins) await this.#register(service, origin)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const origin of this.#all) await origin[Symbol.asyncDispose]()
  }

  async #register(service: string, { name, port }: Origin): Promise<void> {
    const registration = { id: name, name: service, address: '127.0.0.1', port, tags: ['v1'] }
    await this.#registry.register({ ...registration, check: 'passing' })
  }
}

/** By the default host rule, with the flags of `discoveryFlags`. */
export function hostOf(service: string): string {
  return `${service}-v1.dev.example.com`
}

export function discoveryFlags(consulAddress: string): string[] {
  const section = '--providers.consulCatalog'
  return [
    `${section}.endpoint.address=${consulAddress}`,
    `${section}.domain=example.com`,
    `${section}.environment=dev`,
  ]
}

/** A fleet of `size` instances each. */
export async function startFleet(
  registry: Registry,
  services: readonly string[],
  size: number,
): Promise<Fleet> {
  const fleet = new Fleet(registry, services)
  for (const service of services) for (let i = 0; i < size; i++) await fleet.add(service)
  return fleet
}
