import type { FailedBy, OutcomeReport } from '../outcomes.ts'

/** When an endpoint that fails is taken out, and for how long. */
export interface EjectionPolicy {
  /** Failures that are too many. */
  readonly failures: number
  /** Milliseconds within which they must come; 0: however long it takes. In any case a success begins the count anew. */
  readonly window: number
  /** Milliseconds of the first ejection; the second in a row is twice as long, and so on. */
  readonly base: number
  /** Milliseconds of the longest. */
  readonly longest: number
  /** Percent of the endpoints of a service that may be out at a time. */
  readonly maxPercent: number
}

export const DEFAULT_EJECTION: EjectionPolicy = {
  failures: 5,
  window: 0,
  base: 10_000,
  longest: 300_000,
  maxPercent: 50,
}

/** What is remembered of an endpoint's failures, its ejections included. */
export interface FailureRecord {
  /** When the failures since the last success came, the latest ones: as many as the policy counts, at most. */
  readonly failedAt: readonly number[]
  readonly by: FailedBy
  /** Attempts in a row that brought no answer at all. */
  readonly unanswered: number
  /** Set while it is out. */
  readonly ejection: Ejection | undefined
  /** Ejections in all. */
  readonly ejections: number
  readonly inARow: number
  /** When the last ejection ended, how long it was, and whether a request has succeeded since. */
  readonly returnedAt: number
  readonly lastDuration: number
  readonly succeededSince: boolean
}

export interface Ejection {
  readonly until: number
  readonly reason: string
  /** Its time is over, and a probe has to pass before it comes back. */
  readonly awaitsProbe: boolean
}

/** Of endpoints that have never failed, as most have not: one for all of them. */
export const NO_FAILURES: FailureRecord = {
  failedAt: [],
  by: 'connect',
  unanswered: 0,
  ejection: undefined,
  ejections: 0,
  inARow: 0,
  returnedAt: 0,
  lastDuration: 0,
  succeededSince: false,
}

/** With what a worker reports. */
export function afterOutcomes(
  record: FailureRecord,
  { succeeded, failures, answered, unanswered, by }: OutcomeReport,
  { failures: limit, window }: EjectionPolicy,
  now: number,
): FailureRecord {
  const counted = {
    ...record,
    unanswered: (answered ? 0 : record.unanswered) + unanswered,
    failedAt: succeeded ? [] : record.failedAt,
    succeededSince: record.succeededSince || succeeded,
  }
  if (failures === 0) return counted
  // What is still on its way to an ejected endpoint says nothing new.
  if (record.ejection) return { ...counted, by }
  const fresh = counted.failedAt.filter((at) => window === 0 || now - at < window)
  const more = Array.from({ length: Math.min(failures, limit) }, () => now)
  return { ...counted, by, failedAt: [...fresh, ...more].slice(-limit) }
}

export function failsTooOften({ failedAt }: FailureRecord, { failures }: EjectionPolicy): boolean {
  return failedAt.length >= failures
}

/**
 * Taken out. Each ejection in a row is longer; one that has answered since it came back, and then stayed for as long as
 * it was out, begins anew.
 */
export function ejected(record: FailureRecord, policy: EjectionPolicy, now: number): FailureRecord {
  const recovered = record.succeededSince && now - record.returnedAt >= record.lastDuration
  const inARow = recovered ? 1 : record.inARow + 1
  const lastDuration = Math.min(policy.base * inARow, policy.longest)
  const reason = `${describeFailures(record)}; out for ${Math.round(lastDuration / 1_000)} s`
  return {
    ...record,
    inARow,
    lastDuration,
    ejections: record.ejections + 1,
    ejection: { until: now + lastDuration, reason, awaitsProbe: false },
    failedAt: [],
  }
}

/** Back again. */
export function returned(record: FailureRecord, now: number): FailureRecord {
  return { ...record, ejection: undefined, returnedAt: now, succeededSince: false, failedAt: [] }
}

/** Its time is over; a probe has to pass first. */
export function awaitingProbe(record: FailureRecord, awaitsProbe: boolean): FailureRecord {
  return record.ejection ? { ...record, ejection: { ...record.ejection, awaitsProbe } } : record
}

const WORDS: Readonly<Record<FailedBy, string>> = {
  connect: 'no connection',
  status: 'a status of 5xx',
  reset: 'no answer',
  timeout: 'no answer in time',
}

function describeFailures({ failedAt, by }: FailureRecord): string {
  const count = failedAt.length
  return `${count} ${count === 1 ? 'failure' : 'failures'} in a row, the last one: ${WORDS[by]}`
}
