import type { StoreSession } from './key-store.ts'

/** Reads a store whole, one reading after the other, at the start of a session and whenever that is asked for. */
export class SessionReadings {
  readonly #session: StoreSession
  readonly #read: () => Promise<void>
  #last: Promise<void> = Promise.resolve()

  /** @param read reads everything, and tells the session */
  constructor(session: StoreSession, read: () => Promise<void>) {
    this.#session = session
    this.#read = read
  }

  /** Settles as the reading that was asked for last. */
  get last(): Promise<void> {
    return this.#last
  }

  /** Reads everything once more, when what is under way has ended. */
  async next(): Promise<void> {
    const reading = this.#last.catch(() => undefined).then(this.#read)
    this.#last = reading
    await reading
  }

  /** Reads, and then follows in all these ways at once until one breaks, or a reading; rejects with that. */
  async follow(ways: (signal: AbortSignal) => readonly Promise<never>[]): Promise<void> {
    await this.next()
    const broken = Promise.withResolvers<never>()
    const over = new AbortController()
    const signal = AbortSignal.any([this.#session.signal, over.signal])
    this.#session.onRefresh(() => void this.next().catch(broken.reject))
    try {
      await Promise.race([broken.promise, ...ways(signal)])
    } finally {
      over.abort(new Error('the session is over'))
    }
  }
}
