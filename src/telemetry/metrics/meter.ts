import { BEHIND_BUCKETS } from './cell-pool.ts'
import type { Cell, CellPool } from './cell-pool.ts'
import { EXTRA, EXTRA_KEY, HIGHEST_REQUEST_KEY, OVERFLOW_KEY } from './series-key.ts'

/** Whose requests a meter counts. */
export interface MeterName {
  readonly kind: 'entryPoint' | 'router' | 'service'
  /** Full name. */
  readonly name: string
  /** Of a router: the service that it leads to. */
  readonly service?: string
}

/** One request as it is counted; one object for all requests of a thread, in turn. */
export interface Measured {
  /** `seriesKey`. */
  key: number
  /** `tlsKey`, or -1. */
  tls: number
  /** Index of the bucket that its duration falls into. */
  bucket: number
  seconds: number
  requestBytes: number
  responseBytes: number
}

/** What is told of series, so that somebody can read them. */
export interface MeterEvents {
  added(meter: MeterName, key: number, cell: Cell): void
  removed(meter: MeterName, key: number, cell: Cell): void
}

/** Series of one meter that are told apart: more than a service has in earnest, and little enough for thousands of meters. */
const MOST_SERIES = 64

interface Series extends Cell {
  readonly key: number
}

/** Counts what nobody reads. */
const NOWHERE: Series = { key: -1, numbers: new Float64Array(1_024), at: 0 }

/**
 * Counts the requests of one entry point, router or service. Series are bound when they are first met; after that a
 * request costs one comparison of integers and five additions, since most have the status, method and protocol of the
 * one before.
 */
export class Meter {
  readonly #name: MeterName
  readonly #pool: CellPool
  readonly #events: MeterEvents
  readonly #sum: number
  #last = NOWHERE
  #lastTls = NOWHERE
  readonly #most: number
  /** By key. Most meters of a large plan have never counted anything. */
  #series: Map<number, Series> | undefined
  #closed = false

  /** `most`: series that are told apart. */
  constructor(name: MeterName, pool: CellPool, events: MeterEvents, most: number = MOST_SERIES) {
    this.#most = most
    this.#name = name
    this.#pool = pool
    this.#events = events
    this.#sum = pool.size - Object.keys(BEHIND_BUCKETS).length
  }

  count(measured: Measured): void {
    const { key, tls } = measured
    let series = this.#last
    if (series.key !== key) series = this.#last = this.#find(key)
    const { numbers, at } = series
    const sum = at + this.#sum
    numbers[at + measured.bucket]! += 1
    numbers[sum]! += measured.seconds
    numbers[sum + BEHIND_BUCKETS.requestBytes]! += measured.requestBytes
    numbers[sum + BEHIND_BUCKETS.responseBytes]! += measured.responseBytes
    if (tls >= 0) this.#countTls(tls)
  }

  /** Further attempts that a request has taken. */
  retried(times: number): void {
    this.#extra(EXTRA.retries, times)
  }

  /** A further attempt was not made, since the budget was spent. */
  retryRefused(): void {
    this.#extra(EXTRA.retriesRefused, 1)
  }

  /** A request waits for an endpoint. */
  queued(): void {
    this.#extra(EXTRA.queued, 1)
  }

  /** It counts nothing more; what is still under way may go on telling it. */
  close(): void {
    this.#closed = true
    this.#last = this.#lastTls = NOWHERE
    const all = this.#series?.values() ?? []
    this.#series = undefined
    for (const series of all) {
      this.#events.removed(this.#name, series.key, series)
      this.#pool.give(series)
    }
  }

  #countTls(key: number): void {
    let series = this.#lastTls
    if (series.key !== key) series = this.#lastTls = this.#find(key)
    series.numbers[series.at]! += 1
  }

  #extra(place: number, times: number): void {
    const { numbers, at } = this.#find(EXTRA_KEY)
    numbers[at + place]! += times
  }

  #find(key: number): Series {
    const known = this.#series?.get(key)
    if (known !== undefined) return known
    if (this.#closed) return NOWHERE
    this.#series ??= new Map()
    // What clients choose (methods, statuses of refusals) must not fill memory.
    if (this.#series.size >= this.#most && key < HIGHEST_REQUEST_KEY && key !== OVERFLOW_KEY)
      return this.#find(OVERFLOW_KEY)
    const cell = this.#pool.take()
    if (cell === undefined) return NOWHERE
    const series = { key, numbers: cell.numbers, at: cell.at }
    this.#series.set(key, series)
    this.#events.added(this.#name, key, cell)
    return series
  }
}
