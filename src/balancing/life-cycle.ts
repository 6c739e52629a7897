import type { EndpointPlan } from '../server/plan.ts'
import type { ProbeTarget } from './health/check.ts'
import { howItEnded } from './life/drain.ts'
import { countOutcomes, eject, endEjection, failsTooOften } from './life/ejection.ts'
import type { Life, LifeSettings, LifeState, WantedEndpoint } from './life/life.ts'
import { newLife, reasonToDrain, situationOf } from './life/life.ts'
import { OperatorDrains } from './life/operator-drains.ts'
import type { Pool } from './life/pool.ts'
import { mayEject, planOf, sameFields, surplusEjected } from './life/pool.ts'
import { countProbe, trusted, unprobed } from './life/probe-record.ts'
import type { EndpointStatus } from './life/status.ts'
import { statusOf } from './life/status.ts'
import type { OutcomeReport } from './outcomes.ts'

export type { LifeSettings, WantedEndpoint } from './life/life.ts'
export type { EndpointStatus } from './life/status.ts'

/** A service as discovery names it now. */
export interface WantedService {
  /** The same object while they are the same. */
  readonly settings: LifeSettings
  readonly endpoints: ReadonlyMap<string, WantedEndpoint>
}

/** What became of an endpoint, for the log and the events. */
export interface Transition {
  readonly service: string
  readonly key: string
  readonly url: string
  readonly to: LifeState
  /** Why, in words: `discovered`, `left the snapshot`, `terminating`, `came back`, `drained`, `drain timeout` … */
  readonly reason: string
}

export interface LifeCycleOptions {
  /** False lets endpoints go at once: the contrast of the scenarios. */
  readonly draining: boolean
  /** Milliseconds of the clock that workers have, too: `processNow`. */
  readonly now: () => number
  /** Wall clock, for people; default: the system's. */
  readonly date?: () => Date
  /** Threads that must have reported before an endpoint is gone. */
  readonly workers: () => readonly number[]
  /** The workers are to tell the next success of this endpoint. */
  readonly watch?: (service: string, key: string) => void
  /** The endpoint is to be probed now. */
  readonly probe?: (service: string, key: string) => void
  /** Attempts at an endpoint are not answered, time and again; or one is answered again. */
  readonly unanswered?: (service: string, key: string, failing: boolean) => void
}

const NO_SUCH: readonly Transition[] = []

/**
 * The lives of all endpoints (DESIGN §6), kept over every change of configuration by service and key. What happens to
 * an endpoint is written down; its state follows from that by a pure function (`situationOf`). Endpoints that discovery
 * no longer names do not vanish: they drain until every worker has nothing in flight to them, or the time is up.
 */
export class LifeCycle {
  readonly #options: LifeCycleOptions
  readonly #pools = new Map<string, Pool>()
  readonly #operators = new OperatorDrains()
  /** Pools in which something has happened since their states were worked out. */
  readonly #dirty = new Set<Pool>()
  /** Endpoints whose state changes with time alone. */
  readonly #timed = new Set<Life>()
  /** Plans by service, made anew only when something changed: plans are compared by identity. */
  #live: ReadonlyMap<string, ReadonlyMap<string, EndpointPlan>> = new Map()

  constructor(options: LifeCycleOptions) {
    this.#options = options
  }

  /** By service and key: what the data plane shall hold now. */
  get live(): ReadonlyMap<string, ReadonlyMap<string, EndpointPlan>> {
    return this.#live
  }

  /** Every endpoint that is known, for people and their tools. */
  get endpoints(): EndpointStatus[] {
    const now = this.#options.now()
    return [...this.#pools.values()].flatMap(({ lives }) =>
      [...lives.values()].map((life) => statusOf(life, now)),
    )
  }

