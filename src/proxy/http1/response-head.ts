import { HeaderList } from '../header-list.ts'
import { CR, hasBareLineFeed, LF, SP, VALUE } from './bytes.ts'
import type { HopFields } from './field-section.ts'
import { parseFields } from './field-section.ts'

export interface ResponseHead {
  readonly status: number
  readonly version: '1.0' | '1.1'
  readonly headers: HeaderList
}

/**
 * Reads a response head: `bytes` from 0 to its empty line at `end` (the offset of that line's CR). Undefined when it
 * is not valid HTTP/1.x or its framing is ambiguous; then the connection is of no more use (RFC 9112 §6.3).
 */
export function parseResponseHead(bytes: Buffer, end: number, hop: HopFields): ResponseHead | undefined {
  hop.reset()
  // `HTTP/1.x NNN`, then a reason phrase that may be empty or missing with its space.
  if (
    bytes[0] !== 72 ||
    bytes[1] !== 84 ||
    bytes[2] !== 84 ||
    bytes[3] !== 80 ||
    bytes[4] !== 47 ||
    bytes[5] !== 49 ||
    bytes[6] !== 46
  )
    return undefined
  const minor = bytes[7]! - 48
  if ((minor !== 0 && minor !== 1) || bytes[8] !== SP) return undefined
  const status = statusOf(bytes)
  if (status === undefined) return undefined
  // HTTP/1.0 knows no interim answers (RFC 9110 §15.2): parsers differ on whether another one follows.
  if (status < 200 && minor === 0) return undefined
  let at = 12
  if (bytes[at] !== SP && bytes[at] !== CR) return undefined
  while (VALUE[bytes[at]!] === 1) at++
  if (bytes[at] !== CR || bytes[at + 1] !== LF) return undefined
  const fields: string[] = []
  if (parseFields(bytes, at + 2, end, fields, hop)) return undefined
  if (hop.transferEncoding && (hop.contentLength >= 0 || minor === 0)) return undefined
  const headers = new HeaderList(fields)
  // RFC 9110 §7.6.1: they belong to this hop. Framing fields are not among them, whatever an endpoint nominates.
  if (hop.nominated !== undefined) for (const name of hop.nominated) headers.delete(name)
  return { status, version: minor === 1 ? '1.1' : '1.0', headers }
}

const VERSION = Buffer.from('HTTP/1.')

/** Whether what has come of a head can no longer become a valid one: then nothing is worth waiting for. */
export function isHopelessAnswer(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, VERSION.length)
  return bytes.compare(VERSION, 0, length, 0, length) !== 0 || hasBareLineFeed(bytes, 0)
}

function statusOf(bytes: Buffer): number | undefined {
  const hundreds = bytes[9]! - 48
  const tens = bytes[10]! - 48
  const ones = bytes[11]! - 48
  if (hundreds < 1 || hundreds > 9 || tens < 0 || tens > 9 || ones < 0 || ones > 9) return undefined
  return hundreds * 100 + tens * 10 + ones
}
