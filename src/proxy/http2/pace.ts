import type { Deadlines } from '../deadlines.ts'
import { NEVER } from '../deadlines.ts'
import type { MinimumRate } from '../http1/connection-host.ts'

/** How far a body has come that waits for its client, to send it or to take it. */
export interface Progress {
  /** Bytes of it that have moved since it began. */
  readonly own: number
  /** Bytes that have moved on the connection so far. */
  readonly shared: number
  /** Streams of the connection that wait for the client in this direction, this one included. */
  readonly waiting: number
  /** It is not the client that is waited for. */
  readonly excused: boolean
}

/**
 * Looks from time to time whether a client sends, or takes, a body of one stream as fast as it must. Streams share
 * what their connection can carry, and the client chooses which goes first: one that stands still is forgiven as
 * long as the connection moves as much as all that wait should. So a slow client costs as much to play as on
 * HTTP/1.1, and a slow line with a hundred pictures under way is not cut.
 */
export class Pace {
  readonly #deadlines: Deadlines
  #rate: MinimumRate = { bytes: 0, window: 0 }
  /** When the body must be over, whatever its rate. */
  #end = NEVER
  #own = 0
  #shared = 0

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines
  }

  /** A body begins that may take `timeout` milliseconds (0: for ever); gives the time of the first look. */
  begin(timeout: number, rate: MinimumRate, shared: number): number {
    this.#rate = rate
    this.#end = this.#deadlines.in(timeout)
    this.#own = 0
    this.#shared = shared
    return this.#nextLook()
  }

  /** The time of the next look; undefined when the client is too slow. */
  look({ own, shared, waiting, excused }: Progress): number | undefined {
    if (this.#deadlines.now >= this.#end) return undefined
    const { bytes } = this.#rate
    const kept = excused || own - this.#own >= bytes || shared - this.#shared >= bytes * waiting
    this.#own = own
    this.#shared = shared
    return kept ? this.#nextLook() : undefined
  }

  #nextLook(): number {
    const { bytes, window } = this.#rate
    return bytes === 0 ? this.#end : Math.min(this.#end, this.#deadlines.now + window)
  }
}
