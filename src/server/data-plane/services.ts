import type { Next } from '../../middleware.ts'
import { Response } from '../../proxy/response.ts'
import type { ServiceDelta } from '../plan.ts'
import { LoadBalancedService } from './load-balanced-service.ts'
import type { ServiceTools } from './load-balanced-service.ts'
import type { InFlight, Service } from './service.ts'

/** The services of a worker's plan, by full name, and what answers for each. */
export class Services {
  readonly #tools: ServiceTools
  readonly #internal: ReadonlyMap<string, Next>
  readonly #services = new Map<string, LoadBalancedService>()

  /** `internal`: services of the proxy's own, which are not in the plan. */
  constructor(tools: ServiceTools, internal: ReadonlyMap<string, Next>) {
    this.#tools = tools
    this.#internal = internal
  }

  /** True when another function answers for the service from now on, so that who calls it must be told. */
  set(name: string, delta: ServiceDelta): boolean {
    const before = this.#services.get(name)
    const service = before ?? new LoadBalancedService(name, delta, this.#tools)
    this.#services.set(name, service)
    service.update(delta)
    return service !== before
  }

  delete(name: string): void {
    const service = this.#services.get(name)
    this.#services.delete(name)
    service?.close()
  }

  /** What answers for a service; 503 when there is none of this name. */
  next(name: string): Next {
    const service: Service | undefined = this.#services.get(name)
    return service?.handle ?? this.#internal.get(name) ?? (() => Response.because('UH'))
  }

  /** Has the next success of an endpoint told. */
  watch(service: string, endpoint: string): void {
    const found = this.#services.get(service)?.endpoints.get(endpoint)
    if (found) found.suspect = true
  }

  /** Names and keys of endpoints, drains included. */
  get names(): readonly (readonly [string, Iterable<string>])[] {
    return [...this.#services].map(([name, { endpoints }]) => [name, endpoints.keys()] as const)
  }

  inFlight(): InFlight {
    return Object.fromEntries(
      [...this.#services].map(([name, { endpoints }]) => [
        name,
        Object.fromEntries([...endpoints.values()].map(({ key, inFlight }) => [key, inFlight])),
      ]),
    )
  }

  /** Ends everything that is still on its way. */
  close(): void {
    for (const { endpoints } of this.#services.values())
      for (const endpoint of endpoints.values()) endpoint.close()
  }
}
