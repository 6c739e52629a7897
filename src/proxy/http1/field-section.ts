import { sameName } from '../header-list.ts'
import { COLON, CR, HT, latin1, LF, SP, TOKEN, TOKEN_BYTE, UNDERSCORE, VALUE } from './bytes.ts'

/** Fields of an answer's head, or of a trailer section, that are allowed; for requests it is an option. */
const MAX_FIELDS = 256

/**
 * What a field section says about its own connection and framing. These fields belong to one hop (RFC 9110 §7.6.1),
 * so they are read here and are not among the fields that travel on. One object is used again for every head.
 */
export class HopFields {
  /** -1 when there is none. */
  contentLength = -1
  /** Transfer-Encoding was there and was exactly `chunked`. */
  chunked = false
  /** Transfer-Encoding was there, whatever it said. */
  transferEncoding = false
  close = false
  keepAlive = false
  /** Seconds that the peer keeps an idle connection (`Keep-Alive: timeout=5`); -1 when it does not say. */
  keepAliveTimeout = -1
  /** The Connection field lists `upgrade`. */
  connectionUpgrade = false
  /** Value of Upgrade. */
  upgrade: string | undefined = undefined
  /** Value of Expect. */
  expect: string | undefined = undefined
  /** `TE: trailers`. */
  trailers = false
  /** Further names that the Connection field lists. */
  nominated: string[] | undefined = undefined
  /** Value of Host; undefined when there was none. */
  host: string | undefined = undefined
  /** A name of the X-Forwarded family, or Forwarded, or a look-alike of a managed or framing name was there. */
  managed = false

  reset(): void {
    this.contentLength = this.keepAliveTimeout = -1
    this.chunked =
      this.transferEncoding =
      this.close =
      this.keepAlive =
      this.connectionUpgrade =
      this.trailers =
      this.managed =
        false
    this.upgrade = this.expect = this.nominated = this.host = undefined
  }
}

/** Why a field section was refused. */
export type FieldError = 'malformed' | 'too-many' | 'transfer-coding'

/**
 * Reads field lines from `start` to the empty line at `end` (the offset of its CR). Strict as RFC 9112 §5: no
 * folding, no space before the colon, no bare CR or LF, no control bytes. Fields that travel on are appended to
 * `fields`, hop-by-hop ones go to `hop`.
 */
export function parseFields(
  bytes: Buffer,
  start: number,
  end: number,
  fields: string[],
  hop: HopFields,
  maxFields: number = MAX_FIELDS,
): FieldError | undefined {
  // One string for the section and slices of it: cheaper than a native call per field.
  const text = latin1(bytes, start, end)
  let at = start
  let count = 0
  while (at < end) {
    if (++count > maxFields) return 'too-many'
    const nameStart = at
    let classes = 0
    for (let byte = TOKEN[bytes[at]!]!; byte !== 0; byte = TOKEN[bytes[++at]!]!) classes |= byte
    if (bytes[at] !== COLON || (classes & TOKEN_BYTE) === 0) return 'malformed'
    const name = text.slice(nameStart - start, at - start)
    do at++
    while (bytes[at] === SP || bytes[at] === HT)
    const valueStart = at
    while (VALUE[bytes[at]!] === 1) at++
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return 'malformed'
    let valueEnd = at
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HT)) valueEnd--
    at += 2
    const error = sort(
      name,
      text.slice(valueStart - start, valueEnd - start),
      (classes & UNDERSCORE) !== 0,
      fields,
      hop,
    )
    if (error) return error
    // Not every parser takes a tab for a blank here, and one that does not sees no chunks.
    if (bytes[at - 3] === HT && sameName(name, 'transfer-encoding')) return 'transfer-coding'
  }
  return undefined
}

