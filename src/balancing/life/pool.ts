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
  const usable = all.filter(({ drain, endpoint }) => drain === undefined && endpoint.weight > 0)
  return Math.floor((usable.length * ejection.maxPercent) / 100)
}

function countEjected(all: readonly Life[]): number {
  return all.filter(isEjected).length
}

function isEjected({ drain, failures, endpoint }: Life): boolean {
  return drain === undefined && failures.ejection !== undefined && endpoint.weight > 0
}

/** What the data plane shall hold; the same object as before while nothing has changed, since plans are compared by identity. */
export function planOf(
  { endpoint, plan, warmingSince }: Life,
  { state }: Situation,
): EndpointPlan | undefined {
  if (state === 'gone') return undefined
  const next: EndpointPlan = {
    ...endpoint,
    state,
    ...(state === 'warming' && warmingSince !== undefined ? { warmingSince } : {}),
  }
  return plan && sameFields(plan, next) ? plan : next
}

/** Whether plain data of one level says the same; what is deeper (the canary group) is compared as well, which is rare. */
export function sameFields<T extends object>(a: T, b: T): boolean {
  const keys = Object.keys(b) as (keyof T)[]
  return keys.length === Object.keys(a).length && keys.every((key) => sameValue(a[key], b[key]))
}

function sameValue(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && isDeepStrictEqual(a, b))
}
