import type { EndpointPlan } from '../server/plan.ts'
import type { ProbeTarget } from './health/check.ts'
import { howItEnded } from './life/drain.ts'
import { awaitingProbe } from './life/ejection.ts'
import * as events from './life/events.ts'
import type { Life, LifeSettings, LifeState, WantedEndpoint } from './life/life.ts'
import { reasonToDrain, situationOf } from './life/life.ts'
import { OperatorDrains } from './life/operator-drains.ts'
import { OperatorWeights } from './life/operator-weights.ts'
import type { Pool } from './life/pool.ts'
import { planIn, surplusEjected } from './life/pool.ts'
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
  /** Milliseconds of the wall clock, for people; default: the system's. */
  readonly date?: () => number
  /** Threads that must have reported before an endpoint is gone. */
  readonly workers: () => readonly number[]
  /** The workers are to tell the next success of this endpoint. */
  readonly watch?: (service: string, key: string) => void
  /** The endpoint is to be probed now. */
  readonly probe?: (service: string, key: string) => void
  /** Attempts at an endpoint are not answered, time and again; or one is answered again. */
  readonly unanswered?: (service: string, key: string, failing: boolean) => void
}

const NONE: readonly Transition[] = []

/**
 * The lives of all endpoints (DESIGN §6), kept over every change of configuration by service and key. What happens to
 * an endpoint is written down (`life/events.ts`); its state follows from that by a pure function (`situationOf`).
 * Endpoints that discovery no longer names do not vanish: they drain until every worker has nothing in flight to them,
 * or the time is up.
 */
export class LifeCycle {
  readonly #options: LifeCycleOptions
  readonly #pools = new Map<string, Pool>()
  readonly #operators = new OperatorDrains()
  readonly #weights = new OperatorWeights()
  /** Pools in which something has happened since their states were worked out. */
  readonly #dirty = new Set<Pool>()
  /** Endpoints whose state changes with time alone. */
  readonly #timed = new Set<Life>()
  /** Plans by service, made anew only when something changed: plans are compared by identity. */
  #live: ReadonlyMap<string, ReadonlyMap<string, EndpointPlan>> = new Map()
  /** One for all that happens within a millisecond: thousands of endpoints come at once. */
  #date = new Date(0)

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

