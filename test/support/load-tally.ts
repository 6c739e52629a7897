import { LatencyHistogram } from './latency-histogram.ts'

/** What became of one request. */
export interface Outcome {
  readonly id: string
  readonly method: 'GET' | 'POST'
  readonly host: string
  readonly path: string
  /** It was sent on a connection of its own, which was closed after it. */
  readonly fresh: boolean
  /** 0 when no whole response came. */
  readonly status: number
  /** The proxy's reason, when it made the answer itself. */
  readonly why: string | undefined
  /** `ok`, or what went wrong, such as `ECONNRESET` or `502 (UC)`. */
  readonly cause: string
  /** Milliseconds since the request was due, so that a stall of either side counts. */
  readonly latency: number
  /** Milliseconds of `performance.now()` when it was sent, and when it ended. */
  readonly sentAt: number
  readonly endedAt: number
  /** The response's header `Origin-Name`. */
  readonly origin: string | undefined
  /** The first 64 KiB of the response's body. */
  readonly body: string
}

const FAILURES_KEPT = 20

/** Counts of a run by cause and why-code, in a memory that does not grow with the number of requests. */
export class Tally {
  /** By method and cause, such as `POST ECONNRESET`. */
  readonly causes = new Map<string, number>()
  readonly whys = new Map<string, number>()
  readonly latencies = new LatencyHistogram()
  /** The first failures, whole. */
  readonly failures: Outcome[] = []
  ended = 0
  failed = 0
  fresh = 0
  /** Bytes came on connections on which nothing was asked. */
  stray = 0

  record(outcome: Outcome): void {
    this.ended++
    if (outcome.fresh) this.fresh++
    count(this.causes, `${outcome.method} ${outcome.cause}`)
    if (outcome.why !== undefined) count(this.whys, outcome.why)
    this.latencies.record(outcome.latency)
    if (outcome.cause === 'ok') return
    this.failed++
    if (this.failures.length < FAILURES_KEPT) this.failures.push(outcome)
  }

  recordStray(): void {
    this.stray++
    this.failed++
  }

  failedOf(method: 'GET' | 'POST'): number {
    let total = 0
    for (const [name, times] of this.causes)
      if (name.startsWith(method) && name !== `${method} ok`) total += times
    return total
  }

  /** The counts as lines for a person. */
  toString(): string {
    const { latencies } = this
    const shown = [latencies.quantile(0.5), latencies.quantile(0.99), latencies.max].map((value) =>
      value.toFixed(1),
    )
    const lines = [...this.causes].toSorted(([a], [b]) => a.localeCompare(b))
    if (this.stray > 0) lines.push(['bytes that nobody asked for', this.stray])
    return [
      `${this.ended} requests, ${this.fresh} of them on new connections; ${this.failed} failed`,
      ...lines.map(([name, times]) => `  ${String(times).padStart(8)}  ${name}`),
      `  latency: p50 ${shown[0]} ms, p99 ${shown[1]} ms, max ${shown[2]} ms`,
    ].join('\n')
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
