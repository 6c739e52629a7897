import { setTimeout as delay } from 'node:timers/promises'

/** Time and chance, injected so that tests can make them stand still or jump. */
export interface Clock {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Milliseconds since some moment; it never jumps, whatever is done to the machine's clock. */
  readonly monotonic: () => number
  /** Waits; rejects with the signal's reason when that fires. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
  /** Numbers in [0, 1). */
  readonly random: () => number
}

/** The machine's own. */
export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  sleep: async (milliseconds, signal) => {
    await delay(milliseconds, undefined, { signal }).catch((error: unknown) => {
      throw signal.aborted ? signal.reason : error
    })
  },
  random: Math.random,
}
