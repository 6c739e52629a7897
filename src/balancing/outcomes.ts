/** How an attempt failed, as far as the endpoint's health goes. */
export type FailedBy = 'connect' | 'status' | 'reset' | 'timeout'

/** Hears how attempts went. A success is told only of endpoints that failed before: it costs nothing while all is well. */
export interface OutcomeSink {
  /** Connect failures, resets before an answer, time-outs, 5xx. */
  failed(endpoint: string, by: FailedBy): void
  succeeded(endpoint: string): void
}

/** What has become of attempts at one endpoint in one worker since its last report. */
export interface OutcomeReport {
  readonly service: string
  readonly endpoint: string
  /** One has succeeded; what failed came after that. */
  readonly succeeded: boolean
  /** Failures in a row. */
  readonly failures: number
  /** It has answered, be it with 5xx; what was not answered came after that. */
  readonly answered: boolean
  /** Of the failures, those at the end that brought no answer at all. */
  readonly unanswered: number
  /** Of the last failure. */
  readonly by: FailedBy
}

/** Milliseconds for which outcomes are gathered. */
const GATHER_MS = 20

type Gathered = { -readonly [K in keyof OutcomeReport]: OutcomeReport[K] }

/** Gathers what workers have to say of failing endpoints, so that an outage is a few messages and not one per request. */
export class OutcomeBatch {
  readonly #send: (reports: readonly OutcomeReport[]) => void
  #gathered = new Map<string, Gathered>()
  #timer: NodeJS.Timeout | undefined = undefined

  constructor(send: (reports: readonly OutcomeReport[]) => void) {
    this.#send = send
  }

  /** The sink for the endpoints of a service. */
  sink(service: string): OutcomeSink {
    return new ServiceOutcomes(this, service)
  }

  failed(service: string, endpoint: string, by: FailedBy): void {
    const report = this.#of(service, endpoint)
    report.by = by
    report.failures++
    if (by === 'status') {
      report.answered = true
      report.unanswered = 0
    } else report.unanswered++
  }

  succeeded(service: string, endpoint: string): void {
    const report = this.#of(service, endpoint)
    report.succeeded = report.answered = true
    report.failures = report.unanswered = 0
  }

  /** Sends what has been gathered now. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#gathered.size === 0) return
    const reports = [...this.#gathered.values()]
    this.#gathered = new Map()
    this.#send(reports)
  }

  #of(service: string, endpoint: string): Gathered {
    this.#timer ??= setTimeout(() => this.flush(), GATHER_MS).unref()
    return this.#gathered.getOrInsertComputed(`${service}\n${endpoint}`, () => ({
      service,
      endpoint,
      succeeded: false,
      failures: 0,
      answered: false,
      unanswered: 0,
      by: 'connect',
    }))
  }
}

/** A class for want of closures: there is one for each service, and there may be ten thousand. */
class ServiceOutcomes implements OutcomeSink {
  readonly #batch: OutcomeBatch
  readonly #service: string

  constructor(batch: OutcomeBatch, service: string) {
    this.#batch = batch
    this.#service = service
  }

  failed(endpoint: string, by: FailedBy): void {
    this.#batch.failed(this.#service, endpoint, by)
  }

  succeeded(endpoint: string): void {
    this.#batch.succeeded(this.#service, endpoint)
  }
}
