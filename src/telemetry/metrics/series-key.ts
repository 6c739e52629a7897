/**
 * What tells the series of one entry point, router or service apart, packed into an integer, since a request is counted
 * by comparing integers: bits 0–2 the protocol, 3–6 the method, 7–16 the status, 17–23 the values of configured
 * header labels. All of it is bounded, whatever clients and services send.
 */
export const METHODS = [
  'EXTENSION_METHOD',
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'CONNECT',
] as const
export const PROTOCOLS = ['http', 'websocket', 'sse', 'grpc', 'grpc-web'] as const
export type ProtocolIndex = 0 | 1 | 2 | 3 | 4

/** Values of header labels that are told apart; what comes later is `other`. */
export const MOST_HEADER_VALUES = 100
/** Their index. */
export const OTHER_VALUES = 127

/** Where what was not told apart any more is counted: its labels are `other`. */
export const OVERFLOW_KEY = 0
/** Above the keys of requests are those of what is counted besides. */
export const HIGHEST_REQUEST_KEY = 1 << 24
/** The series that counts by TLS version and cipher has this bit, and the index of the pair below it. */
const TLS = HIGHEST_REQUEST_KEY
/** The series of what else is counted of a service (`EXTRA`). */
export const EXTRA_KEY = 1 << 25

/** Places in the extra series of a service. */
export const EXTRA = { retries: 0, retriesRefused: 1, queued: 2 } as const

export interface SeriesLabels {
  readonly code: string
  readonly method: string
  readonly protocol: string
  /** Index of the values of the header labels. */
  readonly headers: number
}

export function seriesKey(status: number, method: string, protocol: ProtocolIndex, headers: number): number {
  const code = status >= 100 && status <= 999 ? status : 999
  return (headers << 17) | (code << 7) | (methodIndex(method) << 3) | protocol
}

/** The key of all requests that differ in header labels alone. */
export function withoutHeaders(key: number): number {
  return key & ~(OTHER_VALUES << 17)
}

export function tlsKey(index: number): number {
  return TLS | index
}

/** The index that a TLS series counts; undefined when the key is another one's. */
export function tlsIndexOf(key: number): number | undefined {
  return (key & TLS) === 0 ? undefined : key & (TLS - 1)
}

export function labelsOf(key: number): SeriesLabels {
  if (key === OVERFLOW_KEY) return { code: 'other', method: 'other', protocol: 'other', headers: 0 }
  return {
    code: String((key >> 7) & 1023),
    method: METHODS[(key >> 3) & 15] ?? 'other',
    protocol: PROTOCOLS[key & 7] ?? 'other',
    headers: (key >> 17) & 127,
  }
}

/** Names as in Traefik; a switch, since comparing a few short strings costs less than looking one up. */
function methodIndex(method: string): number {
  switch (method) {
    case 'GET':
      return 1
    case 'HEAD':
      return 2
    case 'POST':
      return 3
    case 'PUT':
      return 4
    case 'PATCH':
      return 5
    case 'DELETE':
      return 6
    case 'OPTIONS':
      return 7
    case 'TRACE':
      return 8
    case 'CONNECT':
      return 9
    default:
      return 0
  }
}
