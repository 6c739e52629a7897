import type { LinkTables } from './link.ts'
import { INTERNAL_SERVICES } from './resource.ts'
import type {
  Endpoint,
  ResolvedMiddleware,
  ResolvedRouter,
  ResolvedService,
  RoutingConfig,
} from './routing-config.ts'

/**
 * What the routing was before this change, for resources that have errors now. A router that is kept takes along
 * the middlewares and the service that it needs and that are gone: without its `auth` it must not be served.
 */
export class LastGood {
  readonly carriedMiddlewares = new Map<string, ResolvedMiddleware>()
  readonly carriedServices = new Map<string, ResolvedService>()
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
    return kept && { ...kept, endpoints: [...writtenByHand(kept), ...instances] }
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
    const serviceGone = !INTERNAL_SERVICES.has(service) && !tables.services.has(service)
    const kept = this.#previous?.services.get(service)
    if (gone.some((name) => !this.middleware(name)) || (serviceGone && !kept)) return false
    for (const name of gone) this.carriedMiddlewares.set(name, this.middleware(name)!)
    if (serviceGone) this.carriedServices.set(service, { ...kept!, endpoints: writtenByHand(kept!) })
    return true
  }
}

function writtenByHand({ endpoints }: ResolvedService): Endpoint[] {
  return endpoints.filter(({ instance }) => instance === undefined)
}
