import { isDeepStrictEqual } from 'node:util'
import type { EndpointPlan } from '../../server/plan.ts'
import type { Life, LifeSettings, Situation } from './life.ts'
import { isServing } from './life.ts'

/** The endpoints of one service. */
export interface Pool {
  readonly service: string
  settings: LifeSettings
  readonly lives: Map<string, Life>
}

/** Whether the endpoint may be taken out: enough others must stay, and the last one that serves always does. */
export function mayEject({ lives, settings }: Pool, life: Life): boolean {
  const all = [...lives.values()]
  return (
    countEjected(all) < mostEjected(all, settings) && all.some((other) => other !== life && isServing(other))
  )
}

/** Those that come back early since endpoints have left, and too many of the others would be out; the next to return first. */
export function surplusEjected({ lives, settings }: Pool): Life[] {
  const all = [...lives.values()]
  const surplus = countEjected(all) - mostEjected(all, settings)
  if (surplus <= 0) return []
  const until = ({ failures }: Life): number => failures.ejection!.until
  return all
    .filter(isEjected)
    .toSorted((a, b) => until(a) - until(b))
    .slice(0, surplus)
}

function mostEjected(all: readonly Life[], { ejection }: LifeSettings): number {
  const usable = all.filter(({ drain, plan }) => drain === undefined && plan.weight > 0)
  return Math.floor((usable.length * ejection.maxPercent) / 100)
}

function countEjected(all: readonly Life[]): number {
  return all.filter(isEjected).length
}

function isEjected({ drain, failures, plan }: Life): boolean {
  return drain === undefined && failures.ejection !== undefined && plan.weight > 0
}

/** The plan of an endpoint in this state; the same object while nothing has changed, since plans are compared by identity. */
export function planIn({ plan, warmingSince }: Life, { state }: Situation): EndpointPlan {
  // What is gone is not shown to anybody.
  if (state === 'gone') return plan
  const { warmingSince: before, ...rest } = plan
  const since = state === 'warming' ? warmingSince : undefined
  if (plan.state === state && before === since) return plan
  return { ...rest, state, ...(since === undefined ? {} : { warmingSince: since }) }
}

/** Whether discovery says the same of an endpoint as its plan. */
export function saysTheSame(
  plan: EndpointPlan,
  wanted: Omit<EndpointPlan, 'state' | 'warmingSince'>,
): boolean {
  const { state: _, warmingSince: __, ...before } = plan
  const keys = Object.keys(wanted) as (keyof typeof wanted)[]
  return (
    keys.length === Object.keys(before).length && keys.every((key) => sameValue(before[key], wanted[key]))
  )
}

/** What is deeper than one level, the canary group, is rare. */
function sameValue(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && isDeepStrictEqual(a, b))
}
