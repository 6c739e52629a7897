import type { Request } from '../proxy/request.ts'
import type { Response } from '../proxy/response.ts'
import type { StickyCookiePlan } from '../server/plan.ts'
import type { Candidate } from './strategy.ts'
import { readSticky, stickyId, writeSticky } from './sticky-cookie.ts'

/**
 * Which endpoint a session belongs to. The cookie says so and nothing is kept here, so that all workers and all
 * proxies agree. It names whoever answered last: when its endpoint may not be used, is full, or failed, a session
 * moves on for good. To come back later would confuse an application twice.
 */
export class StickySessions<E extends Candidate> {
  readonly cookie: StickyCookiePlan
  readonly #ids = new WeakMap<E, { readonly hashName: string; readonly id: string }>()
  readonly #byId = new Map<string, E>()

  constructor(cookie: StickyCookiePlan) {
    this.cookie = cookie
  }

  /** These may be used now, and no others. */
  useEndpoints(usable: readonly E[]): void {
    this.#byId.clear()
    for (const endpoint of usable) this.#byId.set(this.#idOf(endpoint), endpoint)
  }

  /** The endpoint that the request's session belongs to, if it may be used. */
  find(request: Request): E | undefined {
    const id = readSticky(request, this.cookie, this.#byId)
    return id === undefined ? undefined : this.#byId.get(id)
  }

  /** Has the response say that the session belongs to this endpoint, unless the request has said so already. */
  remember(request: Request, response: Response, endpoint: E): void {
    const id = this.#idOf(endpoint)
    // It may have begun to drain while it answered.
    if (this.#byId.get(id) !== endpoint || this.find(request) === endpoint) return
    writeSticky(response, this.cookie, id)
  }

  #idOf(endpoint: E): string {
    const known = this.#ids.get(endpoint)
    if (known?.hashName === endpoint.hashName) return known.id
    const made = { hashName: endpoint.hashName, id: stickyId(endpoint.hashName) }
    this.#ids.set(endpoint, made)
    return made.id
  }
}
