/** Retries in a second that are always allowed, so that a quiet service can recover. */
const MINIMUM_PER_SECOND = 10
/** Share of the live requests that may be retries beyond that. */
const SHARE = 0.2

/**
 * Keeps retries from multiplying an outage: in each second as many are allowed as a fifth of the requests of that
 * second, and ten at the least. Attempts that wrote nothing to an endpoint do not count.
 */
export class RetryBudget {
  #second = 0
  #requests = 0
  #lastRequests = 0
  #retries = 0

  /** A request has come. `now` in milliseconds. */
  request(now: number): void {
    this.#roll(now)
    this.#requests++
  }

  /** True when one more retry is allowed; it is then counted. */
  take(now: number): boolean {
    this.#roll(now)
    const live = Math.max(this.#requests, this.#lastRequests)
    if (this.#retries >= Math.max(MINIMUM_PER_SECOND, live * SHARE)) return false
    this.#retries++
    return true
  }

  #roll(now: number): void {
    const second = Math.floor(now / 1_000)
    if (second === this.#second) return
    this.#lastRequests = second === this.#second + 1 ? this.#requests : 0
    this.#second = second
    this.#requests = this.#retries = 0
  }
}
