/** Retries in a second that are always allowed, so that a quiet service can recover. */
const MINIMUM_PER_SECOND = 10
/** Retries that each request pays for. */
const SHARE = 0.2

/**
 * Keeps retries from multiplying an outage: each request pays for a fifth of a retry, and each second begins with ten,
 * of which its requests first pay back what they can. What is not spent lasts for a second, so that no outage begins
 * with the savings of a quiet day.
 * Attempts that wrote nothing to an endpoint do not count. Each service has a budget of its own in each worker: the
 * traffic of one must not pay for the outage of another.
 */
export class RetryBudget {
  readonly #minimum: number
  #second = 0
  /** Retries that are paid for. */
  #left: number
  /** Paid by the requests of this second, and of the last one. */
  #paid = 0
  #paidBefore = 0

  /** `workers`: how many share the ten. */
  constructor(workers = 1) {
    this.#minimum = Math.ceil(MINIMUM_PER_SECOND / workers)
    this.#left = this.#minimum
  }

  /** A request has come. `now` in milliseconds. */
  request(now: number): void {
    this.#roll(now)
    this.#paid += SHARE
    if (this.#paid > this.#minimum)
      this.#left = Math.min(this.#left + SHARE, Math.max(this.#paid, this.#paidBefore))
  }

  /** True when one more retry is allowed; it is then counted. */
  take(now: number): boolean {
    this.#roll(now)
    // Fifths do not add up to a whole exactly.
    if (this.#left < 1 - 1e-6) return false
    this.#left--
    return true
  }

  #roll(now: number): void {
    const second = Math.floor(now / 1_000)
    if (second === this.#second) return
    this.#paidBefore = second === this.#second + 1 ? this.#paid : 0
    this.#left = Math.min(this.#left + this.#minimum, Math.max(this.#minimum, this.#paidBefore))
    this.#second = second
    this.#paid = 0
  }
}
