import type { LinkTables } from './link.ts'
import { childrenOf } from '../server/plan.ts'
import { INTERNAL_SERVICES } from './resource.ts'
import type {
  Endpoint,
  ResolvedLoadBalancer,
  ResolvedMiddleware,
  ResolvedRouter,
  ResolvedService,
  ResolvedTransport,
  RoutingConfig,
} from './routing-config.ts'

/**
 * What the routing was before this change, for resources that have errors now. A router that is kept takes along
 * the middlewares and the service that it needs and that are gone: without its `auth` it must not be served.
 */
export class LastGood {
  readonly carriedMiddlewares = new Map<string, ResolvedMiddleware>()
  readonly carriedServices = new Map<string, ResolvedService>()
  readonly carriedTransports = new Map<string, ResolvedTransport>()
  readonly #previous: RoutingConfig | undefined
  #byDefinition: Map<string, [string, ResolvedRouter][]> | undefined

  constructor(previous: RoutingConfig | undefined) {
    this.#previous = previous
  }

  middleware(name: string): ResolvedMiddleware | undefined {
    return this.#previous?.middlewares.get(name)
  }

  /**
   * The service as it was, with the instances that there are now: the address of one that has left may be somebody
   * else's already.
   */
  service(name: string, instances: readonly Endpoint[]): ResolvedService | undefined {
    const kept = this.#previous?.services.get(name)
    if (kept?.kind !== 'loadBalancer') return kept
    return { ...kept, endpoints: [...writtenByHand(kept), ...instances] }
  }

  transport(name: string): ResolvedTransport | undefined {
    return this.#previous?.serversTransports.get(name)
  }

  routerNamed(name: string): ResolvedRouter | undefined {
    return this.#previous?.routers.get(name)
  }

  /** Under which names the router that was defined so was served; none when what it needs cannot be had any more. */
  routers(definition: string, tables: LinkTables): readonly (readonly [string, ResolvedRouter])[] {
    const kept = this.#definitions().get(definition) ?? []
    return kept.every(([, router]) => this.#carry(router, tables)) ? kept : []
  }

  #definitions(): Map<string, [string, ResolvedRouter][]> {
    this.#byDefinition ??= Map.groupBy(
      [...(this.#previous?.routers ?? [])],
      ([name, { definedAs }]) => definedAs ?? name,
    )
    return this.#byDefinition
  }

  #carry({ middlewares, service }: ResolvedRouter, tables: LinkTables): boolean {
    const gone = middlewares.filter((name) => !tables.middlewares.has(name))
    const services = this.#servicesGone(service, tables)
    if (gone.some((name) => !this.middleware(name)) || services === undefined) return false
    for (const name of gone) this.carriedMiddlewares.set(name, this.middleware(name)!)
    for (const [name, kept] of services) {
      this.carriedServices.set(name, kept)
      this.#carryTransport(kept, tables)
    }
    return true
  }

  #carryTransport(service: ResolvedService, tables: LinkTables): void {
    const name = service.kind === 'loadBalancer' ? service.transport : undefined
    const kept = name === undefined ? undefined : this.transport(name)
    if (kept && !tables.transports.has(name!)) this.carriedTransports.set(name!, kept)
  }

  /** As they were: the service, when it is gone, and those that it leads to; undefined when one cannot be had any more. */
  #servicesGone(service: string, tables: LinkTables): Map<string, ResolvedService> | undefined {
    const gone = new Map<string, ResolvedService>()
    const names = [service]
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      if (INTERNAL_SERVICES.has(name) || tables.services.has(name) || gone.has(name)) continue
      const kept = this.#previous?.services.get(name)
      if (kept === undefined) return undefined
      if (kept.kind === 'loadBalancer') gone.set(name, { ...kept, endpoints: writtenByHand(kept) })
      else {
        gone.set(name, kept)
        names.push(...childrenOf(kept.composition))
      }
    }
    return gone
  }
}

function writtenByHand({ endpoints }: ResolvedLoadBalancer): Endpoint[] {
  return endpoints.filter(({ instance }) => instance === undefined)
}
