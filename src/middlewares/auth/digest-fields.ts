/** What an `Authorization: Digest` field says (RFC 7616 §3.4). */
export interface DigestFields {
  readonly username: string
  readonly realm: string
  readonly nonce: string
  readonly uri: string
  readonly response: string
  readonly algorithm: DigestAlgorithm
  readonly cnonce: string
  /** As it was written: eight hexadecimal digits. */
  readonly nc: string
}

export type DigestAlgorithm = 'MD5' | 'SHA-256'

/** A longer field is nobody's. */
const MAX_LENGTH = 8_192
const PARAMETER = /\s*([A-Za-z0-9_*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*(?:,|$)/y

/** Undefined when it is no such field, or one for another quality of protection than `auth`. */
export function parseDigest(text: string): DigestFields | undefined {
  const [scheme = ''] = /^Digest\s+/i.exec(text) ?? []
  if (scheme === '' || text.length > MAX_LENGTH) return undefined
  const given = parameters(text.slice(scheme.length))
  if (!given) return undefined
  const { username, realm, nonce, uri, response, cnonce, nc, qop } = given
  const algorithm = (given['algorithm'] ?? 'MD5').toUpperCase()
  const complete =
    username !== undefined &&
    realm !== undefined &&
    nonce !== undefined &&
    uri !== undefined &&
    response !== undefined &&
    cnonce !== undefined &&
    nc !== undefined
  if (!complete || qop?.toLowerCase() !== 'auth' || !/^[0-9a-f]{8}$/i.test(nc)) return undefined
  if (algorithm !== 'MD5' && algorithm !== 'SHA-256') return undefined
  return { username, realm, nonce, uri, response: response.toLowerCase(), cnonce, nc, algorithm }
}

/** By name in lower case; undefined when the text is no list of them, or names one twice. */
function parameters(text: string): Partial<Record<string, string>> | undefined {
  const found: Record<string, string> = Object.create(null) as Record<string, string>
  PARAMETER.lastIndex = 0
  while (PARAMETER.lastIndex < text.length) {
    const match = PARAMETER.exec(text)
    if (!match) return undefined
    const [, name = '', quoted, token = ''] = match
    const key = name.toLowerCase()
    if (key in found) return undefined
    found[key] = quoted === undefined ? token : quoted.replace(/\\(.)/g, '$1')
  }
  return found
}
