import type { ProviderTools } from '../../src/discovery/provider.ts'
import { Doorbell } from '../parts/doorbell.ts'
import type { StoreSession } from '../parts/key-store.ts'
import type { RedisConnection } from './connection.ts'
import { NoServerError } from './errors.ts'
import { patternBelow, readTree, readValues } from './read-tree.ts'
import { readState } from './server-state.ts'
import type { ServerState } from './server-state.ts'

export interface FollowerOptions {
  readonly session: StoreSession
  readonly connection: RedisConnection
  readonly database: number
  /** Milliseconds between two readings where changes are not told. */
  readonly pollInterval: number
  /** Only the master will do. */
  readonly masterOnly: boolean
  /** The name of the data to which these histories belong. */
  readonly lifeOf: (histories: readonly string[] | undefined) => string | undefined
  readonly tools: Pick<ProviderTools, 'monotonic' | 'sleep'>
}

/** Milliseconds between two looks at whether the server still answers, and what it says of itself. */
const BEAT = 1_000
/** Milliseconds between two readings where changes are told: nobody is told of FLUSHALL. */
const READ_ANYWAY = 60_000
/** The part of a server's time that readings of all its keys may take is one tenth. */
const REST = 9
/** Milliseconds after which a picture that was read in pieces is read again, to see whether it holds. */
const SECOND_LOOK = 50
const MOST_LOOKS = 10

/** Follows one server until something breaks. */
export class ServerFollower {
  readonly #options: FollowerOptions
  readonly #bell = new Doorbell()
  readonly #changed = new Set<string>()
  #pairs = new Map<string, string>()
  #state: ServerState = { role: undefined, histories: undefined, tellsChanges: undefined }
  #beatDue = true
  #wantsReading = true
  #lastRead = 0
  #lastReadTook = 0

  constructor(options: FollowerOptions) {
    this.#options = options
    options.session.onRefresh(() => {
      this.#wantsReading = true
      this.#bell.ring()
    })
  }

  async run(): Promise<never> {
    const { connection } = this.#options
    void connection.ended.then(() => this.#wantBeat())
    await this.#subscribe()
    for (;;) {
      if (this.#beatDue) await this.#beat()
      if (this.#wantsReading || this.#readingDue()) await this.#readAll()
      else if (this.#changed.size > 0) await this.#readChanged()
      else await this.#bell.rung()
    }
  }

  /** One that tells nothing is asked to all the same: it may be told to at any time. */
  async #subscribe(): Promise<void> {
    const { connection, session, database } = this.#options
    for (const root of session.roots) {
      const prefix = `__keyspace@${database}__:`
      await connection.subscribe(`${prefix.replace(/[[\]]/g, '\\$&')}${patternBelow(root)}`, (channel) => {
        this.#changed.add(channel.slice(prefix.length))
        this.#bell.ring()
      })
    }
  }

  async #beat(): Promise<void> {
    const { connection, masterOnly, tools } = this.#options
    this.#beatDue = false
    this.#state = await readState(connection)
    if (masterOnly && this.#state.role === 'replica') {
      throw new NoServerError('the server that the sentinel named is no master')
    }
    void tools.sleep(BEAT).then(
      () => this.#wantBeat(),
      () => undefined,
    )
  }

  #wantBeat(): void {
    this.#beatDue = true
    this.#bell.ring()
  }

  #readingDue(): boolean {
    return this.#options.tools.monotonic() - this.#lastRead >= this.#interval()
  }

  #interval(): number {
    const interval = this.#state.tellsChanges ? READ_ANYWAY : this.#options.pollInterval
    return Math.max(interval, REST * this.#lastReadTook)
  }

  async #readAll(): Promise<void> {
    const { session, lifeOf, tools } = this.#options
    this.#wantsReading = false
    this.#pairs = await this.#steadyPairs()
    this.#lastRead = tools.monotonic()
    // Beats come too seldom for a short interval; long ones are left to them.
    const interval = this.#interval()
    if (interval < BEAT) void tools.sleep(interval).then(this.#bell.ring, () => undefined)
    const life = lifeOf(this.#state.histories)
    session.read({ pairs: this.#pairs, ...(life === undefined ? {} : { life }) })
  }

  /**
   * Where changes are told, what changes within a reading is read again because of that. Otherwise a picture that is
   * new may show half of a change, and counts when a second look shows the same.
   */
  async #steadyPairs(): Promise<Map<string, string>> {
    const { tools } = this.#options
    let pairs = await this.#look()
    if (this.#state.tellsChanges) return pairs
    let before = this.#pairs
    for (let looks = 1; looks < MOST_LOOKS && !same(before, pairs); looks++) {
      await tools.sleep(SECOND_LOOK)
      before = pairs
      pairs = await this.#look()
    }
    return pairs
  }

  async #look(): Promise<Map<string, string>> {
    const { connection, session, tools } = this.#options
    const started = tools.monotonic()
    const pairs = new Map<string, string>()
    for (const root of session.roots) {
      for (const [key, value] of await readTree(connection, root)) pairs.set(key, value)
    }
    this.#lastReadTook = tools.monotonic() - started
    return pairs
  }

  async #readChanged(): Promise<void> {
    const { connection, session } = this.#options
    const keys = [...this.#changed]
    this.#changed.clear()
    const values = await readValues(connection, keys)
    for (const key of keys) {
      const value = values.get(key)
      if (value === undefined) this.#pairs.delete(key)
      else this.#pairs.set(key, value)
    }
    session.changed(this.#pairs)
  }
}

function same(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value)
}
