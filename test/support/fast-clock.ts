import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../../src/discovery/clock.ts'

/** A clock that runs so many times faster than real time: ten minutes of faults pass in seconds. */
export function fastClock(factor: number): Clock {
  const started = Date.now()
  const begun = performance.now()
  const elapsed = (): number => (performance.now() - begun) * factor
  return {
    now: () => started + elapsed(),
    monotonic: elapsed,
    random: Math.random,
    sleep: async (milliseconds, signal) => {
      await delay(milliseconds / factor, undefined, { signal }).catch((error: unknown) => {
        throw signal.aborted ? signal.reason : error
      })
    },
  }
}
