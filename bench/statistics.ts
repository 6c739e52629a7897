/** A median with the quartiles around it: half of all rounds lie between `low` and `high`. */
export interface Spread {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** @throws RangeError when there are no values */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('no values')
  const sorted = values.toSorted((a, b) => a - b)
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) }
}

/**
 * Ratio of two series, round by round: what slows the machine for a while slows both sides of a round, and cancels
 * out. A round that one side lacks is left out; undefined when none is left.
 */
export function ratioOf(values: readonly number[], against: readonly number[]): Spread | undefined {
  const ratios: number[] = []
  for (const [round, value] of values.entries()) {
    const other = against[round]
    if (other !== undefined && Number.isFinite(value / other)) ratios.push(value / other)
  }
  return ratios.length === 0 ? undefined : spreadOf(ratios)
}

/** Linear between the two nearest ranks. */
function quantile(sorted: readonly number[], share: number): number {
  const rank = share * (sorted.length - 1)
  const below = sorted[Math.floor(rank)]!
  const above = sorted[Math.ceil(rank)]!
  return below + (above - below) * (rank - Math.floor(rank))
}
