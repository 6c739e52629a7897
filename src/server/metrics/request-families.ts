import { BEHIND_BUCKETS } from '../../telemetry/metrics/cell-pool.ts'
import type { Family, Sample } from '../../telemetry/metrics/family.ts'
import { histogramSample } from '../../telemetry/metrics/family.ts'
import {
  EXTRA,
  EXTRA_KEY,
  HIGHEST_REQUEST_KEY,
  labelsOf,
  tlsIndexOf,
  withoutHeaders,
} from '../../telemetry/metrics/series-key.ts'
import { addTo } from './meter-ledger.ts'
import type { MeterLedger, MeterReading } from './meter-ledger.ts'

/** Whose requests are shown. */
export interface Shown {
  readonly entryPoints: boolean
  readonly routers: boolean
  readonly services: boolean
}

export interface RequestFamilyOptions {
  readonly ledger: MeterLedger
  /** Upper bounds of durations, in seconds. */
  readonly buckets: readonly number[]
  /** Names of labels for request headers. */
  readonly headerLabels: readonly string[]
}

const KINDS = [
  ['entryPoint', 'entrypoint', 'entryPoints'],
  ['router', 'router', 'routers'],
  ['service', 'service', 'services'],
] as const
type Place = (typeof KINDS)[number][1]

/** What is counted of requests, merged over all workers. */
export function requestFamilies(options: RequestFamilyOptions, shown: Shown): Family[] {
  const readings = [...options.ledger.readings()]
  return KINDS.flatMap(([kind, place, option]) =>
    shown[option]
      ? placeFamilies(
          place,
          readings.filter(({ meter }) => meter.kind === kind),
          options,
        )
      : [],
  )
}

function placeFamilies(
  place: Place,
  readings: readonly MeterReading[],
  options: RequestFamilyOptions,
): Family[] {
  const headerLabels = place === 'entrypoint' ? options.headerLabels : []
  const samples = new PlaceSamples({ ...options, headerLabels })
  for (const reading of readings) samples.add(reading)
  return [
    {
      name: `${place}_requests_total`,
      samples: samples.requests,
      ...(headerLabels.length > 0 && { moreLabels: headerLabels }),
    },
    { name: `${place}_requests_tls_total`, samples: samples.tls },
    { name: `${place}_request_duration_seconds`, samples: samples.durations },
    { name: `${place}_requests_bytes_total`, samples: samples.requestBytes },
    { name: `${place}_responses_bytes_total`, samples: samples.responseBytes },
    ...(place === 'service' ? samples.extra : []),
  ]
}

/** The samples of all entry points, routers or services. */
class PlaceSamples {
  readonly requests: Sample[] = []
  readonly tls: Sample[] = []
  readonly durations: Sample[] = []
  readonly requestBytes: Sample[] = []
  readonly responseBytes: Sample[] = []
  readonly #options: RequestFamilyOptions
  readonly #retries: Sample[] = []
  readonly #refused: Sample[] = []
  readonly #queued: Sample[] = []

  constructor(options: RequestFamilyOptions) {
    this.#options = options
  }

  get extra(): Family[] {
    return [
      { name: 'service_retries_total', samples: this.#retries },
      { name: 'service_retries_refused_total', samples: this.#refused },
      { name: 'service_queued_requests_total', samples: this.#queued },
    ]
  }

  add({ meter: { name, service }, series }: MeterReading): void {
    const own = service === undefined ? [name] : [name, service]
    const { ledger, headerLabels } = this.#options
    for (const [key, numbers] of series) {
      const tls = tlsIndexOf(key)
      if (key === EXTRA_KEY) this.#addExtra(own, numbers)
      else if (tls !== undefined) {
        const { version, cipher } = ledger.tlsPair(tls)
        this.tls.push({ labels: [version, cipher, ...own], value: numbers[0]! })
      } else if (headerLabels.length > 0) this.#addRequests(own, key, numbers)
    }
    for (const [key, numbers] of mergedHeaders(series)) this.#addMeasures(own, key, numbers)
  }

  #addExtra(own: readonly string[], numbers: Float64Array): void {
    this.#retries.push({ labels: own, value: numbers[EXTRA.retries]! })
    this.#refused.push({ labels: own, value: numbers[EXTRA.retriesRefused]! })
    this.#queued.push({ labels: own, value: numbers[EXTRA.queued]! })
  }

  #addRequests(own: readonly string[], key: number, numbers: Float64Array): void {
    const { headerLabels, ledger, buckets } = this.#options
    const { code, method, protocol, headers } = labelsOf(key)
    const values = ledger.headerValues(headers) ?? headerLabels.map(() => 'other')
    const value = numbers.subarray(0, buckets.length + 1).reduce((sum, count) => sum + count, 0)
    this.requests.push({ labels: [code, method, protocol, ...own, ...values], value })
  }

  #addMeasures(own: readonly string[], key: number, numbers: Float64Array): void {
    const { buckets, headerLabels } = this.#options
    const { code, method, protocol } = labelsOf(key)
    const labels = [code, method, protocol, ...own]
    const behind = buckets.length + 1
    const counts = [...numbers.subarray(0, behind)]
    const durations = histogramSample(labels, buckets, counts, numbers[behind + BEHIND_BUCKETS.sum]!)
    if (headerLabels.length === 0) this.requests.push({ labels, value: durations.value })
    this.durations.push(durations)
    this.requestBytes.push({ labels, value: numbers[behind + BEHIND_BUCKETS.requestBytes]! })
    this.responseBytes.push({ labels, value: numbers[behind + BEHIND_BUCKETS.responseBytes]! })
  }
}

/** The series of requests, those that differ in header labels alone as one. */
function mergedHeaders(series: MeterReading['series']): Map<number, Float64Array> {
  const merged = new Map<number, Float64Array>()
  for (const [key, numbers] of series)
    if (key < HIGHEST_REQUEST_KEY) addTo(merged, withoutHeaders(key), numbers)
  return merged
}
