import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { IncomingMessage } from 'node:http'

export interface AccessOptions {
  /** Reading wants no token. */
  readonly openToRead: boolean
  /** Names under which it may be asked, besides `localhost` and addresses. */
  readonly hosts: readonly string[]
  /** The token; undefined when none is configured. Rejects when its file cannot be read. */
  readonly token: () => Promise<string | undefined>
  /** Milliseconds of a clock that never jumps. */
  readonly now: () => number
}

/** Why a request is turned away. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 421 | 429 | 500
  readonly error: string
  readonly remedy: string
}

/** Wrong tokens that one address may send at once, and milliseconds until it may send one more. */
const WRONG = { most: 5, every: 10_000 }
/** Addresses that are remembered. */
const MOST_ADDRESSES = 10_000

/** Who may ask the admin API for what. */
export class Access {
  readonly #options: AccessOptions
  /** By client address: until when it has used up its wrong tokens. */
  readonly #wrong = new Map<string, number>()

  constructor(options: AccessOptions) {
    this.#options = options
  }

  /**
   * A page that some browser has open must not reach us under a name of its own that leads here (DNS rebinding), and so
   * only names count that nobody else can own.
   */
  host({ headers: { host = '' } }: IncomingMessage): Refusal | undefined {
    const [, bracketed, plain = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/.exec(host.toLowerCase()) ?? []
    const name = bracketed ?? plain
    if (name === 'localhost' || isIP(name) !== 0 || this.#options.hosts.includes(name)) return undefined
    return {
      status: 421,
      error: 'this host name is not served here',
      remedy: 'ask by IP address or `localhost`, or add the name to `api.allowedHosts`',
    }
  }

  read(request: IncomingMessage): Promise<Refusal | undefined> {
    return this.#options.openToRead ? Promise.resolve(undefined) : this.change(request)
  }

  /** Undefined when the request carries the token. */
  async change({ headers, socket }: IncomingMessage): Promise<Refusal | undefined> {
    const address = socket.remoteAddress ?? ''
    if (this.#isExhausted(address))
      return { status: 429, error: 'too many wrong tokens', remedy: 'try again in a minute' }
    const token = await this.#options.token().catch(() => null)
    if (token === null)
      return { status: 500, error: 'the token cannot be read', remedy: 'correct `api.tokenFile`' }
    if (token === undefined || token === '')
      return {
        status: 403,
        error: 'no token is configured, and so nothing can be asked for that wants one',
        remedy: 'set `api.token` or `api.tokenFile`',
      }
    const given = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
    if (given !== undefined && sameText(given, token)) return undefined
    if (given !== undefined) this.#countWrong(address)
    return {
      status: 401,
      error: given === undefined ? 'a token is wanted' : 'the token is wrong',
      remedy: 'send `Authorization: Bearer TOKEN` with the token of `api.token`',
    }
  }

  #isExhausted(address: string): boolean {
    return (this.#wrong.get(address) ?? 0) > this.#options.now() + (WRONG.most - 1) * WRONG.every
  }

  #countWrong(address: string): void {
    const now = this.#options.now()
    const until = Math.max(now, this.#wrong.get(address) ?? 0) + WRONG.every
    if (this.#wrong.size >= MOST_ADDRESSES)
      for (const [other, over] of this.#wrong) if (over <= now) this.#wrong.delete(other)
    // Whoever has so many addresses is let guess no more than so many times.
    if (this.#wrong.size >= MOST_ADDRESSES) this.#wrong.clear()
    this.#wrong.set(address, until)
  }
}

/** Takes as long whatever is given: neither the length nor the first different letter shows. */
function sameText(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
