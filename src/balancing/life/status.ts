import type { Life, LifeState } from './life.ts'

/** One endpoint as people and their tools see it. */
export interface EndpointStatus {
  readonly service: string
  readonly key: string
  readonly url: string
  /** `id (name)` of its instance. */
  readonly instance?: string
  /** `gone`: it is not served, but its source or an operator still knows it. */
  readonly state: LifeState
  readonly reason: string
  /** Since when it is in this state. */
  readonly since: Date
  readonly weight: number
  /** As its source has it, where an operator has given it another. */
  readonly foundWeight?: number
  /** Ejections since it was discovered. */
  readonly ejections: number
  /** What the last active probe found. */
  readonly lastProbe?: string
  /** Milliseconds until it comes back by itself. */
  readonly returnsIn?: number
  /** Set while it drains. */
  readonly drain?: {
    readonly since: Date
    /** Milliseconds after which whatever is still under way is cut. */
    readonly endsIn: number
    /** Workers that have nothing in flight any more. */
    readonly finishedWorkers: number
    readonly byOperator: boolean
  }
}

export function statusOf(life: Life, now: number): EndpointStatus {
  const { service, key, plan, instance, situation, since, failures, probes, drain, operator } = life
  return {
    service,
    key,
    url: plan.url,
    ...(instance === undefined ? {} : { instance }),
    state: situation.state,
    reason: situation.reason,
    since,
    weight: plan.weight,
    ...(life.foundWeight === plan.weight ? {} : { foundWeight: life.foundWeight }),
    ejections: failures.ejections,
    ...(probes.last === '' ? {} : { lastProbe: probes.last }),
    ...(situation.state === 'ejected' && failures.ejection
      ? { returnsIn: Math.max(0, failures.ejection.until - now) }
      : {}),
    ...(drain
      ? {
          drain: {
            since: drain.since,
            endsIn: drain.over ? 0 : Math.max(0, drain.deadline - now),
            finishedWorkers: drain.reported.size,
            byOperator: operator !== undefined,
          },
        }
      : {}),
  }
}