  /** Endpoints of one service. */
  endpointsOf(service: string): EndpointStatus[] {
    const now = this.#options.now()
    return [...(this.#pools.get(service)?.lives.values() ?? [])].map((life) => statusOf(life, now))
  }

  /** Endpoints of a service that are to be probed: what drains may be stopped at any moment. */
  probeable(service: string): { key: string; target: ProbeTarget; up: boolean }[] {
    return [...(this.#pools.get(service)?.lives.values() ?? [])].flatMap(({ key, endpoint, probes, drain }) =>
      drain ? [] : [{ key, target: targets.getOrInsertComputed(endpoint, targetOf), up: probes.up }],
    )
  }

  /**
   * Takes over what discovery names now, in the plan of this version; gives what changed by that. A service that is
   * not in `wanted` has all its endpoints drained.
   */
  update(wanted: ReadonlyMap<string, WantedService>, version: number): readonly Transition[] {
    for (const [service, { endpoints, settings }] of wanted) {
      const pool = this.#poolOf(service, settings)
      for (const [key, endpoint] of endpoints) this.#want(pool, key, endpoint)
    }
    for (const [service, pool] of this.#pools) {
      const named = wanted.get(service)?.endpoints
      for (const life of pool.lives.values()) {
        if (!named?.has(life.key)) life.absent = true
        this.#drainOrNot(pool, life, version)
      }
    }
    return this.#settle()
  }

  /** A worker has nothing in flight to a draining endpoint any more; gives the transition when it was the last one. */
  drained(worker: number, service: string, key: string, version: number): readonly Transition[] {
    const drain = this.#find(service, key)?.drain
    // A report of an earlier drain says nothing about this one.
    if (!drain || version < drain.version) return NO_SUCH
    drain.reported.add(worker)
    return this.sweep()
  }

  /** What workers have to say of attempts at endpoints. */
  outcomes(reports: readonly OutcomeReport[]): readonly Transition[] {
    for (const report of reports) {
      const life = this.#find(report.service, report.endpoint)
      // A process that stops may well refuse; that is no news.
      if (life && !life.drain) this.#count(this.#pools.get(report.service)!, life, report)
    }
    return this.#settle()
  }

  /** An active probe of the endpoint has ended; `found` says how, in words. */
  probed(service: string, key: string, passed: boolean, found: string): readonly Transition[] {
    const pool = this.#pools.get(service)
    const life = pool?.lives.get(key)
    if (!pool?.settings.check || !life) return NO_SUCH
    const { up } = life.probes
    countProbe(life.probes, passed, found, pool.settings.check)
    if (!up && life.probes.up) this.#comeUp(life, found)
    if (passed && life.failures.ejection?.awaitsProbe) this.#return(life, `ejection over, ${found}`)
    this.#dirty.add(pool)
    return this.#settle()
  }

  /** Drains an endpoint until `undrain`, whatever discovery says meanwhile; false when there is none of this name. */
  drain(service: string, key: string, reason: string, version: number): readonly Transition[] | undefined {
    const life = this.#find(service, key)
    if (!life) return undefined
    this.#operators.add(service, key, { since: this.#date(), reason })
    return this.#operatorChanged(life, version)
  }

  /** Takes `drain` back; undefined when the endpoint was not drained so. */
  undrain(service: string, key: string, version: number): readonly Transition[] | undefined {
    if (!this.#operators.delete(service, key)) return undefined
    const life = this.#find(service, key)
    return life ? this.#operatorChanged(life, version) : NO_SUCH
  }

  /** Works in what time alone has changed: drains, ejections and warming that are over. */
  sweep(): readonly Transition[] {
    const now = this.#options.now()
    const workers = this.#options.workers()
    for (const life of this.#timed) {
      const { drain, failures, service } = life
      if (drain && !drain.over) drain.over = howItEnded(drain, workers, now)
      if (failures.ejection && now >= failures.ejection.until) this.#ejectionOver(life)
      this.#dirty.add(this.#pools.get(service)!)
    }
    return this.#settle()
  }

  /** Milliseconds until time alone changes something; undefined when it does not. */
  get nextDeadline(): number | undefined {
    let next = Number.POSITIVE_INFINITY
    for (const life of this.#timed) next = Math.min(next, this.#deadlineOf(life))
    return next === Number.POSITIVE_INFINITY ? undefined : Math.max(0, next - this.#options.now())
  }

  // ---- what happens to an endpoint --------------------------------------------------------------------------

  #want(pool: Pool, key: string, wanted: WantedEndpoint): void {
    const life = pool.lives.get(key)
    if (!life) {
      const joined = newLife(pool.service, key, wanted, pool.settings, this.#date())
      joined.operator = this.#operators.get(pool.service, key)
      if (joined.probes.up) this.#comeUp(joined, joined.news)
      pool.lives.set(key, joined)
      this.#dirty.add(pool)
      return
    }
    const { terminating, instance, ...endpoint } = wanted
    Object.assign(life, { instance, terminating, absent: false })
    if (sameFields(life.endpoint, endpoint)) return
    life.endpoint = endpoint
    this.#dirty.add(pool)
  }

  /** Begins or ends the drain of an endpoint, as discovery and the operator have it now. */
  #drainOrNot(pool: Pool, life: Life, version: number): void {
    const wanted = reasonToDrain(life) !== undefined
    if (wanted) {
      life.drain ??= {
        since: this.#date(),
        deadline: this.#options.now() + pool.settings.drainTimeout,
        version,
        reported: new Set(),
        over: this.#options.draining ? undefined : 'not drained',
      }
    } else if (life.drain) this.#endDrain(pool, life)
    // Whatever the reason is now, it is shown, and what has drained may be forgotten.
    if (wanted || life.situation.state === 'draining' || life.situation.state === 'gone')
      this.#dirty.add(pool)
  }

  /** It is what it was before; but what was away for long enough is cold again, and may be another process. */
  #endDrain(pool: Pool, life: Life): void {
    const { over } = life.drain!
    life.drain = undefined
    life.news = 'came back'
    if (!over) return
    if (pool.settings.check) life.probes = unprobed(pool.settings.check)
    if (life.probes.up) this.#comeUp(life, life.news)
  }

  #operatorChanged(life: Life, version: number): readonly Transition[] {
    const pool = this.#pools.get(life.service)!
    life.operator = this.#operators.get(life.service, life.key)
    this.#drainOrNot(pool, life, version)
    this.#dirty.add(pool)
    return this.#settle()
  }

  #count(pool: Pool, life: Life, report: OutcomeReport): void {
    const { failures, service, key } = life
    const now = this.#options.now()
    const limit = pool.settings.ejection.failures
    const before = { quiet: failures.failedAt.length === 0, unanswered: failures.unanswered >= limit }
    countOutcomes(failures, report, pool.settings.ejection, now)
    const unanswered = failures.unanswered >= limit
    if (unanswered !== before.unanswered) this.#options.unanswered?.(service, key, unanswered)
    if (before.quiet && failures.failedAt.length > 0) this.#options.watch?.(service, key)
    if (!failsTooOften(failures, pool.settings.ejection) || !mayEject(pool, life)) return
    eject(failures, pool.settings.ejection, now)
    this.#dirty.add(pool)
  }

  #ejectionOver(life: Life): void {
    const { ejection } = life.failures
    if (!this.#pools.get(life.service)!.settings.check) this.#return(life, 'ejection over')
    else if (!ejection!.awaitsProbe) {
      life.failures.ejection = { ...ejection!, awaitsProbe: true }
      this.#options.probe?.(life.service, life.key)
    }
  }

  #return(life: Life, news: string): void {
    endEjection(life.failures, this.#options.now())
    this.#comeUp(life, news)
    this.#options.watch?.(life.service, life.key)
  }

  #comeUp(life: Life, news: string): void {
    life.warmingSince = this.#options.now()
    life.news = news
  }

  // ---- states -----------------------------------------------------------------------------------------------

  /** Works out the states of all endpoints to which something has happened, and the plans that follow. */
  #settle(): readonly Transition[] {
    if (this.#dirty.size === 0) return NO_SUCH
    const transitions: Transition[] = []
    const changed: Pool[] = []
    for (const pool of this.#dirty) {
      for (const life of surplusEjected(pool)) this.#return(life, 'ejection over, too many others were out')
      if (this.#settlePool(pool, transitions)) changed.push(pool)
    }
    this.#dirty.clear()
    if (changed.length > 0) this.#live = withPlansOf(changed, this.#live)
    return transitions
  }

  /** True when the data plane has to hold something else. */
  #settlePool(pool: Pool, transitions: Transition[]): boolean {
    let changed = false
    for (const life of pool.lives.values()) {
      const situation = situationOf(life, pool.settings, this.#options.now())
      if (situation.state !== life.situation.state) {
        life.since = this.#date()
        transitions.push({ ...nameOf(life), to: situation.state, reason: situation.reason })
      }
      life.situation = situation
      const plan = planOf(life, situation)
      changed ||= plan !== life.plan
      life.plan = plan
      if (situation.state === 'gone' && life.absent) pool.lives.delete(life.key)
      const waits = this.#deadlineOf(life) < Number.POSITIVE_INFINITY && pool.lives.has(life.key)
      if (waits) this.#timed.add(life)
      else this.#timed.delete(life)
    }
    if (pool.lives.size === 0) this.#pools.delete(pool.service)
    return changed
  }

  /** When time alone changes something about it. */
  #deadlineOf({ service, drain, failures, situation, warmingSince }: Life): number {
    const never = Number.POSITIVE_INFINITY
    const drained = drain && !drain.over ? drain.deadline : never
    const returns = failures.ejection && !failures.ejection.awaitsProbe ? failures.ejection.until : never
    const { slowStart = 0 } = this.#pools.get(service)?.settings ?? {}
    const warm = situation.state === 'warming' ? warmingSince! + slowStart : never
    return Math.min(drained, returns, warm)
  }

  #poolOf(service: string, settings: LifeSettings): Pool {
    const pool = this.#pools.getOrInsertComputed(service, () => ({ service, settings, lives: new Map() }))
    const before = pool.settings
    if (before === settings) return pool
    pool.settings = settings
    this.#dirty.add(pool)
    for (const life of pool.lives.values()) {
      if (life.drain) life.drain.deadline += settings.drainTimeout - before.drainTimeout
      if (before.check && !settings.check) this.#trust(life)
    }
    return pool
  }

