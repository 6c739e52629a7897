/** What is kept of one second: which one it is, answers, failed attempts to get one, answers by status, by latency. */
const SECOND = 0
const TOTAL = 1
const FAILED = 2
const STATUS = 3
const STATUSES = 600
const LATENCY = STATUS + STATUSES
/** Buckets of latency: eight for each doubling, so that a quantile is right to a tenth; the last takes the rest. */
const LATENCIES = 192
const PER_DOUBLING = 8
/** Seconds that count. */
const SECONDS = 10
const LENGTH = LATENCY + LATENCIES

/** Integers that the measures of a breaker take. */
export const MEASURED_LENGTH = SECONDS * LENGTH

/**
 * What has come of the requests of the last ten seconds, in memory that all workers count in. A second's numbers are
 * wiped by whoever comes first to the next one in its place; the few that are counted in that instant may be lost.
 */
export class Measured {
  readonly #numbers: Int32Array

  constructor(numbers: Int32Array) {
    this.#numbers = numbers
  }

  /** One answer, at this time of a clock, after so many milliseconds. */
  record(now: number, status: number, failed: boolean, latency: number): void {
    const at = this.#secondAt(now)
    Atomics.add(this.#numbers, at + TOTAL, 1)
    if (failed) Atomics.add(this.#numbers, at + FAILED, 1)
    if (status < STATUSES) Atomics.add(this.#numbers, at + STATUS + status, 1)
    Atomics.add(this.#numbers, at + LATENCY + latencyBucket(latency), 1)
  }

  /** Everything begins anew. */
  wipe(): void {
    this.#numbers.fill(0)
  }

  total(now: number): number {
    return this.#sum(now, TOTAL, TOTAL + 1)
  }

  /** Share of the requests that no endpoint answered. */
  failedRatio(now: number): number {
    return ratio(this.#sum(now, FAILED, FAILED + 1), this.total(now))
  }

  /** Answers of a status from `from` to below `to`, as a share of those from `of` to below `to`. */
  statusRatio(now: number, from: number, to: number, of: number, ofTo: number): number {
    return ratio(this.#sum(now, STATUS + from, STATUS + to), this.#sum(now, STATUS + of, STATUS + ofTo))
  }

  /** Milliseconds within which so many hundredths of the answers came. */
  latencyAt(now: number, percent: number): number {
    const wanted = (this.total(now) * percent) / 100
    let count = 0
    for (let bucket = 0; bucket < LATENCIES; bucket++) {
      count += this.#sum(now, LATENCY + bucket, LATENCY + bucket + 1)
      if (count > 0 && count >= wanted) return latencyOf(bucket)
    }
    return 0
  }

  #sum(now: number, from: number, to: number): number {
    const second = Math.floor(now / 1_000)
    let sum = 0
    for (let at = 0; at < MEASURED_LENGTH; at += LENGTH) {
      const age = second - (Atomics.load(this.#numbers, at + SECOND) - 1)
      if (age < 0 || age >= SECONDS) continue
      for (let i = from; i < to; i++) sum += Atomics.load(this.#numbers, at + i)
    }
    return sum
  }

  /** Where the second of this time is counted. Seconds are kept as one more than they are: zero is none. */
  #secondAt(now: number): number {
    const second = Math.floor(now / 1_000)
    const at = (second % SECONDS) * LENGTH
    const held = Atomics.load(this.#numbers, at + SECOND)
    if (held === second + 1) return at
    if (Atomics.compareExchange(this.#numbers, at + SECOND, held, second + 1) === held)
      this.#numbers.fill(0, at + TOTAL, at + LENGTH)
    return at
  }
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}

/** From a tenth of a millisecond up. */
function latencyBucket(milliseconds: number): number {
  const bucket = Math.ceil(Math.log2(Math.max(milliseconds, 0.1) * 10) * PER_DOUBLING)
  return Math.min(LATENCIES - 1, Math.max(0, bucket))
}

/** The longest latency of a bucket. */
function latencyOf(bucket: number): number {
  return 2 ** (bucket / PER_DOUBLING) / 10
}
