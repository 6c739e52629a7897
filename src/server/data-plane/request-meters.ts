import type { Request } from '../../proxy/request.ts'
import { CellPool } from '../../telemetry/metrics/cell-pool.ts'
import type { Cell } from '../../telemetry/metrics/cell-pool.ts'
import { Meter } from '../../telemetry/metrics/meter.ts'
import type { Measured, MeterEvents, MeterName } from '../../telemetry/metrics/meter.ts'
import { MOST_HEADER_VALUES, OTHER_VALUES, seriesKey, tlsKey } from '../../telemetry/metrics/series-key.ts'
import type { ProtocolIndex } from '../../telemetry/metrics/series-key.ts'

/** What workers count of requests; plain data. */
export interface MeterSettings {
  /** Upper bounds of durations, in seconds and growing. */
  readonly buckets: readonly number[]
  readonly entryPoints: boolean
  readonly routers: boolean
  readonly services: boolean
  /** Also requests to the proxy's own pages. */
  readonly internals: boolean
  /** Entry points whose requests are not counted. */
  readonly silentEntryPoints: readonly string[]
  /** Request headers whose values are labels of entry points. */
  readonly headers: readonly string[]
}

/** A meter counts in one more place, or there no more. */
export interface SeriesNews {
  readonly type: 'added' | 'removed'
  readonly meter: MeterName
  readonly key: number
  readonly memory: SharedArrayBuffer
  readonly at: number
}

/** What the control plane must know to read what is counted. */
export type MeterNews =
  | SeriesNews
  /** What an index in keys stands for. */
  | { readonly type: 'headers'; readonly index: number; readonly values: readonly string[] }
  | { readonly type: 'tls'; readonly index: number; readonly version: string; readonly cipher: string }

/** Series of one worker: 16 MiB with Traefik's buckets. */
const MOST_CELLS = 262_144
/** Series of an entry point that tells values of headers apart. */
const MOST_WITH_HEADERS = 2_000
/** A joined value that is longer is cut: clients send these. */
const LONGEST_VALUE = 200

/** The meters of one worker. What they count lies in shared memory; where, is told once for each series. */
export class RequestMeters {
  readonly #settings: MeterSettings
  readonly #tell: (news: readonly MeterNews[]) => void
  readonly #pool: CellPool
  readonly #silent: ReadonlySet<string>
  readonly #untold: MeterNews[] = []
  readonly #headerIndex = new Map<string, number>()
  readonly #tlsTold = new Set<number>()
  readonly #measured: Measured = {
    key: 0,
    tls: -1,
    bucket: 0,
    seconds: 0,
    requestBytes: 0,
    responseBytes: 0,
  }

  /** One for all meters: there are thousands of them. */
  readonly #events: MeterEvents = {
    added: (meter, key, cell) => this.#note('added', meter, key, cell),
    removed: (meter, key, cell) => this.#note('removed', meter, key, cell),
  }

  constructor(settings: MeterSettings, tell: (news: readonly MeterNews[]) => void) {
    this.#settings = settings
    this.#tell = tell
    this.#silent = new Set(settings.silentEntryPoints)
    this.#pool = new CellPool(settings.buckets.length, MOST_CELLS, () => performance.now())
  }

  /** Undefined: its requests are not counted at all. */
  entryPoint(name: string): Meter | undefined {
    if (this.#silent.has(name)) return undefined
    const most = this.#settings.headers.length > 0 ? MOST_WITH_HEADERS : undefined
    return this.#meter({ kind: 'entryPoint', name }, most)
  }

  router(name: string, service: string): Meter | undefined {
    return this.#settings.routers ? this.#meter({ kind: 'router', name, service }) : undefined
  }

  service(name: string): Meter | undefined {
    return this.#settings.services ? this.#meter({ kind: 'service', name }) : undefined
  }

  /** A request is over: `bytes` of body have left, after so many milliseconds. */
  count(entryPoint: Meter, request: Request, status: number, bytes: number, duration: number): void {
    const { routerMeter, serviceMeter, retries } = request
    if (!this.#settings.internals && request.service?.endsWith('@internal')) return
    const measured = this.#measured
    measured.key = seriesKey(status, request.method, protocolOf(request), 0)
    measured.tls = request.tls === undefined ? -1 : this.#tlsKey(request)
    measured.seconds = duration / 1_000
    measured.bucket = this.#bucketOf(measured.seconds)
    measured.requestBytes = request.body === null ? 0 : request.body.received
    measured.responseBytes = bytes
    routerMeter?.count(measured)
    if (serviceMeter !== undefined) {
      serviceMeter.count(measured)
      if (retries > 0) serviceMeter.retried(retries)
    }
    if (!this.#settings.entryPoints) return
    if (this.#settings.headers.length > 0) measured.key |= this.#headersOf(request) << 17
    entryPoint.count(measured)
  }

  #meter(name: MeterName, most?: number): Meter {
    return new Meter(name, this.#pool, this.#events, most)
  }

  #bucketOf(seconds: number): number {
    const { buckets } = this.#settings
    let bucket = 0
    while (bucket < buckets.length && seconds > buckets[bucket]!) bucket++
    return bucket
  }

  #tlsKey({ tls }: Request): number {
    const { index, version, cipher } = tls!
    if (!this.#tlsTold.has(index)) {
      this.#tlsTold.add(index)
      this.#noteNews({ type: 'tls', index, version, cipher })
    }
    return tlsKey(index)
  }

  #headersOf({ headers }: Request): number {
    const values = this.#settings.headers.map((name) => (headers.get(name) ?? '').slice(0, LONGEST_VALUE))
    const text = values.join('\n')
    const known = this.#headerIndex.get(text)
    if (known !== undefined) return known
    if (this.#headerIndex.size >= MOST_HEADER_VALUES) return OTHER_VALUES
    const index = this.#headerIndex.size
    this.#headerIndex.set(text, index)
    this.#noteNews({ type: 'headers', index, values })
    return index
  }

  #note(type: 'added' | 'removed', meter: MeterName, key: number, { numbers, at }: Cell): void {
    this.#noteNews({ type, meter, key, memory: numbers.buffer as SharedArrayBuffer, at })
  }

  /** Many come at once when a plan changes, or when the first requests do. */
  #noteNews(news: MeterNews): void {
    if (this.#untold.push(news) === 1) setImmediate(() => this.#tell(this.#untold.splice(0)))
  }
}

/** As Traefik tells protocols apart. */
function protocolOf({ upgrade, version, headers }: Request): ProtocolIndex {
  if (upgrade !== undefined) return upgrade === 'websocket' ? 1 : 0
  if (headers.get('Accept') === 'text/event-stream') return 2
  if (version !== '2.0') return 0
  const type = headers.get('Content-Type')
  if (type === undefined || !type.startsWith('application/grpc')) return 0
  return type.startsWith('application/grpc-web') ? 4 : 3
}
