import { createHmac, randomBytes } from 'node:crypto'

/** Random for each process, so that nothing in the cache can be computed, or compared, outside it. */
const KEY = randomBytes(32)

export interface Verdict {
  /** The user whose credentials they are; undefined when they are wrong. */
  readonly user: string | undefined
}

/** What credentials are looked up by, so that none are kept in memory. */
export function credentialsDigest(credentials: string): string {
  return createHmac('sha256', KEY).update(credentials).digest('base64')
}

interface Entry {
  readonly verdict: Verdict
  readonly until: number
}

/**
 * Verdicts about credentials for a short time: a page of a hundred files costs one slow hash rather than a hundred.
 * Right and wrong ones are kept apart, so that guesses cannot crowd out those who know their password.
 */
export class VerdictCache {
  readonly #right = new Map<string, Entry>()
  readonly #wrong = new Map<string, Entry>()
  readonly #lifetime: number
  readonly #limit: number
  readonly #now: () => number

  /** `lifetime` in milliseconds; `limit` for right and for wrong ones each; `now` in milliseconds, never going back. */
  constructor(lifetime: number, limit: number, now: () => number = () => performance.now()) {
    this.#lifetime = lifetime
    this.#limit = limit
    this.#now = now
  }

  get(digest: string): Verdict | undefined {
    const entry = this.#right.get(digest) ?? this.#wrong.get(digest)
    return entry && entry.until > this.#now() ? entry.verdict : undefined
  }

  set(digest: string, verdict: Verdict): void {
    const entries = verdict.user === undefined ? this.#wrong : this.#right
    entries.delete(digest)
    // Entries stand in the order in which they end, so the first is the one to give up.
    if (entries.size >= this.#limit) entries.delete(entries.keys().next().value!)
    entries.set(digest, { verdict, until: this.#now() + this.#lifetime })
  }
}
