import type { Clock } from '../../src/discovery/clock.ts'

interface Sleeper {
  /** By the monotonic clock. */
  readonly until: number
  readonly wake: () => void
}

/** Time that passes only when a test says so. */
export class FakeClock implements Clock {
  #now = 1_000_000
  #elapsed = 0
  #sleepers: Sleeper[] = []
  /** How long each sleep was asked for, in order. */
  readonly asked: number[] = []

  readonly now = (): number => this.#now
  readonly monotonic = (): number => this.#elapsed
  readonly random = (): number => 0.5

  readonly sleep = (milliseconds: number, signal: AbortSignal): Promise<void> => {
    this.asked.push(milliseconds)
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const sleeper = { until: this.#elapsed + milliseconds, wake: resolve }
      this.#sleepers.push(sleeper)
      signal.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((one) => one !== sleeper)
        reject(signal.reason)
      })
    })
  }

  /** Lets time pass, waking whoever is due in the order in which they are due. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#elapsed + milliseconds
    for (;;) {
      const [next] = this.#sleepers.filter(({ until }) => until <= end).toSorted((a, b) => a.until - b.until)
      if (!next) break
      this.#sleepers = this.#sleepers.filter((one) => one !== next)
      this.#passTo(Math.max(this.#elapsed, next.until))
      next.wake()
      await turns()
    }
    this.#passTo(end)
    await turns()
  }

  /** Sets the wall clock, as an operator does or the time service; no time passes. */
  jump(milliseconds: number): void {
    this.#now += milliseconds
  }

  #passTo(elapsed: number): void {
    this.#now += elapsed - this.#elapsed
    this.#elapsed = elapsed
  }
}

/** Lets everything run that waits for no time. */
export async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}
