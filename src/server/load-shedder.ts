/** When a worker has too much to do; plain data. */
export interface OverloadLimits {
  /** Requests that this worker may have under way; 0: no limit. */
  readonly maxInFlight: number
  /** Milliseconds that its event loop may be late, time and again; 0: no limit. */
  readonly maxEventLoopDelay: number
}

/** Shares of new requests by which what is turned away grows with each late look and shrinks with each punctual one. */
const GROWTH = 0.2
const DECAY = 0.05
const MAX_SHARE = 0.95

/**
 * Decides which new requests are turned away at once, so that those that are taken are still served in time: beyond
 * capacity every request taken on makes all of them slower, until no client waits long enough for its answer.
 * Requests under way are a matter of yes or no. A late event loop, which is noticed only afterwards, turns a share
 * away that grows and shrinks, or load would swing between all and nothing.
 */
export class LoadShedder {
  /** Requests under way in this worker; tunnels and the proxy's own pages are not among them. */
  inFlight = 0
  readonly #maxInFlight: number
  readonly #maxDelay: number
  #share = 0
  #credit = 0
  #late = false

  constructor({ maxInFlight, maxEventLoopDelay }: OverloadLimits) {
    this.#maxInFlight = maxInFlight === 0 ? Number.POSITIVE_INFINITY : maxInFlight
    this.#maxDelay = maxEventLoopDelay === 0 ? Number.POSITIVE_INFINITY : maxEventLoopDelay
  }

  /** How late the event loop came to its last tick, in milliseconds. Once is a pause, twice in a row is load. */
  observe(delay: number): void {
    const late = delay > this.#maxDelay
    if (!late) this.#share = Math.max(0, this.#share - DECAY)
    else if (this.#late) this.#share = Math.min(MAX_SHARE, this.#share + GROWTH)
    this.#late = late
  }

  /** Whether the request that has just come is turned away. Of a share, evenly: every second, every fifth … */
  turnsAway(): boolean {
    if (this.inFlight >= this.#maxInFlight) return true
    if (this.#share === 0) return false
    this.#credit += this.#share
    if (this.#credit < 1) return false
    this.#credit--
    return true
  }
}
