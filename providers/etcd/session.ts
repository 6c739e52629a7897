import type { ProviderTools } from '../../src/discovery/provider.ts'
import type { StoreSession } from '../parts/key-store.ts'
import { SessionReadings } from '../parts/session-readings.ts'
import type { KeyEvent, WatchMessage } from './answers.ts'
import type { EtcdClient } from './client.ts'
import { EtcdError } from './errors.ts'
import { rangeOf, readRoots } from './read-roots.ts'
import { watchForever } from './watch-forever.ts'

/** Milliseconds between two signs of life; a watch alone would not tell that etcd hangs. */
const BEAT = 2_000

/** One member being followed: everything is read, and a watch for each root tells of what comes after. */
export class EtcdSession {
  readonly #client: EtcdClient
  readonly #tools: Pick<ProviderTools, 'sleep' | 'monotonic'>
  readonly #session: StoreSession
  /** Roots that could be read at any time, in this session or before. */
  readonly #readable: Set<string>
  readonly #pairs = new Map<string, string>()
  /** Roots that the user may read. */
  #roots: readonly string[] = []
  #cluster = ''
  /** What happened up to here is in the last complete reading. */
  #readAt = 0n
  /** The newest that was heard of. */
  #seen = 0n
  /** What a watch tells while one is under way waits. */
  readonly #readings: SessionReadings

  constructor(
    client: EtcdClient,
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
      ...this.#roots.map((root) => this.#watch(root, signal)),
    ])
  }

  async #readNow(): Promise<void> {
    const reading = await readRoots(this.#client, this.#session.roots, this.#readable)
    const { pairs, readable, revision, cluster } = reading
    for (const root of readable) this.#readable.add(root)
    this.#roots = readable
    this.#cluster = cluster
    this.#readAt = revision
    this.#seen = revision
    this.#pairs.clear()
    for (const [key, value] of pairs) this.#pairs.set(key, value)
    this.#session.read({ pairs: this.#pairs, revision, life: cluster })
  }

  async #beatForever(signal: AbortSignal): Promise<never> {
    for (;;) {
      await this.#tools.sleep(BEAT)
      signal.throwIfAborted()
      await this.#beat()
    }
  }

  /**
   * Asks for one key that the user may read for sure, whether it is there or not. What has been started again empty
   * would have a watch wait for a revision that may never come.
   */
  async #beat(): Promise<void> {
    const [root = ''] = this.#roots
    const seen = this.#seen
    const { header } = await this.#client.range({ key: Buffer.from(`${root}/`) }, 1)
    if (header.cluster !== this.#cluster || header.revision < seen)
      throw new EtcdError('it has other data than before', 200, undefined)
  }

  #watch(root: string, signal: AbortSignal): Promise<never> {
    return watchForever({
      open: (from, until) => this.#client.watch(rangeOf(root), from, until),
      from: this.#readAt + 1n,
      onMessage: (message) => this.#apply(message),
      onCompacted: async () => {
        await this.#readings.next()
        return this.#readAt + 1n
      },
      beat: () => this.#beat(),
      monotonic: this.#tools.monotonic,
      signal,
    })
  }

  /** Whole revisions, in order; those that the last reading has seen already are nothing new. */
  async #apply({ events }: WatchMessage): Promise<void> {
    await this.#readings.last
    const news = events.filter((event) => event.revision > this.#readAt)
    if (news.length === 0) return
    for (const event of news) this.#applyOne(event)
    this.#session.changed(this.#pairs, this.#seen)
  }

  #applyOne({ key, value, revision }: KeyEvent): void {
    if (revision > this.#seen) this.#seen = revision
    if (value === undefined) this.#pairs.delete(key)
    else this.#pairs.set(key, value)
  }
}
