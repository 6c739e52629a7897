import type { AccessEntry } from './access-entry.ts'
import { remembering, rememberingLast } from './access-groups.ts'
import { jsonFormat } from './access-json.ts'
import type { AccessFields, Keep } from './access-json.ts'
import type { TimeZone } from './access-time.ts'
import { commonTime } from './access-time.ts'
import { escapeControls, fromWire } from './escape.ts'

/** One line with its line feed. */
export type AccessFormat = (entry: AccessEntry) => string

export type { AccessFields } from './access-json.ts'

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
  return `${generic(entry, zone)} ${entry.count}${routeText(entry)}${Math.floor(entry.duration)}ms\n`
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
  const time = commonTime[zone](entry.start)
  const request = `${clientText(entry)}${time}${methodText(entry)}${bare(entry.target)}`
  return `${request}${answerText(entry)}${quoted(entry.referer)} ${quoted(entry.userAgent)}`
}

/** Most parts of a line are what they were before (docs/decisions/0016). */
const clientText = remembering(
  ({ clientHost, user }) => `${bare(clientHost)} - ${bare(user)} [`,
  ({ clientHost }) => clientHost,
  (a, b) => a.clientHost === b.clientHost && a.user === b.user,
)

const methodText = remembering(
  ({ method }) => `] "${bare(method)} `,
  ({ method }) => method,
  (a, b) => a.method === b.method,
)

const answerText = rememberingLast(
  ({ version, status, responseBytes }) =>
    ` HTTP/${version}" ${status === 0 ? '- -' : `${status} ${responseBytes}`} `,
  (a, b) => a.status === b.status && a.responseBytes === b.responseBytes && a.version === b.version,
)

const routeText = remembering(
  ({ router, endpoint }) => ` ${quoted(router)} ${quoted(endpoint)} `,
  ({ endpoint }) => endpoint,
  (a, b) => a.endpoint === b.endpoint && a.router === b.router,
)

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

const DEFAULT_JSON = jsonFormat({})
