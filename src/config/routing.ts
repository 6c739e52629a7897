import {
  failoverOptions,
  highestRandomWeightOptions,
  mirroringOptions,
  weightedOptions,
} from './composite-services.ts'
import type { Fields, OptionsOf } from './fields.ts'
import { healthCheckOptions, passiveHealthCheckOptions, retryOptions } from './health.ts'
import { stickyOptions } from './sticky.ts'
import { routerTls } from './tls.ts'

/**
 * The dynamic configuration that providers produce, one schema per resource. Each resource is decoded by itself,
 * so that a wrong one costs only itself.
 */
export const routerOptions = (field: Fields) => ({
  rule: field.string('Which requests the router takes, in the rule language.').optional(),
  entryPoints: field
    .list(
      'Entry points that it listens on; none named: those marked `asDefault`, else all.',
      field.string('Name of an entry point.'),
    )
    .default([]),
  middlewares: field
    .list('Middlewares in the order in which requests pass them.', field.string('`name` or `name@provider`.'))
    .default([]),
  service: field
    .string('The service that answers; may be left out when the same source defines exactly one.')
    .optional(),
  priority: field.integer('Higher wins; 0 or left out: the length of the rule.').default(0),
  ruleSyntax: field.choice('Kept for compatibility; only v3 is understood.', ['v3']).optional(),
  tls: routerTls(field),
  observability: field.pending('per-router observability'),
  parentRefs: field.pending('routers in several layers'),
})
export type RouterConfig = OptionsOf<ReturnType<typeof routerOptions>>

const serverOptions = (field: Fields) => ({
  url: field.string('Where it listens: `http://` or `https://`, host or address, and port.').optional(),
  weight: field
    .integer(
      'Its share of the requests; 0 takes it out. In tags also a percentage: the part of all [canaries](#canaries) of its version together.',
      { min: 0, max: 1_000_000 },
    )
    .default(1),
  preservePath: field.boolean('Puts the path of `url` in front of the request path.').default(false),
  // Tags name one server, whose address the source knows.
  port: field
    .integer('Tags only: the port, or the container port, to connect to.', { min: 1, max: 65_535 })
    .optional(),
  scheme: field.choice('Tags only: how to speak to it.', ['http', 'https', 'h2c']).default('http'),
})

export const loadBalancerOptions = (field: Fields) => ({
  servers: field
    .list('The endpoints of the service.', field.section('One endpoint.', serverOptions(field)))
    .default([]),
  server: field.section('Tags only: the instance itself.', serverOptions(field)).optional(),
  strategy: field.string('How an endpoint is chosen: the name of a [strategy](#strategies).').default('wrr'),
  passHostHeader: field.boolean("Sends the client's Host header on.").default(true),
  responseForwarding: field
    .section('How responses are passed on.', {
      flushInterval: field
        .duration('Kept for compatibility: every chunk is passed on at once.', {})
        .prefault('100ms'),
    })
    .optional(),
  drainTimeout: field
    .duration('How long requests and tunnels of an endpoint that leaves may take to finish.')
    .prefault('30s'),
  maxConnections: field
    .integer(
      'Connections to one endpoint at a time, divided among the workers (each has at least one); 0: any number. When all endpoints have that many, requests wait.',
      { min: 0, max: 1_000_000 },
    )
    .default(0),
  maxQueue: field
    .integer(
      'With `maxConnections`: requests that may wait, divided among the workers; more are answered 503 at once.',
      { min: 0, max: 1_000_000 },
    )
    .default(100),
  queueTimeout: field
    .duration('With `maxConnections`: how long a request may wait before it is answered 503; 0: for ever.')
    .prefault('5s'),
  serversTransport: field
    .string(
      'How endpoints are connected to: the `name` or `name@provider` of a [servers transport](#servers-transports).',
    )
    .optional(),
  sticky: field
    .section(
      'Sends the requests of a session to one endpoint, for as long as that may be used.',
      stickyOptions(field),
    )
    .optional(),
  zonePreference: field
    .boolean(
      'Asks endpoints of the proxy’s own zone first, while at least half of them are ready and they can bear it; only where the static option `zone` says which that is.',
    )
    .default(true),
  slowStart: field
    .duration(
      'For how long the share of an endpoint that comes up grows, from a tenth to its whole weight; 0: it has it at once.',
    )
    .prefault('0s'),
  healthCheck: field
    .section(
      'Asks each endpoint in turn whether it is well; without it all are taken to be.',
      healthCheckOptions(field),
    )
    .optional(),
  passiveHealthCheck: field
    .section(
      'Takes out endpoints that fail their requests. When left out: after 5 failures in a row, for 10 s, and 10 s longer each time.',
      passiveHealthCheckOptions(field),
    )
    .optional(),
  retry: field
    .section('Requests that failed are sent again where that is safe.', retryOptions(field))
    .prefault({}),
})
export type LoadBalancerConfig = OptionsOf<ReturnType<typeof loadBalancerOptions>>

export const serviceOptions = (field: Fields) => ({
  loadBalancer: field.section('Spreads requests over endpoints.', loadBalancerOptions(field)).optional(),
  weighted: field.section('Divides requests among services by weight.', weightedOptions(field)).optional(),
  highestRandomWeight: field
    .section(
      'Divides clients among services by weight: the requests of one address go to one service.',
      highestRandomWeightOptions(field),
    )
    .optional(),
  mirroring: field
    .section('Lets one service answer, and sends others copies.', mirroringOptions(field))
    .optional(),
  failover: field.section('Lets another service answer when one cannot.', failoverOptions(field)).optional(),
  middlewares: field.pending('middlewares on services'),
})

export type ServiceConfig = OptionsOf<ReturnType<typeof serviceOptions>>

/** The kinds of resources under `http`, and what else is understood. */
export const HTTP_SECTIONS = ['routers', 'services', 'middlewares', 'serversTransports'] as const
/** Top-level sections of the dynamic configuration that are not built yet, with what they wait for. */
export const PENDING_SECTIONS = { tcp: 'TCP routing', udp: 'UDP routing' } as const
