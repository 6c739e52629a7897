import type { HeaderList } from '../proxy/header-list.ts'
import type { AccessEntry } from './access-entry.ts'
import type { TimeZone } from './access-time.ts'
import { commonTime, preciseTime, secondTime } from './access-time.ts'
import { escapeControls, fromWire } from './escape.ts'

/** One line with its line feed. */
export type AccessFormat = (entry: AccessEntry) => string

export type Keep = 'keep' | 'drop' | 'redact'

/** Which fields a JSON line shows, as in Traefik's `accessLog.fields`. */
export interface AccessFields {
  readonly defaultMode?: Keep
  readonly names?: Readonly<Record<string, Keep>>
  readonly headers?: { readonly defaultMode?: Keep; readonly names?: Readonly<Record<string, Keep>> }
  readonly queryParameters?: { readonly defaultMode?: Keep }
}

export interface AccessFormatOptions {
  readonly format?: 'common' | 'genericCLF' | 'json'
  /** Of the times in `common` and `genericCLF`. Default `local`. */
  readonly zone?: TimeZone
  readonly fields?: AccessFields
}

/** The function that renders entries; what it needs to decide is decided once. */
export function accessFormat({
  format = 'common',
  zone = 'local',
  fields = {},
}: AccessFormatOptions = {}): AccessFormat {
  const query = fields.queryParameters?.defaultMode ?? 'keep'
  const prepare = query === 'keep' ? (entry: AccessEntry) => entry : withQuery(query)
  if (format === 'json') {
    const json = jsonFormat(fields)
    return (entry) => json(prepare(entry))
  }
  const render = format === 'genericCLF' ? formatGeneric : formatCommon
  return (entry) => render(prepare(entry), zone)
}

/** The Common Log Format with Traefik's additions: count, router, server and milliseconds. */
export function formatCommon(entry: AccessEntry, zone: TimeZone = 'local'): string {
  const { count, router, endpoint, duration } = entry
  const tail = `${count} ${quoted(router)} ${quoted(endpoint)} ${Math.floor(duration)}ms`
  return `${generic(entry, zone)} ${tail}\n`
}

/** The Common Log Format with referrer and user agent, as other servers write it. */
export function formatGeneric(entry: AccessEntry, zone: TimeZone = 'local'): string {
  return `${generic(entry, zone)}\n`
}

/** One JSON object per line with Traefik's field names, and `Why`. All fields, no headers. */
export function formatJson(entry: AccessEntry): string {
  return DEFAULT_JSON(entry)
}

function generic(entry: AccessEntry, zone: TimeZone): string {
  const { clientHost, user, start, method, target, version, status, responseBytes, referer, userAgent } =
    entry
  const request = `${bare(method)} ${bare(target)} ${protocol(version)}`
  const answer = status === 0 ? '- -' : `${status} ${responseBytes}`
  const time = commonTime[zone](start)
  return `${bare(clientHost)} - ${bare(user)} [${time}] "${request}" ${answer} ${quoted(referer)} ${quoted(userAgent)}`
}

function protocol(version: AccessEntry['version']): string {
  return `HTTP/${version}`
}

