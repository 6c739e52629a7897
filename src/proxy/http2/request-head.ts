import type { HopFields } from '../http1/field-section.ts'
import { parseRequestHead } from '../http1/request-head.ts'
import type { RequestHeadLimits } from '../http1/request-head.ts'
import type { Request } from '../request.ts'
import type { WhyCode } from '../why.ts'

export interface Http2HeadLimits extends RequestHeadLimits {
  /** Bytes of a request head. */
  readonly maxHeadBytes: number
}

/** Names are tokens in lower case (RFC 9113 §8.2). */
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
/** What would begin another line of an HTTP/1.1 head. */
const LINE_BREAKING = /[\r\n\0]/

interface Pseudo {
  method: string
  path: string
  authority: string | undefined
  scheme: string
}

/**
 * Reads the fields of a HEADERS frame (names and values alternating). They are put into the form of an HTTP/1.1 head
 * and read by the one strict parser, so that nothing that it would refuse passes by way of HTTP/2: what goes to an
 * endpoint is HTTP/1.1 (conformance: H2.CL, H2.TE, request splitting). `:authority` overrules Host.
 */
export function readRequestHead(
  fields: readonly string[],
  hop: HopFields,
  limits: Http2HeadLimits,
): Request | WhyCode {
  const pseudo: Pseudo = { method: '', path: '', authority: undefined, scheme: '' }
  const lines = fieldLines(fields, pseudo)
  if (lines === undefined || !isPath(pseudo) || !/^https?$/.test(pseudo.scheme))
    return pseudo.method === 'CONNECT' ? 'MN' : 'BR'
  const text = `${pseudo.method} ${pseudo.path} HTTP/1.1\r\n${hostLine(pseudo)}${lines}`
  if (text.length > limits.maxHeadBytes) return 'HL'
  const bytes = Buffer.from(`${text}\r\n`, 'latin1')
  const request = parseRequestHead(bytes, 0, text.length, hop, limits)
  if (typeof request === 'string') return request
  if (isConnectionSpecific(hop)) return 'BR'
  request.version = '2.0'
  return request
}

/** Undefined when a name or value cannot be written as a line. */
function fieldLines(fields: readonly string[], pseudo: Pseudo): string | undefined {
  let lines = ''
  let cookie: string | undefined
  let host: string | undefined
  for (let i = 0; i < fields.length; i += 2) {
    const [name, value] = [fields[i]!, fields[i + 1]!]
    if (LINE_BREAKING.test(value)) return undefined
    if (name.startsWith(':')) {
      if (!setPseudo(pseudo, name, value)) return undefined
    } else if (!NAME.test(name)) return undefined
    else if (name === 'host') host ??= value
    // Clients split it for better compression; HTTP/1.1 knows one field only (RFC 9113 §8.2.3).
    else if (name === 'cookie') cookie = cookie === undefined ? value : `${cookie}; ${value}`
    else lines += `${name}: ${value}\r\n`
  }
  pseudo.authority ??= host
  return cookie === undefined ? lines : `${lines}cookie: ${cookie}\r\n`
}

function setPseudo(pseudo: Pseudo, name: string, value: string): boolean {
  if (name === ':method') pseudo.method = value
  else if (name === ':path') pseudo.path = value
  else if (name === ':authority') pseudo.authority = value
  else if (name === ':scheme') pseudo.scheme = value
  else return false
  return true
}

/** An absolute target has no place here: `:authority` says where to (RFC 9113 §8.3.1). */
function isPath({ path }: Pseudo): boolean {
  return path.startsWith('/') || path === '*'
}

function hostLine({ authority }: Pseudo): string {
  return authority === undefined ? '' : `Host: ${authority}\r\n`
}

/** RFC 9113 §8.2.2: such fields make a request malformed. */
function isConnectionSpecific({
  transferEncoding,
  upgrade,
  connectionUpgrade,
  close,
  keepAlive,
  nominated,
}: HopFields): boolean {
  return (
    transferEncoding ||
    upgrade !== undefined ||
    connectionUpgrade ||
    close ||
    keepAlive ||
    nominated !== undefined
  )
}
