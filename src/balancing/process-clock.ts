/** Milliseconds of a clock that is the same in all threads of the process, and never jumps. */
export function processNow(): number {
  return performance.timeOrigin + performance.now()
}
