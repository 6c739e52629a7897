import { HeaderList } from '../header-list.ts'
import { Request } from '../request.ts'
import type { WhyCode } from '../why.ts'
import { canonicalHost } from './authority.ts'
import { CR, hasBareLineFeed, latin1, LF, SP, SPECIAL, TARGET, TOKEN } from './bytes.ts'
import type { FieldError, HopFields } from './field-section.ts'
import { parseFields } from './field-section.ts'
import { normalPath } from './normal-path.ts'

export interface RequestHeadLimits {
  /** Bytes of a request target. */
  readonly maxTargetLength: number
  /** Fields of a head. */
  readonly maxFields: number
  /** Whether dot segments and empty segments are removed from paths. */
  readonly sanitizePath: boolean
  /** Escapes in upper case, such as `%2F`, that a path must not hold. */
  readonly refusedEscapes: readonly string[]
  /** Forwards `;` in queries as `%3B`. */
  readonly encodeQuerySemicolons: boolean
}

const SLASH = 47
const DOT = 46
const PERCENT = 37
const QUESTION = 63

/**
 * Reads a request head: `bytes` from `start` to its empty line at `end` (the offset of that line's CR). Gives the
 * request, with `hop` filled for its connection, or the why-code of its refusal. Anything that RFC 9112 does not
 * clearly allow is refused.
 */
export function parseRequestHead(
  bytes: Buffer,
  start: number,
  end: number,
  hop: HopFields,
  limits: RequestHeadLimits,
): Request | WhyCode {
  hop.reset()
  let at = start
  while (TOKEN[bytes[at]!] !== 0) at++
  if (bytes[at] !== SP || at === start) return 'BR'
  const method = methodOf(bytes, start, at)

  const targetStart = ++at
  let query = -1
  let normal = true
  for (let kind = TARGET[bytes[at]!]!; kind !== 0; kind = TARGET[bytes[++at]!]!) {
    if (kind !== SPECIAL || query >= 0) continue
    const byte = bytes[at]
    if (byte === QUESTION) query = at
    // Only then can the path differ from its normal form.
    else if (byte === PERCENT || bytes[at - 1] === SLASH) normal = false
  }
  if (bytes[at] !== SP || at === targetStart) return 'BR'
  if (at - targetStart > limits.maxTargetLength) return 'UL'
  const targetEnd = at

  const version = versionOf(bytes, at + 1)
  if (version === undefined) return 'BR'
  if (version === 'other') return 'VN'
  const request = new Request()
  request.method = method
  request.version = version

  const fields: string[] = []
  const error = parseFields(bytes, at + 11, end, fields, hop, limits.maxFields)
  if (error) return FIELD_ERRORS[error]
  request.headers = new HeaderList(fields)
  if (method === 'CONNECT') return 'MN'
  const target = latin1(bytes, targetStart, targetEnd)
  return (
    setTarget(request, target, query < 0 ? -1 : query - targetStart, normal, limits) ??
    setHost(request, hop) ??
    checkFraming(request, hop) ??
    request
  )
}

/** Whether what has come of a head can no longer become a valid one: then nothing is worth waiting for. */
export function isHopeless(bytes: Buffer, start: number): boolean {
  const lineEnd = bytes.indexOf(CR, start)
  if (TOKEN[bytes[start]!] === 0 && bytes[start] !== CR) return true
  if (lineEnd >= 0 && lineEnd + 1 < bytes.length && versionOf(bytes, lineEnd - 8) === undefined) return true
  return hasBareLineFeed(bytes, start)
}

const FIELD_ERRORS: Readonly<Record<FieldError, WhyCode>> = {
  malformed: 'BR',
  'too-many': 'HL',
  'transfer-coding': 'TE',
}

/** The usual methods without a native call. */
function methodOf(bytes: Buffer, start: number, end: number): string {
  if (end - start === 3 && bytes[start] === 71 && bytes[start + 1] === 69 && bytes[start + 2] === 84)
    return 'GET'
  return latin1(bytes, start, end)
}

