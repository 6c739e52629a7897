import type { MeterName } from '../../telemetry/metrics/meter.ts'
import {
  HIGHEST_REQUEST_KEY,
  MOST_HEADER_VALUES,
  OTHER_VALUES,
  tlsIndexOf,
  tlsKey,
} from '../../telemetry/metrics/series-key.ts'
import type { MeterNews, SeriesNews } from '../data-plane/request-meters.ts'
import { EMPTY_PLAN } from '../plan-delta.ts'
import type { Plan } from '../plan.ts'

/** What all workers have counted in one meter, by key. */
export interface MeterReading {
  readonly meter: MeterName
  readonly series: ReadonlyMap<number, Float64Array>
}

export interface TlsPair {
  readonly version: string
  readonly cipher: string
}

interface Live {
  /** As in `Ledger`. */
  readonly key: number
  readonly numbers: Float64Array
}

interface Entry {
  readonly meter: MeterName
  /** By worker, then by that worker's key. */
  readonly live: Map<number, Map<number, Live>>
  /** What those have counted that count no more: dead workers, and meters that were replaced. */
  readonly retired: Map<number, Float64Array>
}

/** What the indices of one worker stand for in the ledger. */
interface Indices {
  readonly headers: Map<number, number>
  readonly tls: Map<number, number>
}

/**
 * What all workers count, merged when it is asked for. Workers count in memory of their own that is shared with this
 * thread; what a dead one had counted is added up and kept, so that no counter ever goes back. What is no longer in
 * the plan is forgotten.
 */
export class MeterLedger {
  readonly #size: number
  #plan: Plan = EMPTY_PLAN
  readonly #entries = new Map<string, Entry>()
  readonly #indices = new Map<number, Indices>()
  /** Values of header labels by index, and the index by values. */
  readonly #headers: (readonly string[])[] = []
  readonly #headerIndex = new Map<string, number>()
  readonly #tls: TlsPair[] = []

  /** `size`: doubles of one series. */
  constructor(size: number) {
    this.#size = size
  }

  /** Takes what a worker has to tell; it comes in the order in which that worker told it. */
  heard(worker: number, news: readonly MeterNews[]): void {
    for (const one of news) {
      if (one.type === 'headers')
        this.#indicesOf(worker).headers.set(one.index, this.#headerIndexOf(one.values))
      else if (one.type === 'tls') this.#indicesOf(worker).tls.set(one.index, this.#tlsIndexOf(one))
      else if (one.type === 'added') this.#add(worker, one)
      else this.#remove(worker, one)
    }
  }

  /** The worker counts no more. */
  died(worker: number): void {
    this.#indices.delete(worker)
    for (const entry of this.#entries.values()) {
      for (const { key, numbers } of entry.live.get(worker)?.values() ?? [])
        addTo(entry.retired, key, numbers)
      entry.live.delete(worker)
    }
  }

  /** Another plan is served: forgets what it no longer holds. `changed`: names in which it may differ from the last. */
  planned(
    plan: Plan,
    changed: { readonly routers: Iterable<string>; readonly services: Iterable<string> },
  ): void {
    const before = this.#plan
    this.#plan = plan
    for (const name of changed.routers) {
      const service = before.routers.get(name)?.service
      if (service !== undefined && plan.routers.get(name)?.service !== service)
        this.#entries.delete(idOf({ kind: 'router', name, service }))
    }
    for (const name of changed.services)
      if (!plan.services.has(name)) this.#entries.delete(idOf({ kind: 'service', name }))
  }

  /** Everything that is counted, over all workers. */
  *readings(): Generator<MeterReading> {
    for (const { meter, live, retired } of this.#entries.values()) {
      const series = new Map<number, Float64Array>()
      for (const [key, numbers] of retired) addTo(series, key, numbers)
      for (const ofWorker of live.values())
        for (const { key, numbers } of ofWorker.values()) addTo(series, key, numbers)
      yield { meter, series }
    }
  }

  /** Values of the header labels; undefined for those that are told apart no more. */
  headerValues(index: number): readonly string[] | undefined {
    return this.#headers[index]
  }

  tlsPair(index: number): TlsPair {
    return this.#tls[index]!
  }

  #add(worker: number, { meter, key, memory, at }: SeriesNews): void {
    // The worker does not know yet that it is gone.
    if (!this.#isServed(meter)) return
    const entry = this.#entries.getOrInsertComputed(idOf(meter), () => ({
      meter,
      live: new Map(),
      retired: new Map(),
    }))
    const ofWorker = entry.live.getOrInsertComputed(worker, () => new Map())
    ofWorker.set(key, {
      key: this.#translated(worker, key),
      numbers: new Float64Array(memory, at * Float64Array.BYTES_PER_ELEMENT, this.#size),
    })
  }

  #remove(worker: number, { meter, key }: SeriesNews): void {
    const entry = this.#entries.get(idOf(meter))
    const live = entry?.live.get(worker)?.get(key)
    if (!entry || !live) return
    addTo(entry.retired, live.key, live.numbers)
    entry.live.get(worker)!.delete(key)
  }

  #isServed({ kind, name, service }: MeterName): boolean {
    if (kind === 'entryPoint') return true
    return kind === 'router'
      ? this.#plan.routers.get(name)?.service === service
      : this.#plan.services.has(name)
  }

  /** Indices in keys are each worker's own. */
  #translated(worker: number, key: number): number {
    const tls = tlsIndexOf(key)
    if (tls !== undefined) return tlsKey(this.#indicesOf(worker).tls.get(tls) ?? 0)
    if (key >= HIGHEST_REQUEST_KEY) return key
    const headers = (key >> 17) & OTHER_VALUES
    const index = this.#indicesOf(worker).headers.get(headers) ?? headers
    return (key & ~(OTHER_VALUES << 17)) | (index << 17)
  }

  #indicesOf(worker: number): Indices {
    return this.#indices.getOrInsertComputed(worker, () => ({ headers: new Map(), tls: new Map() }))
  }

  #headerIndexOf(values: readonly string[]): number {
    const text = values.join('\n')
    const known = this.#headerIndex.get(text)
    if (known !== undefined) return known
    if (this.#headers.length >= MOST_HEADER_VALUES) return OTHER_VALUES
    this.#headerIndex.set(text, this.#headers.length)
    return this.#headers.push(values) - 1
  }

  #tlsIndexOf({ version, cipher }: TlsPair): number {
    const at = this.#tls.findIndex((one) => one.version === version && one.cipher === cipher)
    return at < 0 ? this.#tls.push({ version, cipher }) - 1 : at
  }
}

function idOf({ kind, name, service = '' }: MeterName): string {
  return `${kind}\n${name}\n${service}`
}

/** Adds to the sum of a key, which is made when there is none. */
export function addTo(series: Map<number, Float64Array>, key: number, numbers: Float64Array): void {
  const sum = series.get(key)
  if (sum) for (let i = 0; i < sum.length; i++) sum[i]! += numbers[i]!
  else series.set(key, Float64Array.from(numbers))
}
