import { setImmediate as nextTurn } from 'node:timers/promises'

/** Milliseconds of a turn of the event loop in which hardly anything was to be done. */
const QUIET_MS = 0.1
/** Turns that are waited for one at the most: some milliseconds under full load. */
const MOST_TURNS = 200

/**
 * Resolves right behind a turn of the event loop that was short. The kernel resets connections that wait in the queue
 * of a listening socket when that closes; each turn empties the queue, so what is closed behind a short turn loses
 * only those that came within that time.
 */
export async function quietTurn(): Promise<void> {
  await nextTurn()
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const start = performance.now()
    await nextTurn()
    if (performance.now() - start < QUIET_MS) return
  }
}
