import type { Next } from '../../middleware.ts'
import type { CompositeDelta, EndpointPlan, ServiceDelta } from '../plan.ts'
import { createComposite } from './composite-service.ts'
import type { CompositeService, CompositeTools } from './composite-service.ts'
import { LoadBalancedService } from './load-balanced-service.ts'
import type { ServiceTools } from './load-balanced-service.ts'
import { NOWHERE } from './service.ts'
import type { InFlight, Service } from './service.ts'

/** The services of a worker's plan, by full name, and what answers for each. */
export class Services {
  readonly #tools: ServiceTools & CompositeTools
  readonly #internal: ReadonlyMap<string, Service>
  /** Those that are something else by now are here as long as their endpoints drain. */
  readonly #balanced = new Map<string, LoadBalancedService>()
  readonly #composites = new Map<string, CompositeService>()
  /** Something stands behind a name that did not before, or a service leads to other names. */
  #relinking = false

  /** `internal`: services of the proxy's own, which are not in the plan. */
  constructor(tools: ServiceTools & CompositeTools, internal: ReadonlyMap<string, Next>) {
    this.#tools = tools
    this.#internal = new Map(
      [...internal].map(([name, handle]) => [name, { ...NOWHERE, handle, available: true }]),
    )
  }

  /** True when another function answers for the service from now on, so that who calls it must be told. */
  set(name: string, delta: ServiceDelta): boolean {
    const before = this.#planned(name)
    if (delta.kind === 'loadBalancer') {
      this.#composites.delete(name)
      const service = this.#balanced.getOrInsertComputed(
        name,
        () => new LoadBalancedService(name, delta, this.#tools),
      )
      service.update(delta)
    } else {
      this.#setComposite(name, delta)
      this.#drain(name, delta.endpoints)
      this.#relinking = true
    }
    const replaced = this.#planned(name) !== before
    if (replaced) this.#relinking = true
    return replaced
  }

  delete(name: string): void {
    this.#relinking = true
    this.#composites.delete(name)
    this.#balanced.get(name)?.close()
    this.#balanced.delete(name)
  }

  /** To be called after transports were changed. */
  useTransports(): void {
    for (const service of this.#balanced.values()) service.useTransport()
  }

  /** To be called after services were set or deleted: those that lead to others look these up. */
  link(): void {
    if (!this.#relinking) return
    this.#relinking = false
    for (const service of this.#composites.values()) service.link((name) => this.#find(name))
  }

  /** What answers for a service; 503 when there is none of this name. */
  next(name: string): Next {
    return this.#find(name).handle
  }

  /** Has the next success of an endpoint told. */
  watch(service: string, endpoint: string): void {
    const found = this.#balanced.get(service)?.endpoints.get(endpoint)
    if (found) found.suspect = true
  }

  /** Names and keys of endpoints, drains included. */
  get names(): readonly (readonly [string, Iterable<string>])[] {
    const composites = [...this.#composites.keys()].filter((name) => !this.#balanced.has(name))
    return [
      ...[...this.#balanced].map(([name, { endpoints }]) => [name, endpoints.keys()] as const),
      ...composites.map((name) => [name, []] as const),
    ]
  }

  inFlight(): InFlight {
    return Object.fromEntries(
      [...this.#balanced].map(([name, { endpoints }]) => [
        name,
        Object.fromEntries([...endpoints.values()].map(({ key, inFlight }) => [key, inFlight])),
      ]),
    )
  }

  /** Ends everything that is still on its way. */
  close(): void {
    for (const { endpoints } of this.#balanced.values())
      for (const endpoint of endpoints.values()) endpoint.close()
  }

  #find(name: string): Service {
    return this.#planned(name) ?? this.#internal.get(name) ?? NOWHERE
  }

  #planned(name: string): Service | undefined {
    return this.#composites.get(name) ?? this.#balanced.get(name)
  }

  #setComposite(name: string, delta: CompositeDelta): void {
    const before = this.#composites.get(name)
    if (before?.kind === delta.kind) before.update(delta)
    else this.#composites.set(name, createComposite(delta, this.#tools))
  }

  /** A load balancer bore this name before; its endpoints finish what they have. */
  #drain(name: string, endpoints: ReadonlyMap<string, EndpointPlan | null>): void {
    let service = this.#balanced.get(name)
    if (!service && endpoints.size > 0) {
      const settings = { kind: 'loadBalancer', strategy: 'wrr', passHostHeader: true } as const
      service = new LoadBalancedService(name, { ...settings, endpoints }, this.#tools)
      this.#balanced.set(name, service)
    }
    service?.setEndpoints(endpoints)
    if (service?.endpoints.size !== 0) return
    service.close()
    this.#balanced.delete(name)
  }
}
