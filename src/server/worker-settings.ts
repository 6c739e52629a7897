import type { EntryPointConfig, StaticConfig } from '../config/static.ts'
import type { EntryPointSettings, WorkerSettings } from './entry-point-settings.ts'

/** Bytes of a request target: more than any browser sends. */
const MAX_TARGET_LENGTH = 32 * 1024

/** What workers must know of the static configuration. `hostname` is this machine's. */
export function workerSettings(config: StaticConfig, hostname: string): WorkerSettings {
  const { accessLog, ping, experiments } = config
  const silent = [...config.entryPoints].filter(([, { observability }]) => !observability.accessLogs)
  return {
    entryPoints: [...config.entryPoints].map(([name, entryPoint]) => entryPointSettings(name, entryPoint)),
    hostname,
    pingTerminatingStatus: ping?.terminatingStatusCode ?? 503,
    experiments,
    accessLog: accessLog && {
      format: accessLog.format,
      internals: accessLog.addInternals,
      silentEntryPoints: silent.map(([name]) => name),
      counter: new SharedArrayBuffer(8),
    },
  }
}

function entryPointSettings(
  name: string,
  { transport, forwardedHeaders, http, http2 }: EntryPointConfig,
): EntryPointSettings {
  const { readTimeout, writeTimeout, idleTimeout } = transport.respondingTimeouts
  const { keepAliveMaxTime, keepAliveMaxRequests } = transport
  return {
    name,
    limits: {
      maxHeadBytes: http.maxHeaderBytes,
      maxTargetLength: MAX_TARGET_LENGTH,
      sanitizePath: http.sanitizePath,
      encodeQuerySemicolons: http.encodeQuerySemicolons,
      refusedEscapes: refusedEscapes(http.encodedCharacters),
      keptNominated: forwardedHeaders.connection.map((header) => header.toLowerCase()),
      readTimeout,
      writeTimeout,
      idleTimeout,
      keepAliveMaxTime,
      keepAliveMaxRequests,
    },
    forwarded: { ...forwardedHeaders, underscores: http.underscoreHeadersStrategy },
    tls: http.tls !== undefined,
    http2,
  }
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
