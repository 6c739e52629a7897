import type { MinimumRate } from '../proxy/http1/connection-host.ts'
import type { EntryPointConfig, StaticConfig } from '../config/static.ts'
import { pluginFiles } from '../plugins/plugins.ts'
import { connectionCaps } from './connection-gate.ts'
import type { MeterSettings } from './data-plane/request-meters.ts'
import type { EntryPointSettings, WorkerSettings } from './entry-point-settings.ts'

/** Milliseconds over which the rate of a request body is looked at. */
const REQUEST_WINDOW = 20_000
/** The same for answers: a sleeping phone is worth an endpoint for a while, a paused video is not. */
const RESPONSE_WINDOW = 60_000
/** Requests that a worker may have under way when nothing else is configured: more than its memory likes. */
const MAX_IN_FLIGHT = 10_000

/** Seconds; Traefik's. */
export const DEFAULT_BUCKETS = [0.1, 0.3, 1.2, 5]

/** What workers must know of the static configuration. `hostname` is this machine's. */
export function workerSettings(config: StaticConfig, hostname: string): WorkerSettings {
  const { accessLog, ping, experiments, workers, overload, zone } = config
  const silent = [...config.entryPoints].filter(([, { observability }]) => !observability.accessLogs)
  return {
    entryPoints: [...config.entryPoints].map(([name, entryPoint]) =>
      entryPointSettings(name, entryPoint, workers, config.metrics !== undefined),
    ),
    hostname,
    plugins: pluginFiles(config.plugins),
    pingTerminatingStatus: ping?.terminatingStatusCode ?? 503,
    experiments,
    zone,
    workers,
    overload: {
      maxInFlight:
        overload.maxInFlight === undefined ? MAX_IN_FLIGHT : Math.ceil(overload.maxInFlight / workers),
      maxEventLoopDelay: overload.maxEventLoopDelay,
    },
    meters: meterSettings(config),
    accessLog: accessLog && {
      format: accessLog.format,
      filters: accessLog.filters,
      fields: accessLog.fields,
      internals: accessLog.addInternals,
      silentEntryPoints: silent.map(([name]) => name),
      counter: new SharedArrayBuffer(8),
    },
  }
}

/** What anybody wants to be told of is counted; what each is told, is chosen when it is told. */
function meterSettings({ metrics, entryPoints }: StaticConfig): MeterSettings | undefined {
  const { prometheus, statsD, datadog, addInternals } = metrics ?? {}
  const told = [prometheus, statsD, datadog].filter((one) => one !== undefined)
  if (told.length === 0) return undefined
  const silent = [...entryPoints].filter(([, { observability }]) => !observability.metrics)
  return {
    buckets: prometheus?.buckets ?? DEFAULT_BUCKETS,
    entryPoints: told.some(({ addEntryPointsLabels }) => addEntryPointsLabels),
    routers: told.some(({ addRoutersLabels }) => addRoutersLabels),
    services: told.some(({ addServicesLabels }) => addServicesLabels),
    internals: addInternals ?? false,
    silentEntryPoints: silent.map(([name]) => name),
    headers: Object.values(prometheus?.headerLabels ?? {}),
  }
}

function entryPointSettings(
  name: string,
  { transport, forwardedHeaders, http, http2 }: EntryPointConfig,
  workers: number,
  counted: boolean,
): EntryPointSettings {
  const { headersTimeout, readTimeout, writeTimeout, idleTimeout } = transport.respondingTimeouts
  const { keepAliveMaxTime, keepAliveMaxRequests, minRequestRate, minResponseRate } = transport
  const { abortOnClose, maxConnections, maxConnectionsPerClient } = transport
  return {
    name,
    limits: {
      maxHeadBytes: http.maxHeaderBytes,
      maxTargetLength: http.maxUriBytes,
      maxFields: http.maxHeaders,
      maxBodyBytes: http.maxBodyBytes === 0 ? Number.POSITIVE_INFINITY : http.maxBodyBytes,
      sanitizePath: http.sanitizePath,
      encodeQuerySemicolons: http.encodeQuerySemicolons,
      refusedEscapes: refusedEscapes(http.encodedCharacters),
      keptNominated: forwardedHeaders.connection.map((header) => header.toLowerCase()),
      headersTimeout: shorter(headersTimeout, readTimeout),
      abortOnClose,
      requestRate: minimumRate(minRequestRate, REQUEST_WINDOW),
      responseRate: minimumRate(minResponseRate, RESPONSE_WINDOW),
      readTimeout,
      writeTimeout,
      idleTimeout,
      keepAliveMaxTime,
      keepAliveMaxRequests,
    },
    forwarded: { ...forwardedHeaders, underscores: http.underscoreHeadersStrategy },
    tls: http.tls !== undefined,
    http2,
    caps: connectionCaps({ maxConnections, maxConnectionsPerClient }, workers, counted),
  }
}

function minimumRate(bytesPerSecond: number, window: number): MinimumRate {
  return { bytes: Math.ceil((bytesPerSecond * window) / 1_000), window }
}

/** A head is part of a request, so what the whole may take it may not exceed. */
function shorter(headersTimeout: number, readTimeout: number): number {
  return readTimeout === 0 || headersTimeout === 0
    ? Math.max(headersTimeout, readTimeout)
    : Math.min(headersTimeout, readTimeout)
}

const ESCAPES = {
  allowEncodedSlash: '%2F',
  allowEncodedBackSlash: '%5C',
  allowEncodedSemicolon: '%3B',
  allowEncodedPercent: '%25',
  allowEncodedQuestionMark: '%3F',
  allowEncodedHash: '%23',
} as const

function refusedEscapes(allowed: Readonly<Record<keyof typeof ESCAPES, boolean>>): string[] {
  return Object.entries(ESCAPES).flatMap(([option, escape]) =>
    allowed[option as keyof typeof ESCAPES] ? [] : [escape],
  )
}
