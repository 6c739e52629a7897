import type { EndpointStatus, Transition } from '../../balancing/life-cycle.ts'
import type { Problem } from '../../config/problem.ts'
import type { ProviderState } from '../../discovery/source-state.ts'
import { single } from '../../telemetry/metrics/family.ts'
import type { Family } from '../../telemetry/metrics/family.ts'
import { cellSize } from '../../telemetry/metrics/cell-pool.ts'
import type { ThreadStats } from '../data-plane-host.ts'
import type { MeterNews } from '../data-plane/request-meters.ts'
import type { Plan, PlanDelta } from '../plan.ts'
import { certificateFamily } from './certificate-families.ts'
import { endpointFamilies } from './endpoint-families.ts'
import { MeterLedger } from './meter-ledger.ts'
import { processFamilies } from './process-families.ts'
import { providerFamilies } from './provider-families.ts'
import { requestFamilies } from './request-families.ts'
import type { Shown } from './request-families.ts'
import { threadFamilies } from './thread-families.ts'

/** What metrics are read from when somebody asks. */
export interface MetricSources {
  readonly problems: () => readonly Problem[]
  readonly endpoints: () => readonly EndpointStatus[]
  readonly providers: () => readonly ProviderState[]
  readonly threads: () => readonly ThreadStats[]
  /** Client connections that are open, by entry point. */
  readonly connections: () => ReadonlyMap<string, number>
  /** Undefined: there is no access log. */
  readonly accessLog: () => { readonly dropped: number; readonly errors: number } | undefined
}

export interface MetricsOptions {
  /** Upper bounds of durations, in seconds. */
  readonly buckets: readonly number[]
  /** Names of labels for request headers. */
  readonly headerLabels: readonly string[]
  readonly version: string
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Everything that is counted, gathered from where it is kept. What only this class hears of, it keeps itself. */
export class Metrics {
  readonly #options: MetricsOptions
  readonly #ledger: MeterLedger
  #sources: MetricSources | undefined
  #plan: Plan | undefined
  #reloads = 0
  #lastReload = 0
  #deaths = 0
  readonly #ejections = new Map<string, number>()

  constructor(options: MetricsOptions) {
    this.#options = options
    this.#ledger = new MeterLedger(cellSize(options.buckets.length))
  }

  /** To be called once, when there is something to read. */
  readFrom(sources: MetricSources): void {
    this.#sources = sources
  }

  heard(worker: number, news: readonly MeterNews[]): void {
    this.#ledger.heard(worker, news)
  }

  workerDied(worker: number): void {
    this.#deaths++
    this.#ledger.died(worker)
  }

  /** A change has been planned. */
  planned(plan: Plan, { routers, services }: PlanDelta): void {
    this.#plan = plan
    this.#ledger.planned(plan, { routers: routers.keys(), services: services.keys() })
    for (const service of this.#ejections.keys())
      if (!plan.services.has(service)) this.#ejections.delete(service)
  }

  /** All workers have taken a change over. */
  applied(): void {
    this.#reloads++
    this.#lastReload = this.#options.now() / 1_000
  }

  moved(transitions: readonly Transition[]): void {
    for (const { service, to } of transitions)
      if (to === 'ejected') this.#ejections.set(service, (this.#ejections.get(service) ?? 0) + 1)
  }

  /** What all metrics show now. */
  collect(shown: Shown): Family[] {
    const { buckets, headerLabels, version, now } = this.#options
    const sources = this.#sources
    return [
      single('config_reloads_total', this.#reloads),
      single('config_last_reload_success', this.#lastReload),
      ...requestFamilies({ ledger: this.#ledger, buckets, headerLabels }, shown),
      {
        name: 'service_ejections_total',
        samples: [...this.#ejections].map(([service, value]) => ({ labels: [service], value })),
      },
      certificateFamily(this.#plan?.tls),
      single('worker_deaths_total', this.#deaths),
      ...processFamilies(version),
      ...(sources ? sourceFamilies(sources, now()) : []),
    ]
  }
}

function sourceFamilies(sources: MetricSources, now: number): Family[] {
  const accessLog = sources.accessLog()
  return [
    problemFamily(sources.problems()),
    {
      name: 'open_connections',
      samples: [...sources.connections()].map(([name, value]) => ({ labels: [name, 'TCP'], value })),
    },
    ...endpointFamilies(sources.endpoints(), now),
    ...providerFamilies(sources.providers()),
    ...threadFamilies(sources.threads()),
    ...(accessLog
      ? [
          single('access_log_lines_dropped_total', accessLog.dropped),
          single('access_log_errors_total', accessLog.errors),
        ]
      : []),
  ]
}

function problemFamily(problems: readonly Problem[]): Family {
  const counted = Map.groupBy(problems, ({ severity, code }) => `${severity} ${code}`)
  return {
    name: 'configuration_problems',
    samples: [...counted].map(([id, { length }]) => ({ labels: id.split(' '), value: length })),
  }
}
