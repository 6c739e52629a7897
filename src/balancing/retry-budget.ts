/** Retries in a second that are always allowed, so that a quiet service can recover. */
const MINIMUM_PER_SECOND = 10
/** Share of the live requests that may be retries beyond that. */
const SHARE = 0.2

/**
 * Keeps retries from multiplying an outage: in each second as many are allowed as a fifth of the requests of that
 * second, and ten at the least. Attempts that wrote nothing to an endpoint do not count. Each service has a budget of
 * its own in each worker: the traffic of one must not pay for the outage of another.
 */
export class RetryBudget {
  readonly #minimum: number
  #second = 0
  #requests = 0
  #lastRequests = 0
  #retries = 0

  /** `workers`: how many share the ten. */
  constructor(workers = 1) {
    this.#minimum = Math.ceil(MINIMUM_PER_SECOND / workers)
  }

  /** A request has come. `now` in milliseconds. */
  request(now: number): void {
    this.#roll(now)
    this.#requests++
  }

  /** True when one more retry is allowed; it is then counted. */
  take(now: number): boolean {
    this.#roll(now)
    const live = Math.max(this.#requests, this.#lastRequests)
    if (this.#retries >= Math.max(this.#minimum, live * SHARE)) return false
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
