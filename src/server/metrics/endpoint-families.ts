import type { EndpointStatus } from '../../balancing/life-cycle.ts'
import { single } from '../../telemetry/metrics/family.ts'
import type { Family, Sample } from '../../telemetry/metrics/family.ts'

const STATES = ['warming', 'ready', 'unhealthy', 'ejected', 'draining'] as const
const UP: ReadonlySet<string> = new Set(['warming', 'ready'])

/** How endpoints are, and what drains. `now`: milliseconds since the epoch. */
export function endpointFamilies(endpoints: readonly EndpointStatus[], now: number): Family[] {
  const served = endpoints.filter(({ state }) => state !== 'gone')
  const draining = served.filter(({ state }) => state === 'draining')
  const begun = draining.map(({ drain, since }) => (drain?.since ?? since).getTime())
  const longest = begun.length === 0 ? 0 : Math.max(0, now - Math.min(...begun)) / 1_000
  return [
    { name: 'service_server_up', samples: serverSamples(served) },
    { name: 'service_endpoints', samples: stateSamples(served) },
    single('drains_in_progress', draining.length),
    single('drains_longest_seconds', longest),
  ]
}

/** Several endpoints of one URL are one: it is up when one of them is. */
function serverSamples(endpoints: readonly EndpointStatus[]): Sample[] {
  const byUrl = new Map<string, Sample>()
  for (const { service, url, state } of endpoints) {
    const id = `${service}\n${url}`
    const up = UP.has(state) || byUrl.get(id)?.value === 1
    byUrl.set(id, { labels: [service, url], value: up ? 1 : 0 })
  }
  return [...byUrl.values()]
}

function stateSamples(endpoints: readonly EndpointStatus[]): Sample[] {
  return [...Map.groupBy(endpoints, ({ service }) => service)].flatMap(([service, own]) =>
    STATES.map((state) => ({
      labels: [service, state],
      value: own.filter((endpoint) => endpoint.state === state).length,
    })),
  )
}
