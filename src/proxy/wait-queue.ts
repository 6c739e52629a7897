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

const NOBODY = (): void => {}
const NONE: WaitLimits = { maxQueue: 0, queueTimeout: 0 }

/** Whose endpoints are waited for. */
export interface Room {
  /** An endpoint is free, or there is none left to wait for. */
  readonly hasRoom: boolean
}

/** Requests of one service that wait, first come first served, while all its endpoints are as busy as they may be. */
export class WaitQueue implements Timed {
  deadline = NEVER
  limits: WaitLimits = NONE
  readonly #deadlines: Deadlines
  readonly #room: Room
  readonly #changed: (change: number) => void
  /** In the order in which they came, so that the first is also the first to time out. Most services need none. */
  #waiting: Set<Waiting> | undefined = undefined
  #waking = false

  /** `changed`: so many more wait, or fewer. */
  constructor(deadlines: Deadlines, room: Room, changed: (change: number) => void = NOBODY) {
    this.#changed = changed
    this.#deadlines = deadlines
    this.#room = room
  }

  get size(): number {
    return this.#waiting === undefined ? 0 : this.#waiting.size
  }

  /** False when the queue is full. */
  join(waiting: Waiting): boolean {
    if (this.size >= this.limits.maxQueue) return false
    waiting.waitUntil = this.#deadlines.in(this.limits.queueTimeout)
    this.#waiting ??= new Set()
    this.#waiting.add(waiting)
    this.#changed(1)
    if (this.#waiting.size === 1) {
      this.deadline = waiting.waitUntil
      this.#deadlines.add(this)
    }
    return true
  }

  leave(waiting: Waiting): void {
    if (this.#waiting?.delete(waiting)) {
      this.#changed(-1)
      this.#settle()
    }
  }

  /**
   * To be called when an endpoint may have become free; costs nothing while nobody waits. Who waits is called in a
   * moment, since the exchange that has just ended is still being put away.
   */
  wake(): void {
    if (this.#waking || this.size === 0) return
    this.#waking = true
    queueMicrotask(() => this.#serve())
  }

  expired(): void {
    for (const waiting of this.#waiting ?? []) {
      if (waiting.waitUntil > this.#deadlines.now) break
      this.#waiting?.delete(waiting)
      this.#changed(-1)
      waiting.waitedTooLong()
    }
    this.#settle()
  }

  #serve(): void {
    this.#waking = false
    for (const waiting of this.#waiting ?? []) {
      if (!this.#room.hasRoom) break
      this.#waiting?.delete(waiting)
      this.#changed(-1)
      waiting.attempt(true)
    }
    this.#settle()
  }

  #settle(): void {
    for (const { waitUntil } of this.#waiting ?? []) {
      this.deadline = waitUntil
      return
    }
    this.deadline = NEVER
    this.#deadlines.remove(this)
  }
}
