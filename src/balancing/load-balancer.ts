import type { Request } from '../proxy/request.ts'
import type { Candidate, Strategy } from './strategy.ts'

export interface Balanced extends Candidate {
  readonly draining: boolean
  /** It has as many requests on their way as it may have. */
  readonly full: boolean
}

/** The endpoints of one service, and the choice among those that may be used. It survives every change of them. */
export class LoadBalancer<E extends Balanced> {
  readonly #endpoints = new Map<string, E>()
  #strategy: Strategy
  /** Endpoints that may get new requests; a new array whenever they change, since strategies may hold on to it. */
  #candidates: readonly E[] = []

  constructor(strategy: Strategy) {
    this.#strategy = strategy
  }

  get endpoints(): ReadonlyMap<string, E> {
    return this.#endpoints
  }

  useStrategy(strategy: Strategy): void {
    this.#strategy = strategy
  }

  set(endpoint: E): void {
    this.#endpoints.set(endpoint.key, endpoint)
  }

  delete(key: string): void {
    this.#endpoints.delete(key)
  }

  /** To be called after endpoints were set, deleted or changed. */
  refresh(): void {
    this.#candidates = [...this.#endpoints.values()].filter(
      (endpoint) => !endpoint.draining && endpoint.weight > 0,
    )
  }

  /** At least one endpoint may be used. */
  get available(): boolean {
    return this.#candidates.length > 0
  }

  /** False when all endpoints that may be used are full; there is nothing to wait for when none may be used. */
  get hasRoom(): boolean {
    return this.#candidates.length === 0 || this.#candidates.some(({ full }) => !full)
  }

  /**
   * An endpoint for the request, not one of `tried` while there is another; undefined when none may be used. It is
   * full only when all are.
   */
  pick(request: Request, tried: readonly E[]): E | undefined {
    let candidates = this.#candidates
    if (tried.length > 0) {
      const untried = candidates.filter((endpoint) => !tried.includes(endpoint))
      if (untried.length > 0) candidates = untried
    }
    if (candidates.length === 0) return undefined
    const picked = candidates.length === 1 ? candidates[0]! : this.#strategy.pick(candidates, request)
    if (!picked.full) return picked
    return this.#pickFree(candidates, request) ?? this.#pickFree(this.#candidates, request) ?? picked
  }

  #pickFree(candidates: readonly E[], request: Request): E | undefined {
    const free = candidates.filter(({ full }) => !full)
    return free.length > 1 ? this.#strategy.pick(free, request) : free[0]
  }
}
