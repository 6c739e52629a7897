/** Full runs are asked for by `npm run scenarios`; `npm test` runs the same shape with less of it. */
export const FULL = process.env['SCENARIOS'] === 'full'

/** The first value in full runs, the second in short ones. */
export function scaled(full: number, short: number): number {
  return FULL ? full : short
}
