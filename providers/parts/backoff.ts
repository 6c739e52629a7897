const FIRST = 100
const LONGEST = 3_000

/** Milliseconds to wait after so many failures in a row, 100 at first and 3000 at most; by chance half of that. */
export function backoff(failures: number, random: () => number): number {
  const longest = Math.min(LONGEST, FIRST * 2 ** Math.min(Math.max(0, failures - 1), 20))
  return longest * (0.5 + random() / 2)
}
