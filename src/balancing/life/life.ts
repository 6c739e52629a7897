import type { EndpointPlan, EndpointState } from '../../server/plan.ts'
import type { Drain, OperatorDrain } from './drain.ts'
import type { EjectionPolicy, FailureRecord } from './ejection.ts'
import { NO_FAILURES } from './ejection.ts'
import type { ProbeRecord, ProbeThresholds } from './probe-record.ts'
import { TRUSTED, unprobed } from './probe-record.ts'

/** An endpoint that discovery names now, resolved to an address. */
export type WantedEndpoint = Omit<EndpointPlan, 'state' | 'warmingSince'> & {
  /** Its source says that it is on its way out. */
  readonly terminating: boolean
  /** `id (name)` of the instance that it stands for. */
  readonly instance?: string
}

/** What of a service's configuration decides about the lives of its endpoints. */
export interface LifeSettings {
  /** Milliseconds that requests and tunnels of a draining endpoint may take to finish. */
  readonly drainTimeout: number
  /** Milliseconds for which an endpoint that comes up is warming; 0: not at all. */
  readonly slowStart: number
  readonly ejection: EjectionPolicy
  /** Undefined: its endpoints are not probed. */
  readonly check: ProbeThresholds | undefined
}

/** `gone`: it is not in the data plane; its source, or an operator, may still know it. */
export type LifeState = EndpointState | 'gone'

/** What an endpoint is now, and why. */
export interface Situation {
  readonly state: LifeState
  /** In words: `discovered`, `left the snapshot`, `probe answered 500`. */
  readonly reason: string
}

/** All that is known of one endpoint; its state follows from it. */
export interface Life {
  readonly service: string
  readonly key: string
  /** As discovery named it last, in its present state. The data plane holds the same object, unless it is gone. */
  plan: EndpointPlan
  instance: string | undefined
  /** As discovery named it; that of `plan` may be an operator's. */
  foundWeight: number
  /** Discovery no longer names it. */
  absent: boolean
  terminating: boolean
  operator: OperatorDrain | undefined
  drain: Drain | undefined
  probes: ProbeRecord
  failures: FailureRecord
  /** When it came up last; kept only where there is a slow start. */
  warmingSince: number | undefined
  /** What brought it up last, in words. */
  news: string
  situation: Situation
  /** Wall clock, for people. */
  since: Date
  /** What the data plane holds of it. */
  held: EndpointPlan | undefined
}

export function newLife(
  service: string,
  key: string,
  { terminating, instance, ...endpoint }: WantedEndpoint,
  { check }: LifeSettings,
  since: Date,
): Life {
  return {
    service,
    key,
    plan: { ...endpoint, state: 'ready' },
    instance,
    foundWeight: endpoint.weight,
    absent: false,
    terminating,
    operator: undefined,
    drain: undefined,
    probes: check ? unprobed(check) : TRUSTED,
    failures: NO_FAILURES,
    warmingSince: undefined,
    news: DISCOVERED,
    situation: NEW,
    since,
    held: undefined,
  }
}

const DISCOVERED = 'discovered'
const NEW: Situation = { state: 'gone', reason: 'new' }
/** Of most endpoints, and so one for all of them. */
const READY: Situation = { state: 'ready', reason: DISCOVERED }

/** The state that follows from everything that is known. What weighs more comes first. */
export function situationOf(life: Life, { slowStart }: LifeSettings, now: number): Situation {
  const { drain, failures, probes, warmingSince, news } = life
  if (drain) {
    const reason = reasonToDrain(life) ?? 'on its way out'
    if (!drain.over) return { state: 'draining', reason }
    return { state: 'gone', reason: drain.over === 'not drained' ? reason : drain.over }
  }
  if (failures.ejection) {
    const { awaitsProbe, reason } = failures.ejection
    return { state: 'ejected', reason: awaitsProbe ? `${reason}; waits for a probe to pass` : reason }
  }
  if (!probes.up) return { state: 'unhealthy', reason: probes.last === '' ? 'not probed yet' : probes.last }
  const warming = warmingSince !== undefined && now < warmingSince + slowStart
  if (!warming && news === DISCOVERED) return READY
  return { state: warming ? 'warming' : 'ready', reason: news }
}

/** Why nothing new may be sent to it; undefined when something may. */
export function reasonToDrain({ absent, terminating, operator }: Life): string | undefined {
  if (operator) return `drained by an operator${operator.reason === '' ? '' : `: ${operator.reason}`}`
  if (absent) return 'left the snapshot'
  return terminating ? 'terminating' : undefined
}

/** Whether it gets requests while its service is well. */
export function isServing({ drain, failures, probes, plan }: Life): boolean {
  return drain === undefined && failures.ejection === undefined && probes.up && plan.weight > 0
}
