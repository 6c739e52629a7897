import type { AccessEntry } from './access-entry.ts'
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

const DEFAULT_JSON = jsonFormat({})
