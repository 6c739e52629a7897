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
  failedAt: number[]
  by: FailedBy
  /** Attempts in a row that brought no answer at all. */
  unanswered: number
  /** Set while it is out. */
  ejection: Ejection | undefined
  /** Ejections in all. */
  ejections: number
  inARow: number
  /** When the last ejection ended, how long it was, and whether a request has succeeded since. */
  returnedAt: number
  lastDuration: number
  succeededSince: boolean
}

export interface Ejection {
  readonly until: number
  readonly reason: string
  /** Its time is over, and a probe has to pass before it comes back. */
  awaitsProbe: boolean
}

export function noFailures(): FailureRecord {
  return {
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
}

/** Takes over what a worker reports. */
export function countOutcomes(
  record: FailureRecord,
  { succeeded, failures, answered, unanswered, by }: OutcomeReport,
  { failures: limit, window }: EjectionPolicy,
  now: number,
): void {
  if (answered) record.unanswered = 0
  record.unanswered += unanswered
  if (succeeded) {
    record.failedAt = []
    record.succeededSince = true
  }
  if (failures === 0) return
  record.by = by
  // What is still on its way to an ejected endpoint says nothing new.
  if (record.ejection) return
  const fresh = record.failedAt.filter((at) => window === 0 || now - at < window)
  const more = Array.from({ length: Math.min(failures, limit) }, () => now)
  record.failedAt = [...fresh, ...more].slice(-limit)
}

export function failsTooOften({ failedAt }: FailureRecord, { failures }: EjectionPolicy): boolean {
  return failedAt.length >= failures
}

/**
 * Takes the endpoint out. Each ejection in a row is longer; one that has answered since it came back, and then stayed
 * for as long as it was out, begins anew.
 */
export function eject(record: FailureRecord, policy: EjectionPolicy, now: number): void {
  const recovered = record.succeededSince && now - record.returnedAt >= record.lastDuration
  record.inARow = recovered ? 1 : record.inARow + 1
  record.ejections++
  record.lastDuration = Math.min(policy.base * record.inARow, policy.longest)
  const seconds = Math.round(record.lastDuration / 1_000)
  record.ejection = {
    until: now + record.lastDuration,
    reason: `${describeFailures(record)}; out for ${seconds} s`,
    awaitsProbe: false,
  }
  record.failedAt = []
}

export function endEjection(record: FailureRecord, now: number): void {
  record.ejection = undefined
  record.returnedAt = now
  record.succeededSince = false
  record.failedAt = []
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
