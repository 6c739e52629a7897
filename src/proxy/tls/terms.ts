import type { TLSSocket } from 'node:tls'

/** What a client's TLS connection has agreed on, in the names that logs and metrics of Traefik use. */
export interface TlsTerms {
  /** `1.2`, `1.3`. */
  readonly version: string
  /** IANA's name, such as `TLS_AES_128_GCM_SHA256`. */
  readonly cipher: string
  /** Tells one pair from another in this thread; small. */
  readonly index: number
}

/** There are few, and one object for each serves all connections. */
const known = new Map<string, TlsTerms>()

export function tlsTermsOf(socket: TLSSocket): TlsTerms {
  const version = (socket.getProtocol() ?? '').replace(/^TLSv/, '')
  const cipher = socket.getCipher()?.standardName ?? ''
  return known.getOrInsertComputed(`${version} ${cipher}`, () => ({ version, cipher, index: known.size }))
}
