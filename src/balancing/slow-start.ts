import type { EndpointPlan } from '../server/plan.ts'

/** Share of its weight that an endpoint begins with. */
const FIRST_SHARE = 0.1

/** The weight of an endpoint: while it warms, it grows from a tenth to the whole within `slowStart` milliseconds. */
export function rampedWeight(
  { state, weight, warmingSince }: Pick<EndpointPlan, 'state' | 'weight' | 'warmingSince'>,
  slowStart: number,
  now: number,
): number {
  if (state !== 'warming' || warmingSince === undefined || slowStart <= 0) return weight
  const passed = Math.min(1, Math.max(0, (now - warmingSince) / slowStart))
  return weight * (FIRST_SHARE + (1 - FIRST_SHARE) * passed)
}

/** Milliseconds between two looks at the weights: fifty steps, but no more than ten and no less than one a second. */
export function rampStep(slowStart: number): number {
  return Math.min(1_000, Math.max(100, slowStart / 50))
}
