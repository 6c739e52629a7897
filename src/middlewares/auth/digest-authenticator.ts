import { createHash, timingSafeEqual } from 'node:crypto'
import { normalPath } from '../../proxy/http1/normal-path.ts'
import type { Request } from '../../middleware.ts'
import { wireText } from '../fields/field-text.ts'
import { parseDigest } from './digest-fields.ts'
import type { DigestAlgorithm, DigestFields } from './digest-fields.ts'
import type { Nonces } from './nonces.ts'

/** `name:realm:hash` with the hash of `name:realm:password`. */
export interface DigestUser {
  readonly name: string
  readonly realm: string
  readonly algorithm: DigestAlgorithm
  readonly hash: string
}

type NonceKeeper = Pick<Nonces, 'create' | 'judge' | 'use'>

export type DigestVerdict = { readonly user: string } | { readonly stale: boolean }

const HASHES: Readonly<Record<DigestAlgorithm, string>> = { MD5: 'md5', 'SHA-256': 'sha256' }
const REFUSED: DigestVerdict = { stale: false }
/** Of nobody: what an unknown name is compared with, so that time does not tell that it is unknown. */
const NOBODY = '0'.repeat(64)

/** The user of such a line; a string says what is wrong with it, and never holds the hash. */
export function parseDigestUser(line: string): DigestUser | string {
  const [, name, realm, hash] = /^([^:]+):([^:]*):([0-9a-fA-F]+)$/.exec(line) ?? []
  if (name === undefined || realm === undefined || hash === undefined)
    return 'a user must be written `name:realm:hash`, as `htdigest` prints it'
  const algorithm = hash.length === 32 ? 'MD5' : hash.length === 64 ? 'SHA-256' : undefined
  if (!algorithm) return `the hash of user \`${name}\` is neither one of MD5 nor one of SHA-256`
  return { name, realm, algorithm, hash: hash.toLowerCase() }
}

/** Finds out whose credentials an `Authorization: Digest` field holds (RFC 7616). */
export class DigestAuthenticator {
  readonly #realm: string
  readonly #nonces: NonceKeeper
  readonly #users: ReadonlyMap<string, DigestUser>
  readonly #algorithms: readonly DigestAlgorithm[]

  /** Of two users of one name, the first counts. */
  constructor(users: readonly DigestUser[], realm: string, nonces: NonceKeeper) {
    this.#realm = realm
    this.#nonces = nonces
    this.#users = new Map(
      users.toReversed().map((user) => [`${user.algorithm} ${wireText(user.name)}`, user]),
    )
    const used = new Set(users.map(({ algorithm }) => algorithm))
    // The better one comes first: clients take the first that they know (RFC 7616 §3.7).
    this.#algorithms = (['SHA-256', 'MD5'] as const).filter((one) => used.has(one))
  }

  /** Values for `WWW-Authenticate`, one for each algorithm. */
  challenges(stale: boolean): string[] {
    const realm = this.#realm.replace(/["\\]/g, String.raw`\$&`)
    return this.#algorithms.map(
      (algorithm) =>
        `Digest realm="${realm}", qop="auth", algorithm=${algorithm}, nonce="${this.#nonces.create()}"${stale ? ', stale=true' : ''}`,
    )
  }

  examine(request: Request): DigestVerdict {
    const text = request.headers.get('Authorization')
    const fields = text === undefined ? undefined : parseDigest(text)
    if (!fields || fields.realm !== this.#realm || !isOfThisRequest(fields.uri, request)) return REFUSED
    const nonce = this.#nonces.judge(fields.nonce)
    const user = nonce === 'forged' ? undefined : this.#rightUser(fields, request.method)
    if (!user) return REFUSED
    // With the right password, another nonce is all that it needs: the client asks nobody for that.
    if (nonce === 'stale' || !this.#nonces.use(fields.nonce, Number.parseInt(fields.nc, 16)))
      return { stale: true }
    return { user: user.name }
  }

  #rightUser(fields: DigestFields, method: string): DigestUser | undefined {
    const { username, algorithm, nonce, nc, cnonce, uri, response } = fields
    const known = this.#users.get(`${algorithm} ${username}`)
    const hash = (text: string): string => createHash(HASHES[algorithm]).update(text, 'latin1').digest('hex')
    const expected = hash(
      `${known?.hash ?? NOBODY}:${nonce}:${nc}:${cnonce}:auth:${hash(`${method}:${uri}`)}`,
    )
    const same =
      expected.length === response.length &&
      timingSafeEqual(Buffer.from(expected), Buffer.from(response, 'latin1'))
    return same ? known : undefined
  }
}

/** The client signs the target as it has written it; here it is in normal form. */
function isOfThisRequest(uri: string, { path, query, authority }: Request): boolean {
  const [, host, target = uri] = /^https?:\/\/([^/?#]+)(.*)$/i.exec(uri) ?? []
  if (host !== undefined && host.toLowerCase() !== authority.toLowerCase()) return false
  const mark = target.indexOf('?')
  const signed = mark < 0 ? target : target.slice(0, mark)
  return (mark < 0 ? '' : target.slice(mark)) === query && (signed === path || normalPath(signed) === path)
}
