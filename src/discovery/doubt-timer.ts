import type { Clock } from './clock.ts'
import type { PresenceGuard } from './presence-guard.ts'

export interface DoubtTimerOptions {
  readonly guard: PresenceGuard
  readonly clock: Clock
  readonly signal: AbortSignal
  /** The guard has been told to look at the time: what it serves may be less now. */
  readonly onExpiry: () => void
  /** Asks the source for a reading of everything, at once. */
  readonly askForReading: () => void
}

/** Longest wait that a timer of Node takes. */
const LONGEST_WAIT = 2 ** 31 - 1
/** Milliseconds until a second reading is asked for again, doubled with each time. */
const FIRST_WAIT = 1_000
const LONGEST_BETWEEN_READINGS = 30_000

/** Looks after what a guard has in doubt: asks for the reading that settles it, and ends it when its time is over. */
export class DoubtTimer {
  readonly #options: DoubtTimerOptions
  #watching = false
  #asking: AbortController | undefined

  constructor(options: DoubtTimerOptions) {
    this.#options = options
  }

  /** The guard may have something else in doubt now. */
  changed(): void {
    if (!this.#watching) void this.#watch()
    if (!this.#options.guard.wantsReading) this.#asking?.abort()
    else if (!this.#asking || this.#asking.signal.aborted) void this.#ask()
  }

  async #watch(): Promise<void> {
    const { guard, clock, signal, onExpiry } = this.#options
    this.#watching = true
    for (let wait = guard.nextExpiry; wait !== undefined; wait = guard.nextExpiry) {
      if (!(await slept(clock, Math.min(LONGEST_WAIT, Math.max(1, wait)), signal))) break
      guard.review()
      onExpiry()
    }
    this.#watching = false
  }

  /** Ends when nothing waits for a reading any more, so that the next doubt has one asked for at once. */
  async #ask(): Promise<void> {
    const { guard, clock, signal, askForReading } = this.#options
    const asking = new AbortController()
    this.#asking = asking
    const over = AbortSignal.any([signal, asking.signal])
    for (let wait = FIRST_WAIT; guard.wantsReading; wait = Math.min(LONGEST_BETWEEN_READINGS, wait * 2)) {
      askForReading()
      if (!(await slept(clock, wait, over))) return
    }
    asking.abort()
  }
}

function slept(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return clock.sleep(milliseconds, signal).then(
    () => true,
    () => false,
  )
}
