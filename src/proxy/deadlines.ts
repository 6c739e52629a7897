/** Something with at most one time-out at a time. */
export interface Timed {
  /** On the clock of `Deadlines.now`, in milliseconds; `NEVER` when nothing is awaited. */
  deadline: number
  /** The deadline has passed. It is `NEVER` again by then. */
  expired(): void
}

export const NEVER = Number.POSITIVE_INFINITY

const TICK_MS = 100

/**
 * All time-outs of one data plane. Connections register once and afterwards only write their `deadline`, so that
 * arming and disarming, which happens several times per request, is a field write. The price is a walk over all
 * connections every tick (10,000 of them: about 0.1 ms) and up to one tick of delay.
 */
export class Deadlines {
  /** Milliseconds of a clock that never jumps, at most one tick old. */
  now = performance.now()
  /** Told at every tick by how many milliseconds it came late: how busy this thread is. */
  onTick: ((late: number) => void) | undefined = undefined
  readonly #timed = new Set<Timed>()
  readonly #timer: NodeJS.Timeout

  constructor() {
    this.#timer = setInterval(() => this.#sweep(), TICK_MS)
    this.#timer.unref()
  }

  add(timed: Timed): void {
    this.#timed.add(timed)
  }

  remove(timed: Timed): void {
    this.#timed.delete(timed)
  }

  /** The deadline that lies `milliseconds` ahead; 0 means that there is none. */
  in(milliseconds: number): number {
    return milliseconds === 0 ? NEVER : this.now + milliseconds
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timed.clear()
  }

  #sweep(): void {
    const before = this.now
    this.now = performance.now()
    this.onTick?.(this.now - before - TICK_MS)
    for (const timed of this.#timed) {
      if (timed.deadline > this.now) continue
      timed.deadline = NEVER
      timed.expired()
    }
  }
}