  /** It is no longer probed: nobody could say when an endpoint that is down is up again. */
  #trust(life: Life): void {
    const { up } = life.probes
    life.probes = trusted()
    if (life.failures.ejection) life.failures.ejection = { ...life.failures.ejection, awaitsProbe: false }
    if (!up) this.#comeUp(life, 'no longer probed')
  }

  #find(service: string, key: string): Life | undefined {
    return this.#pools.get(service)?.lives.get(key)
  }

  #date(): Date {
    return this.#options.date?.() ?? new Date()
  }
}

/** Only what has changed is made anew. */
function withPlansOf(
  pools: readonly Pool[],
  before: ReadonlyMap<string, ReadonlyMap<string, EndpointPlan>>,
): ReadonlyMap<string, ReadonlyMap<string, EndpointPlan>> {
  const live = new Map(before)
  for (const { service, lives } of pools) {
    const plans = [...lives.values()].flatMap(({ key, plan }) => (plan ? [[key, plan] as const] : []))
    if (plans.length > 0) live.set(service, new Map(plans))
    else live.delete(service)
  }
  return live
}

/** The same object for the same endpoint: what has not changed is compared in passing. */
const targets = new WeakMap<Life['endpoint'], ProbeTarget>()

function targetOf({ address, port, tls, authority }: Life['endpoint']): ProbeTarget {
  return { address, port, tls, authority }
}

function nameOf({ service, key, endpoint }: Life): { service: string; key: string; url: string } {
  return { service, key, url: endpoint.url }
}
