import type { OutcomeReport } from '../outcomes.ts'
import { afterOutcomes, awaitingProbe, ejected, failsTooOften, returned } from './ejection.ts'
import type { Life, WantedEndpoint } from './life.ts'
import { newLife, reasonToDrain } from './life.ts'
import type { Pool } from './pool.ts'
import { mayEject, saysTheSame } from './pool.ts'
import { afterProbe, TRUSTED, unprobed } from './probe-record.ts'

/**
 * What happens to an endpoint, written down in its life. What follows from that for its state is worked out later, for
 * all endpoints of its service at once.
 */

/** When something happens, by both clocks. */
export interface Moment {
  /** Milliseconds of a clock that never jumps. */
  readonly now: number
  /** Wall clock, for people. */
  readonly date: Date
}

/** Discovery names an endpoint for the first time; `given` is the weight that an operator has given it. */
export function join(
  pool: Pool,
  key: string,
  wanted: WantedEndpoint,
  given: number | undefined,
  { now, date }: Moment,
): Life {
  const life = newLife(pool.service, key, wanted, pool.settings, date)
  if (given !== undefined) weigh(life, given)
  if (life.probes.up) comeUp(pool, life, life.news, now)
  pool.lives.set(key, life)
  return life
}

/** Discovery names it again; true when it says something else than before. */
export function rename(
  life: Life,
  { terminating, instance, ...named }: WantedEndpoint,
  given: number | undefined,
): boolean {
  life.foundWeight = named.weight
  const endpoint = given === undefined ? named : { ...named, weight: given }
  life.instance = instance
  life.terminating = terminating
  life.absent = false
  if (saysTheSame(life.plan, endpoint)) return false
  const { state, warmingSince } = life.plan
  life.plan = { ...endpoint, state, ...(warmingSince === undefined ? {} : { warmingSince }) }
  return true
}

/**
 * Begins or ends its drain, as discovery and the operator have it now; `version` is that of the plan to come. True when
 * something may have to be shown or forgotten.
 */
export function drainOrNot(
  pool: Pool,
  life: Life,
  version: number,
  draining: boolean,
  { now, date }: Moment,
): boolean {
  const { drain } = life
  if (reasonToDrain(life) !== undefined) {
    const deadline = now + pool.settings.drainTimeout
    const over = draining ? undefined : 'not drained'
    life.drain ??= { since: date, deadline, version, reported: new Set(), over }
    return true
  }
  if (!drain) return false
  life.drain = undefined
  life.news = 'came back'
  // What was away for long enough is cold again, and may be another process; otherwise it is what it was before.
  if (drain.over) {
    life.probes = pool.settings.check ? unprobed(pool.settings.check) : TRUSTED
    if (life.probes.up) comeUp(pool, life, life.news, now)
  }
  return true
}

/** An operator gives it a weight, or (undefined) takes that back; true when it is another than before. */
export function weigh(life: Life, given: number | undefined): boolean {
  const weight = given ?? life.foundWeight
  if (weight === life.plan.weight) return false
  life.plan = { ...life.plan, weight }
  return true
}

/** A probe has ended. */
export function probed(pool: Pool, life: Life, passed: boolean, found: string, now: number): void {
  const { check } = pool.settings
  if (!check) return
  const { up } = life.probes
  life.probes = afterProbe(life.probes, passed, found, check)
  if (!up && life.probes.up) comeUp(pool, life, found, now)
  if (passed && life.failures.ejection?.awaitsProbe) comeBack(pool, life, `ejection over, ${found}`, now)
}

/** It is no longer probed: nobody could say when an endpoint that is down is up again. */
export function trust(pool: Pool, life: Life, now: number): void {
  const { up } = life.probes
  life.probes = TRUSTED
  life.failures = awaitingProbe(life.failures, false)
  if (!up) comeUp(pool, life, 'no longer probed', now)
}

/** What workers had to tell of attempts at it. True when it is out now. */
export function count(pool: Pool, life: Life, report: OutcomeReport, now: number): boolean {
  const policy = pool.settings.ejection
  life.failures = afterOutcomes(life.failures, report, policy, now)
  if (!failsTooOften(life.failures, policy) || !mayEject(pool, life)) return false
  life.failures = ejected(life.failures, policy, now)
  return true
}

/** Its ejection is over. */
export function comeBack(pool: Pool, life: Life, news: string, now: number): void {
  life.failures = returned(life.failures, now)
  comeUp(pool, life, news, now)
}

function comeUp({ settings }: Pool, life: Life, news: string, now: number): void {
  life.warmingSince = settings.slowStart > 0 ? now : undefined
  life.news = news
}