/** Length first: most names are settled by it without looking at a letter. */
function sort(
  name: string,
  value: string,
  underscore: boolean,
  fields: string[],
  hop: HopFields,
): FieldError | undefined {
  const first = name.charCodeAt(0) | 0x20
  switch (name.length) {
    case 2:
      if (sameName(name, 'te')) return readTe(value, hop)
      break
    case 4:
      if (sameName(name, 'host')) {
        if (hop.host !== undefined) return 'malformed'
        hop.host = value
      }
      break
    case 6:
      if (sameName(name, 'expect')) {
        hop.expect = hop.expect === undefined ? value : `${hop.expect}, ${value}`
        return undefined
      }
      break
    case 7:
      if (sameName(name, 'trailer')) return undefined
      if (sameName(name, 'upgrade')) {
        hop.upgrade = hop.upgrade === undefined ? value : `${hop.upgrade}, ${value}`
        return undefined
      }
      break
    case 9:
      if (first === F && sameName(name, 'forwarded')) hop.managed = true
      break
    case 10:
      if (first === C && sameName(name, 'connection')) return readConnection(value, hop)
      if (first === K && sameName(name, 'keep-alive')) return readKeepAlive(value, hop)
      break
    case 14:
      if (first === C && sameName(name, 'content-length')) return readContentLength(value, hop)
      // Belongs to an upgrade to h2c, which is never passed on (CVE-2026-88008).
      if (first === H && sameName(name, 'http2-settings')) return undefined
      break
    case 16:
      if (first === P && sameName(name, 'proxy-connection')) return undefined
      break
    case 17:
      if (first === T && sameName(name, 'transfer-encoding')) return readTransferEncoding(value, hop)
      break
    case 18:
      if (first === P && sameName(name, 'proxy-authenticate')) return undefined
      break
    case 19:
      if (first === P && sameName(name, 'proxy-authorization')) return undefined
      break
    default:
      break
  }
  if ((first === X && name.length >= 8) || underscore) hop.managed = true
  fields.push(name, value)
  return undefined
}

const C = 'c'.charCodeAt(0)
const F = 'f'.charCodeAt(0)
const H = 'h'.charCodeAt(0)
const K = 'k'.charCodeAt(0)
const P = 'p'.charCodeAt(0)
const T = 't'.charCodeAt(0)
const X = 'x'.charCodeAt(0)

/** Digits only, once (RFC 9112 §6.3): a list, a sign or a second field is how requests are smuggled. */
function readContentLength(value: string, hop: HopFields): FieldError | undefined {
  if (hop.contentLength >= 0 || value.length === 0 || value.length > 15) return 'malformed'
  let length = 0
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return 'malformed'
    length = length * 10 + digit
  }
  hop.contentLength = length
  return undefined
}

/** Exactly `chunked`, once: any other coding is one that two parsers may understand differently. */
function readTransferEncoding(value: string, hop: HopFields): FieldError | undefined {
  if (hop.transferEncoding) return 'malformed'
  hop.transferEncoding = true
  if (!sameName(value, 'chunked')) return 'transfer-coding'
  hop.chunked = true
  return undefined
}

function readTe(value: string, hop: HopFields): FieldError | undefined {
  if (value.split(',').some((coding) => sameName(coding.trim(), 'trailers'))) hop.trailers = true
  return undefined
}

function readKeepAlive(value: string, hop: HopFields): FieldError | undefined {
  // A peer says the same each time.
  if (value !== lastKeepAlive) {
    lastKeepAlive = value
    lastKeepAliveTimeout = Number(/(?:^|[,;\s])timeout=(\d{1,6})/i.exec(value)?.[1] ?? -1)
  }
  hop.keepAliveTimeout = lastKeepAliveTimeout
  return undefined
}

let lastKeepAlive = ''
let lastKeepAliveTimeout = -1

function readConnection(value: string, hop: HopFields): FieldError | undefined {
  // The two values that nearly every request has.
  if (value === 'keep-alive') hop.keepAlive = true
  else if (value === 'close') hop.close = true
  else for (const option of value.split(',')) readConnectionOption(option.trim().toLowerCase(), hop)
  return undefined
}

function readConnectionOption(option: string, hop: HopFields): void {
  if (option === 'close') hop.close = true
  else if (option === 'keep-alive') hop.keepAlive = true
  else if (option === 'upgrade') hop.connectionUpgrade = true
  else if (option !== '' && option !== 'te' && option !== 'trailer') (hop.nominated ??= []).push(option)
}
