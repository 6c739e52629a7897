/** Streams of one connection that may end before their time, at once and per second. */
const BURST = 100
const PER_SECOND = 33

/**
 * Counts the streams of one connection that ended by a reset, whoever sent it. Node limits those that clients send
 * (rapid reset, CVE-2023-44487), but a client can make the server send them as well (MadeYouReset, CVE-2025-8671).
 */
export class ResetBudget {
  #left = BURST
  #at: number

  /** `now`: milliseconds of a clock that never jumps. */
  constructor(now: number) {
    this.#at = now
  }

  /** False when the connection has had more than its share. */
  take(now: number): boolean {
    this.#left = Math.min(BURST, this.#left + ((now - this.#at) / 1_000) * PER_SECOND) - 1
    this.#at = now
    return this.#left >= 0
  }
}
