import { caddy } from './proxies/caddy.ts'
import type { Contestant } from './proxies/contestant.ts'
import { haproxy } from './proxies/haproxy.ts'
import { nginx } from './proxies/nginx.ts'
import { tidegate } from './proxies/tidegate.ts'

/** Everyone with one proxy thread, ten routers by host, the same forwarding headers, and no access log. */
export const ONE_WORKER: Contestant = tidegate({ name: 'tidegate' })
export const ALL: readonly Contestant[] = [ONE_WORKER, haproxy, nginx, caddy]

export const TWO_WORKERS = tidegate({ name: 'tidegate, 2 workers', workers: 2, probe: 'connections' })
export const MANY_ROUTERS = tidegate({ name: 'tidegate, 10,000 routers', routers: 10_000, services: 10 })
export const MANY_SERVICES = tidegate({ name: 'tidegate, 10,000 services', routers: 10_000 })
/** Not pinned: its control plane must not have to share the worker's core. */
export const CHANGING = tidegate({
  name: 'tidegate, changing',
  routers: 10_000,
  workers: 2,
  place: 'anywhere',
  probe: 'stalls',
})
export const PROFILED = tidegate({ name: 'tidegate, profiled', probe: 'profile' })

const PREFIX = '/app'
const FREQUENT = {
  stripPrefix: { stripPrefix: { prefixes: [PREFIX] } },
  headers: {
    headers: {
      customRequestHeaders: { 'X-Team': 'web' },
      customResponseHeaders: { 'X-Served-By': 'edge', Server: '' },
      frameDeny: true,
      contentTypeNosniff: true,
    },
  },
  // By the client's address, and never reached.
  rateLimit: { rateLimit: { average: 1_000_000, burst: 1_000_000 } },
} as const

const METRICS = ['--metrics.prometheus.entryPoint=web']
const ACCESS_LOG = [...METRICS, '--accessLog.filePath=FOLDER/access.log']

/** The same routers with metrics, and with metrics and an access log. */
export const WITH_METRICS = tidegate({ name: 'tidegate, metrics', flags: METRICS })
export const WITH_COMMON_LOG = tidegate({ name: 'tidegate, metrics + access log', flags: ACCESS_LOG })
export const WITH_JSON_LOG = tidegate({
  name: 'tidegate, metrics + access log in JSON',
  flags: [...ACCESS_LOG, '--accessLog.format=json'],
})

/** The same routers through the middlewares that nearly everybody uses. */
export const THROUGH_THREE = tidegate({
  name: 'tidegate, stripPrefix + headers + rateLimit',
  middlewares: FREQUENT,
  pathPrefix: PREFIX,
})
export const THROUGH_ONE = Object.entries(FREQUENT).map(([name, middleware]) =>
  tidegate({
    name: `tidegate, ${name}`,
    middlewares: { [name]: middleware },
    pathPrefix: name === 'stripPrefix' ? PREFIX : '',
  }),
)
