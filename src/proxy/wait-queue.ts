import type { Deadlines, Timed } from './deadlines.ts'
import { NEVER } from './deadlines.ts'

/** Who waits for an endpoint to become free. */
export interface Waiting {
  /** On the clock of `Deadlines.now`; written by the queue. */
  waitUntil: number
  /** An endpoint may be free. */
  attempt(woken: boolean): void
  /** It took too long. */
  waitedTooLong(): void
}

/** How many may wait, and for how long. */
export interface WaitLimits {
  readonly maxQueue: number
  /** Milliseconds; 0: no limit. */
  readonly queueTimeout: number
}

/** Requests of one service that wait, first come first served, while all its endpoints are as busy as they may be. */
export class WaitQueue implements Timed {
  deadline = NEVER
  limits: WaitLimits = { maxQueue: 0, queueTimeout: 0 }
  readonly #deadlines: Deadlines
  readonly #hasRoom: () => boolean
  /** In the order in which they came, so that the first is also the first to time out. */
  readonly #waiting = new Set<Waiting>()
  #waking = false

  /** `hasRoom`: an endpoint is free, or there is none left to wait for. */
  constructor(deadlines: Deadlines, hasRoom: () => boolean) {
    this.#deadlines = deadlines
    this.#hasRoom = hasRoom
  }

  get size(): number {
    return this.#waiting.size
  }

  /** False when the queue is full. */
  join(waiting: Waiting): boolean {
    if (this.#waiting.size >= this.limits.maxQueue) return false
    waiting.waitUntil = this.#deadlines.in(this.limits.queueTimeout)
    this.#waiting.add(waiting)
    if (this.#waiting.size === 1) {
      this.deadline = waiting.waitUntil
      this.#deadlines.add(this)
    }
    return true
  }

  leave(waiting: Waiting): void {
    if (this.#waiting.delete(waiting)) this.#settle()
  }

  /**
   * To be called when an endpoint may have become free; costs nothing while nobody waits. Who waits is called in a
   * moment, since the exchange that has just ended is still being put away.
   */
  wake(): void {
    if (this.#waking || this.#waiting.size === 0) return
    this.#waking = true
    queueMicrotask(() => this.#serve())
  }

  expired(): void {
    for (const waiting of this.#waiting) {
      if (waiting.waitUntil > this.#deadlines.now) break
      this.#waiting.delete(waiting)
      waiting.waitedTooLong()
    }
    this.#settle()
  }

  #serve(): void {
    this.#waking = false
    for (const waiting of this.#waiting) {
      if (!this.#hasRoom()) break
      this.#waiting.delete(waiting)
      waiting.attempt(true)
    }
    this.#settle()
  }

  #settle(): void {
    for (const { waitUntil } of this.#waiting) {
      this.deadline = waitUntil
      return
    }
    this.deadline = NEVER
    this.#deadlines.remove(this)
  }
}