  /** Endpoints of a service that are to be probed: what drains may be stopped at any moment. */
  probeable(service: string): { key: string; target: ProbeTarget; up: boolean }[] {
    return [...(this.#pools.get(service)?.lives.values() ?? [])].flatMap(({ key, plan, probes, drain }) =>
      drain ? [] : [{ key, target: targets.getOrInsertComputed(plan, targetOf), up: probes.up }],
    )
  }

  /** Milliseconds until time alone changes something; undefined when it does not. */
  get nextDeadline(): number | undefined {
    let next = NEVER
    for (const life of this.#timed) next = Math.min(next, this.#deadlineOf(life))
    return next === NEVER ? undefined : Math.max(0, next - this.#options.now())
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
    if (!drain || version < drain.version) return NONE
    drain.reported.add(worker)
    return this.sweep()
  }

  /** What workers have to say of attempts at endpoints. */
  outcomes(reports: readonly OutcomeReport[]): readonly Transition[] {
    for (const report of reports) {
      const life = this.#find(report.service, report.endpoint)
      // A process that stops may well refuse; that is no news.
      if (life && !life.drain) this.#count(life, report)
    }
    return this.#settle()
  }

  /** An active probe of the endpoint has ended; `found` says how, in words. */
  probed(service: string, key: string, passed: boolean, found: string): readonly Transition[] {
    const pool = this.#pools.get(service)
    const life = pool?.lives.get(key)
    if (!pool || !life) return NONE
    const { ejection } = life.failures
    events.probed(pool, life, passed, found, this.#options.now())
    if (ejection && !life.failures.ejection) this.#options.watch?.(service, key)
    this.#dirty.add(pool)
    return this.#settle()
  }

  /** Drains an endpoint until `undrain`, whatever discovery says meanwhile; undefined when there is none of this name. */
  drain(service: string, key: string, reason: string, version: number): readonly Transition[] | undefined {
    const life = this.#find(service, key)
    if (!life) return undefined
    this.#operators.add(service, key, { since: this.#moment().date, reason })
    return this.#operatorChanged(life, version)
  }

  /** Takes `drain` back; undefined when the endpoint was not drained so. */
  undrain(service: string, key: string, version: number): readonly Transition[] | undefined {
    if (!this.#operators.delete(service, key)) return undefined
    const life = this.#find(service, key)
    return life ? this.#operatorChanged(life, version) : NONE
  }

  /**
   * Gives an endpoint this weight until it is taken back (undefined), whatever discovery says meanwhile; gives undefined
   * when there is none of this name, or nothing to take back.
   */
  weigh(service: string, key: string, weight: number | undefined): readonly Transition[] | undefined {
    const life = this.#find(service, key)
    if (weight === undefined) {
      if (!this.#weights.delete(service, key)) return undefined
    } else {
      if (!life) return undefined
      this.#weights.set(service, key, weight)
    }
    if (life && events.weigh(life, weight)) this.#dirty.add(this.#pools.get(service)!)
    return this.#settle()
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

  // ---- what happens to an endpoint --------------------------------------------------------------------------

  #want(pool: Pool, key: string, wanted: WantedEndpoint): void {
    const life = pool.lives.get(key)
    const given = this.#weights.get(pool.service, key)
    if (life && !events.rename(life, wanted, given)) return
    this.#dirty.add(pool)
    if (life) return
    const joined = events.join(pool, key, wanted, given, this.#moment())
    joined.operator = this.#operators.get(pool.service, key)
  }

  #drainOrNot(pool: Pool, life: Life, version: number): void {
    if (!life.drain && reasonToDrain(life) === undefined) return
    if (events.drainOrNot(pool, life, version, this.#options.draining, this.#moment())) this.#dirty.add(pool)
  }

  #operatorChanged(life: Life, version: number): readonly Transition[] {
    const pool = this.#pools.get(life.service)!
    life.operator = this.#operators.get(life.service, life.key)
    this.#drainOrNot(pool, life, version)
    return this.#settle()
  }

  #count(life: Life, report: OutcomeReport): void {
    const pool = this.#pools.get(life.service)!
    const before = life.failures
    if (events.count(pool, life, report, this.#options.now())) this.#dirty.add(pool)
    const { service, key, failures } = life
    const limit = pool.settings.ejection.failures
    if (failures.unanswered >= limit !== before.unanswered >= limit)
      this.#options.unanswered?.(service, key, failures.unanswered >= limit)
    if (before.failedAt.length === 0 && report.failures > 0) this.#options.watch?.(service, key)
  }

  #ejectionOver(life: Life): void {
    const { service, key, failures } = life
    const pool = this.#pools.get(service)!
    if (!pool.settings.check) this.#comeBack(pool, life, 'ejection over')
    else if (!failures.ejection?.awaitsProbe) {
      life.failures = awaitingProbe(failures, true)
      this.#options.probe?.(service, key)
    }
  }

  #comeBack(pool: Pool, life: Life, news: string): void {
    events.comeBack(pool, life, news, this.#options.now())
    this.#options.watch?.(life.service, life.key)
  }

  // ---- states -----------------------------------------------------------------------------------------------

  /** Works out the states of all endpoints to which something has happened, and the plans that follow. */
  #settle(): readonly Transition[] {
    if (this.#dirty.size === 0) return NONE
    const transitions: Transition[] = []
    const changed: Pool[] = []
    for (const pool of this.#dirty) {
      for (const life of surplusEjected(pool))
        this.#comeBack(pool, life, 'ejection over, too many others were out')
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
      const before = life.held
      this.#settleLife(pool, life, transitions)
      changed ||= life.held !== before
      if (life.situation.state === 'gone' && life.absent) pool.lives.delete(life.key)
      if (pool.lives.has(life.key) && this.#deadlineOf(life) < NEVER) this.#timed.add(life)
      else this.#timed.delete(life)
    }
    if (pool.lives.size === 0) this.#pools.delete(pool.service)
    return changed
  }

  #settleLife({ settings }: Pool, life: Life, transitions: Transition[]): void {
    const situation = situationOf(life, settings, this.#options.now())
    const before = life.situation
    if (situation.state !== before.state) {
      const { service, key, plan } = life
      life.since = this.#moment().date
      transitions.push({ service, key, url: plan.url, to: situation.state, reason: situation.reason })
    }
    if (situation.state !== before.state || situation.reason !== before.reason) life.situation = situation
    life.plan = planIn(life, situation)
    life.held = situation.state === 'gone' ? undefined : life.plan
  }

  /** When time alone changes something about it. */
  #deadlineOf({ service, drain, failures, situation, warmingSince = 0 }: Life): number {
    const drained = drain && !drain.over ? drain.deadline : NEVER
    const returns = failures.ejection && !failures.ejection.awaitsProbe ? failures.ejection.until : NEVER
    const { slowStart = 0 } = this.#pools.get(service)?.settings ?? {}
    const warm = situation.state === 'warming' ? warmingSince + slowStart : NEVER
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
      if (before.check && !settings.check) events.trust(pool, life, this.#options.now())
    }
    return pool
  }

  #find(service: string, key: string): Life | undefined {
    return this.#pools.get(service)?.lives.get(key)
  }

  #moment(): events.Moment {
    const date = this.#options.date?.() ?? Date.now()
    if (date !== this.#date.getTime()) this.#date = new Date(date)
    return { now: this.#options.now(), date: this.#date }
  }
}

const NEVER = Number.POSITIVE_INFINITY

/** Only what has changed is made anew. */
function withPlansOf(
  pools: readonly Pool[],
  before: ReadonlyMap<string, ReadonlyMap<string, EndpointPlan>>,
): ReadonlyMap<string, ReadonlyMap<string, EndpointPlan>> {
  const live = new Map(before)
  for (const { service, lives } of pools) {
    const plans = [...lives.values()].flatMap(({ key, held }) => (held ? [[key, held] as const] : []))
    if (plans.length > 0) live.set(service, new Map(plans))
    else live.delete(service)
  }
  return live
}

/** The same object for the same endpoint: what has not changed is compared in passing. */
const targets = new WeakMap<EndpointPlan, ProbeTarget>()

function targetOf({ address, port, tls, authority }: EndpointPlan): ProbeTarget {
  return { address, port, tls, authority }
}