/** `HTTP/1.0` or `HTTP/1.1` and CRLF at `at`. */
function versionOf(bytes: Buffer, at: number): '1.0' | '1.1' | 'other' | undefined {
  // `HTTP/`
  if (
    bytes[at] !== 72 ||
    bytes[at + 1] !== 84 ||
    bytes[at + 2] !== 84 ||
    bytes[at + 3] !== 80 ||
    bytes[at + 4] !== SLASH
  )
    return undefined
  if (bytes[at + 6] !== DOT || bytes[at + 8] !== CR || bytes[at + 9] !== LF) return undefined
  const major = bytes[at + 5]! - 48
  const minor = bytes[at + 7]! - 48
  if (major < 0 || major > 9 || minor < 0 || minor > 9) return undefined
  if (major !== 1 || minor > 1) return 'other'
  return minor === 1 ? '1.1' : '1.0'
}

function setTarget(
  request: Request,
  target: string,
  query: number,
  normal: boolean,
  limits: RequestHeadLimits,
): WhyCode | undefined {
  if (target.charCodeAt(0) === SLASH) return setPath(request, target, query, normal, limits)
  if (target === '*') {
    request.path = '*'
    return request.method === 'OPTIONS' ? undefined : 'BR'
  }
  return setAbsoluteTarget(request, target, limits)
}

function setPath(
  request: Request,
  target: string,
  query: number,
  normal: boolean,
  limits: RequestHeadLimits,
): WhyCode | undefined {
  const path = query < 0 ? target : target.slice(0, query)
  if (query >= 0) request.query = queryOf(target.slice(query), limits.encodeQuerySemicolons)
  const form = normal ? path : normalPath(path)
  if (form === undefined || holdsRefused(form, limits.refusedEscapes)) return 'BR'
  // Without sanitising, only what is broken is refused; the path goes on as it came.
  request.path = limits.sanitizePath ? form : path
  return undefined
}

function queryOf(query: string, encodeSemicolons: boolean): string {
  return encodeSemicolons ? query.replaceAll(';', '%3B') : query
}

function holdsRefused(path: string, escapes: readonly string[]): boolean {
  return escapes.length > 0 && path.includes('%') && escapes.some((escape) => path.includes(escape))
}

/** `http://host/path`: its authority replaces Host (RFC 9112 §3.2.2). */
function setAbsoluteTarget(request: Request, target: string, limits: RequestHeadLimits): WhyCode | undefined {
  const [, authority, rest] = /^https?:\/\/([^/?]*)(.*)$/i.exec(target) ?? []
  if (authority === undefined || authority === '') return 'BR'
  request.authority = authority
  // RFC 9112 §3.2.4: without a path it is the server as a whole that is asked.
  if (rest === '' && request.method === 'OPTIONS') {
    request.path = '*'
    return undefined
  }
  const path = rest!.startsWith('/') ? rest! : `/${rest!}`
  const query = path.indexOf('?')
  return setPath(request, path, query, false, limits)
}

/** Exactly one valid Host in HTTP/1.1 (RFC 9112 §3.2); an absolute target overrules it. */
function setHost(request: Request, hop: HopFields): WhyCode | undefined {
  const named = hop.host
  const namedHost = named === undefined ? undefined : canonicalHost(named)
  if (named === undefined) {
    if (request.version === '1.1') return 'BR'
    if (request.authority !== '') request.headers.set('Host', request.authority)
  } else if (namedHost === undefined) return 'BR'
  if (request.authority === '') {
    request.authority = named ?? ''
    request.host = namedHost ?? ''
    return undefined
  }
  if (request.authority !== named) request.headers.set('Host', request.authority)
  const host = canonicalHost(request.authority)
  if (host === undefined) return 'BR'
  request.host = host
  return undefined
}

/** RFC 9112 §6.1: both framings at once, or a transfer coding in HTTP/1.0, is an attack until proven otherwise. */
function checkFraming(request: Request, hop: HopFields): WhyCode | undefined {
  if (hop.transferEncoding && (hop.contentLength >= 0 || request.version === '1.0')) return 'BR'
  return undefined
}
