import type { Deadlines } from '../deadlines.ts'
import { NEVER } from '../deadlines.ts'
import type { MinimumRate } from './connection-host.ts'

/** Time-outs of a message under way: when all of it must be over, and how much of it must move until then. */
export class Pace {
  readonly #deadlines: Deadlines
  #end = NEVER
  #bytes = 0
  #window = 0
  /** When its rate is looked at next. */
  #windowEnd = NEVER
  /** Bytes that had moved at the last look. */
  #mark = 0

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines
  }

  /**
   * A message begins, with so many milliseconds for all of it (0: no limit). Gives the time of the first look at its
   * rate. What a connection has moved for earlier messages counts at that look, so that none costs a call into the system.
   */
  begin(timeout: number, { bytes, window }: MinimumRate): number {
    this.#end = this.#deadlines.in(timeout)
    this.#bytes = bytes
    this.#window = window
    this.#mark = 0
    this.#windowEnd = bytes === 0 ? NEVER : this.#deadlines.now + window
    return Math.min(this.#end, this.#windowEnd)
  }

  /** All of it should be over by now. */
  get over(): boolean {
    return this.#deadlines.now >= this.#end
  }

  /**
   * `moved` bytes of it so far: the time of the next look, or undefined when that is too slow and not `excused`,
   * since it was not the client that was waited for. To come early is no harm.
   */
  look(moved: number, excused: boolean): number | undefined {
    if (this.#deadlines.now < this.#windowEnd) return Math.min(this.#end, this.#windowEnd)
    const step = moved - this.#mark
    this.#mark = moved
    if (step < this.#bytes && !excused) return undefined
    this.#windowEnd = this.#deadlines.now + this.#window
    return Math.min(this.#end, this.#windowEnd)
  }
}
