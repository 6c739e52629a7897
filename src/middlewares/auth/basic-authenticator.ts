import { usersOf } from './htpasswd.ts'
import type { Verdict } from './verdict-cache.ts'
import { credentialsDigest, VerdictCache } from './verdict-cache.ts'

/** How long a verdict holds, in milliseconds. */
const LIFETIME = 60_000
/** Verdicts kept, of right and of wrong credentials each: about 200 bytes apiece. */
const LIMIT = 4_096

const WRONG: Verdict = { user: undefined }

/** Gives true, false, or undefined when it could not be found out in time. */
export type VerifyPassword = (password: string, hash: string) => Promise<boolean | undefined>

/** Finds out whose credentials an `Authorization: Basic` field holds. */
export class BasicAuthenticator {
  readonly #users: ReadonlyMap<string, string>
  readonly #hashes: readonly string[]
  readonly #verify: VerifyPassword
  readonly #cache: VerdictCache
  /** By digest: a browser that opens six connections at once costs one hash. */
  readonly #pending = new Map<string, Promise<Verdict | undefined>>()

  constructor(entries: readonly string[], verify: VerifyPassword, cache = new VerdictCache(LIFETIME, LIMIT)) {
    this.#users = usersOf(entries)
    this.#hashes = [...this.#users.values()]
    this.#verify = verify
    this.#cache = cache
  }

  /** The verdict on these credentials if it is known already. */
  recall(credentials: string): Verdict | undefined {
    return this.#cache.get(credentialsDigest(credentials))
  }

  /** The verdict on these credentials; undefined when it could not be found out in time. */
  examine(credentials: string): Promise<Verdict | undefined> {
    const digest = credentialsDigest(credentials)
    const pending = this.#pending.get(digest)
    if (pending) return pending
    const verdict = this.#decide(credentials, digest).finally(() => this.#pending.delete(digest))
    this.#pending.set(digest, verdict)
    return verdict
  }

  async #decide(credentials: string, digest: string): Promise<Verdict | undefined> {
    const [name, password] = parseBasic(credentials) ?? []
    if (name === undefined || password === undefined) return WRONG
    const hash = this.#users.get(name)
    const matches = await this.#verify(password, hash ?? this.#standIn(name))
    if (matches === undefined) return undefined
    const verdict = matches && hash !== undefined ? { user: name } : WRONG
    this.#cache.set(digest, verdict)
    return verdict
  }

  /**
   * The hash of some user for a name that nobody has, so that time does not tell which names exist. It is always
   * the same one for the same name, chosen by a keyed digest: where users' hashes differ in cost, an unknown name
   * takes as long as one of them would.
   */
  #standIn(name: string): string {
    const choice = Buffer.from(credentialsDigest(`name ${name}`), 'base64').readUInt32BE(0)
    return this.#hashes[choice % this.#hashes.length]!
  }
}

/** User name and password (RFC 7617 §2), or undefined when the field holds something else. */
function parseBasic(credentials: string): [name: string, password: string] | undefined {
  const [, encoded] = /^Basic +([A-Za-z0-9+/_-]+={0,2})$/i.exec(credentials) ?? []
  if (encoded === undefined) return undefined
  // Hashing time grows with length, and no password is this long.
  if (encoded.length > 8_192) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : [text.slice(0, colon), text.slice(colon + 1)]
}
