/**
 * Milliseconds of a clock that is the same in all threads of this process and never jumps: a worker's
 * `performance.now()` alone counts from its own start.
 */
export function processNow(): number {
  return performance.timeOrigin + performance.now()
}
