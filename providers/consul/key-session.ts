import type { ProviderTools } from '../../src/discovery/provider.ts'
import type { StoreSession } from '../parts/key-store.ts'
import type { Answer } from '../parts/long-poll.ts'
import { SessionReadings } from '../parts/session-readings.ts'
import type { ConsulClient } from './client.ts'

/** Milliseconds of one long poll. */
const WAIT = 60_000
/** Milliseconds between two signs of life; a long poll alone would not tell that the agent hangs. */
const BEAT = 2_000
/** Consul asks its clients not to come back at once after every change; milliseconds between two answers. */
const FLOOR = 50

type Pairs = ReadonlyMap<string, string>

/** One agent being followed: everything is read, and a long poll for each root tells of what comes after. */
export class KeySession {
  readonly #client: ConsulClient
  readonly #tools: Pick<ProviderTools, 'sleep' | 'monotonic'>
  readonly #session: StoreSession
  /** Roots that could be read at any time, in this session or before. */
  readonly #readable: Set<string>
  /** By root, those that the token may read. */
  readonly #answers = new Map<string, Answer<Pairs>>()
  #endedConnections = 0
  readonly #readings: SessionReadings

  constructor(
    client: ConsulClient,
    tools: Pick<ProviderTools, 'sleep' | 'monotonic'>,
    session: StoreSession,
    readable: Set<string>,
  ) {
    this.#client = client
    this.#tools = tools
    this.#session = session
    this.#readable = readable
    this.#readings = new SessionReadings(session, () => this.#readNow())
  }

  /** Follows until something breaks, and rejects with that. */
  async run(): Promise<void> {
    await this.#readings.follow((signal) => [
      this.#beatForever(signal),
      ...[...this.#answers.keys()].map((root) => this.#pollForever(root, signal)),
    ])
  }

  /**
   * A token may be allowed less than all roots that are looked for, but what could be read before has not become empty
   * by being denied.
   */
  async #readNow(): Promise<void> {
    let denied: unknown
    for (const root of this.#session.roots) {
      try {
        await this.#client.key(`${root}/`)
        this.#answers.set(root, await this.#client.pairs(`${root}/`))
        this.#readable.add(root)
      } catch (error) {
        if (!isDenial(error) || this.#readable.has(root)) throw error
        denied = error
      }
    }
    if (this.#answers.size === 0) throw denied
    this.#endedConnections = this.#client.endedConnections
    this.#session.read({ pairs: this.#pairs(), revision: this.#index() })
  }

  async #beatForever(signal: AbortSignal): Promise<never> {
    const [root] = this.#answers.keys()
    for (;;) {
      await this.#tools.sleep(BEAT)
      signal.throwIfAborted()
      await this.#client.key(`${root}/`)
    }
  }

  async #pollForever(root: string, signal: AbortSignal): Promise<never> {
    for (;;) {
      // To an index that is higher than its own, as after a start without data, an agent gives no answer for long.
      if (this.#client.endedConnections !== this.#endedConnections) await this.#readings.next()
      const asked = this.#tools.monotonic()
      const before = this.#answers.get(root)!
      const answer = await this.#client.pairs(`${root}/`, { index: before.index, wait: WAIT })
      signal.throwIfAborted()
      if (answer.index < before.index) await this.#readings.next()
      else if (answer.index !== before.index) await this.#take(root, answer)
      await this.#tools.sleep(Math.max(0, FLOOR - (this.#tools.monotonic() - asked)))
    }
  }

  async #take(root: string, answer: Answer<Pairs>): Promise<void> {
    // A token that has just lost its right sees nothing either.
    if (answer.value.size === 0) await this.#client.key(`${root}/`)
    await this.#readings.last
    const known = this.#answers.get(root)!
    // What was read meanwhile is newer.
    if (answer.index < known.index) return
    this.#answers.set(root, answer)
    this.#session.changed(this.#pairs(), this.#index())
  }

  #pairs(): Pairs {
    const maps = [...this.#answers.values()].map(({ value }) => value)
    return maps.length === 1 ? maps[0]! : new Map(maps.flatMap((map) => [...map]))
  }

  /** The index of an empty prefix is that of all keys, and that of another one no higher than its own changes. */
  #index(): bigint {
    return [...this.#answers.values()].reduce((most, { index }) => (index > most ? index : most), 0n)
  }
}

function isDenial(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'statusCode' in error && error.statusCode === 403
}