/** Most values hold nothing that has to be escaped, and this is asked for every request. */
const PLAIN = /^[ !#-[\]-~]*$/

function bare(value: string | undefined): string {
  return value === undefined || value === '' ? '-' : escaped(value)
}

function quoted(value: string | undefined): string {
  return value === undefined || value === '' ? '"-"' : `"${escaped(value)}"`
}

/** A backslash stays as it is, as in Traefik, unless it would undo the escaping of a quote that follows. */
function escaped(value: string): string {
  if (PLAIN.test(value)) return value
  return escapeControls(fromWire(value)).replace(/(\\*)("|$)/g, (_, slashes: string, end: string) =>
    end === '' ? slashes + slashes : `${slashes}${slashes}\\"`,
  )
}

function withQuery(mode: Keep): (entry: AccessEntry) => AccessEntry {
  return (entry) => {
    const at = entry.target.indexOf('?')
    if (at < 0) return entry
    const path = entry.target.slice(0, at)
    return {
      ...entry,
      target: mode === 'drop' ? path : `${path}?${redactedQuery(entry.target.slice(at + 1))}`,
    }
  }
}

function redactedQuery(query: string): string {
  return query
    .split('&')
    .map((pair) => (pair.includes('=') ? `${pair.slice(0, pair.indexOf('='))}=REDACTED` : pair))
    .join('&')
}

type JsonFields = Record<string, string | number | undefined>

function jsonFormat({ defaultMode = 'keep', names = {}, headers = {} }: AccessFields): AccessFormat {
  const modes = new Map(Object.entries(names))
  const modeOf = (name: string): Keep => modes.get(name) ?? defaultMode
  const headerModes = new Map(
    Object.entries(headers.names ?? {}).map(([name, mode]) => [name.toLowerCase(), mode]),
  )
  const headerModeOf = (name: string): Keep =>
    headerModes.get(name.toLowerCase()) ?? headers.defaultMode ?? 'drop'
  return (entry) => {
    const shown: JsonFields = {}
    for (const [name, value] of Object.entries(allFields(entry))) show(shown, name, value, modeOf(name))
    addHeaders(shown, 'request_', entry.requestHeaders, headerModeOf)
    addHeaders(shown, 'origin_', entry.origin?.headers, headerModeOf)
    addHeaders(shown, 'downstream_', entry.responseHeaders, headerModeOf)
    shown.level = 'info'
    shown.msg = ''
    shown.time = secondTime(entry.start + entry.duration, 'local')
    return `${JSON.stringify(shown)}\n`
  }
}

const DEFAULT_JSON = jsonFormat({})

function show(shown: JsonFields, name: string, value: string | number | undefined, mode: Keep): void {
  if (value === undefined || mode === 'drop') return
  shown[name] = mode === 'redact' ? 'REDACTED' : typeof value === 'string' ? fromWire(value) : value
}

function addHeaders(
  shown: JsonFields,
  prefix: string,
  headers: HeaderList | undefined,
  modeOf: (name: string) => Keep,
): void {
  if (!headers) return
  for (const [name] of headers) {
    const mode = modeOf(name)
    if (mode !== 'drop') show(shown, prefix + canonical(name), headers.getAll(name).join(', '), mode)
  }
}

/** `user-agent` → `User-Agent`: one key per field, whatever case a client writes it in. */
function canonical(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())
}

function allFields(entry: AccessEntry): JsonFields {
  const { origin } = entry
  const [host, port] = hostAndPort(entry.authority)
  return {
    StartUTC: preciseTime(entry.start, 'utc'),
    StartLocal: preciseTime(entry.start, 'local'),
    Duration: nanoseconds(entry.duration),
    RouterName: entry.router,
    ServiceName: entry.service,
    ServiceURL: entry.endpoint,
    ServiceAddr: entry.endpoint === undefined ? undefined : addressOf(entry.endpoint),
    ClientAddr: `${entry.clientHost.includes(':') ? `[${entry.clientHost}]` : entry.clientHost}:${entry.clientPort}`,
    ClientHost: entry.clientHost,
    ClientPort: String(entry.clientPort),
    ClientUsername: entry.user ?? '-',
    RequestAddr: entry.authority,
    RequestHost: host,
    RequestPort: port,
    RequestMethod: entry.method,
    RequestPath: entry.target,
    RequestProtocol: protocol(entry.version),
    RequestScheme: entry.scheme,
    RequestContentSize: entry.requestBytes,
    OriginDuration: origin && nanoseconds(origin.duration),
    OriginContentSize: origin?.bytes,
    OriginStatus: origin?.status,
    DownstreamStatus: entry.status,
    DownstreamContentSize: entry.responseBytes,
    RequestCount: entry.count,
    Overhead: nanoseconds(Math.max(0, entry.duration - (origin?.duration ?? 0))),
    RetryAttempts: entry.retries,
    entryPointName: entry.entryPoint,
    Why: entry.why,
  }
}

function nanoseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1e6)
}

/** The port is `-` when none was named. */
function hostAndPort(authority: string): [host: string, port: string] {
  const [, host, port] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(authority) ?? []
  return host === undefined || port === undefined ? [authority, '-'] : [host, port]
}

function addressOf(url: string): string {
  const start = url.indexOf('://') + 1
  return url.slice(start === 0 ? 0 : start + 2).replace(/\/.*$/s, '')
}
