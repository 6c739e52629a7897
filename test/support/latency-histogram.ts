/** Each bucket is 2 % wider than the one before: two digits are right, and the memory is fixed. */
const GROWTH = Math.log(1.02)
/** In milliseconds: the lower edge of the first bucket. */
const FLOOR = 0.01
/** Reaches beyond an hour. */
const BUCKETS = 1_000

/** Latencies in milliseconds, in a memory that does not grow with their number. */
export class LatencyHistogram {
  readonly #buckets = new Uint32Array(BUCKETS)
  #count = 0
  #max = 0

  record(milliseconds: number): void {
    const index = Math.floor(Math.log(Math.max(milliseconds, FLOOR) / FLOOR) / GROWTH)
    const bucket = Math.min(index, BUCKETS - 1)
    this.#buckets[bucket] = this.#buckets[bucket]! + 1
    this.#count++
    if (milliseconds > this.#max) this.#max = milliseconds
  }

  get count(): number {
    return this.#count
  }

  get max(): number {
    return this.#max
  }

  /** The latency that the given share (0 to 1) of all do not exceed, up to 2 % too high; 0 when there are none. */
  quantile(share: number): number {
    const wanted = Math.ceil(share * this.#count)
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#buckets[bucket]!
      if (seen >= wanted && seen > 0) return Math.min(FLOOR * Math.exp((bucket + 1) * GROWTH), this.#max)
    }
    return this.#max
  }
}
