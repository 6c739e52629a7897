import type { StaticConfig } from '../../config/static.ts'
import type { Logger } from '../../telemetry/log.ts'
import { prometheusText } from '../../telemetry/metrics/prometheus-text.ts'
import { StatsDPusher } from '../../telemetry/statsd.ts'
import { ownVersion } from '../../version.ts'
import { ConnectionCounts } from '../connection-counts.ts'
import type { WorkerSettings } from '../entry-point-settings.ts'
import { DEFAULT_BUCKETS } from '../worker-settings.ts'
import { Metrics } from './metrics.ts'
import type { Shown } from './request-families.ts'
import { Reused } from './reused.ts'

/** Undefined when the configuration asks for no metrics. */
export function openMetrics({ metrics }: StaticConfig): Metrics | undefined {
  if (!metrics) return undefined
  const { buckets = DEFAULT_BUCKETS, headerLabels = {} } = metrics.prometheus ?? {}
  return new Metrics({
    buckets,
    headerLabels: Object.keys(headerLabels),
    version: ownVersion(),
    now: Date.now,
  })
}

/** Writes the page for Prometheus; undefined when there is none. */
export function prometheusPage({ metrics }: StaticConfig, source: Metrics): (() => string) | undefined {
  const options = metrics?.prometheus
  if (!options) return undefined
  const shown = shownBy(options)
  const page = new Reused(
    () => prometheusText(source.collect(shown), options.prefix),
    () => performance.now(),
  )
  return () => page.get()
}

/** Those who are told at intervals. */
export async function openPushers(
  { metrics }: StaticConfig,
  source: Metrics,
  log: Logger,
): Promise<StatsDPusher[]> {
  const { statsD, datadog } = metrics ?? {}
  const wanted = [
    { name: 'metrics.statsD', options: statsD, tagged: false },
    { name: 'metrics.datadog', options: datadog, tagged: true },
  ]
  return await Promise.all(
    wanted.flatMap(({ name, options, tagged }) => {
      if (!options) return []
      const shown = shownBy(options)
      return StatsDPusher.open({
        ...(options.address === undefined ? {} : placeOf(options.address)),
        prefix: options.prefix,
        interval: options.pushInterval,
        tagged,
        collect: () => source.collect(shown),
        report: (message) => log.warn(`${name}: ${message}`),
      })
    }),
  )
}

/** Client connections that are open now, by entry point. */
export function openConnections({ entryPoints }: WorkerSettings): Map<string, number> {
  return new Map(
    entryPoints.flatMap(({ name, caps }) =>
      caps?.counts ? [[name, new ConnectionCounts(caps.counts, 0).open] as const] : [],
    ),
  )
}

interface Places {
  readonly addEntryPointsLabels: boolean
  readonly addRoutersLabels: boolean
  readonly addServicesLabels: boolean
}

function shownBy({ addEntryPointsLabels, addRoutersLabels, addServicesLabels }: Places): Shown {
  return { entryPoints: addEntryPointsLabels, routers: addRoutersLabels, services: addServicesLabels }
}

/** `host:port`; the port may be left out. */
function placeOf(address: string): { host: string; port: number } {
  const [, host, port] = /^(.*?)(?::(\d+))?$/.exec(address) ?? []
  return { host: host === undefined || host === '' ? 'localhost' : host, port: Number(port ?? 8125) }
}
