import type { Problem } from '../../src/config/problem.ts'
import type { ProviderTools, Update } from '../../src/discovery/provider.ts'
import { StorePicture } from './store-picture.ts'
import type { StoreReading } from './store-picture.ts'
import { UpdateQueue } from './update-queue.ts'

/** A store of keys, as one provider knows it. */
export interface KeyStore {
  /** Tried in turn: the next one when one fails. */
  readonly endpoints: readonly [string, ...string[]]
  /** Below which keys the routing stands; see `rootsOf`. */
  readonly roots: readonly [string, ...string[]]
  /**
   * Connects to one endpoint, reads everything below the roots and follows its changes, until something breaks: then
   * it rejects. It must notice by itself when the store hangs, and must read nothing but what is below the roots.
   */
  follow(session: StoreSession): Promise<void>
  /** Says what broke, at which endpoint, and what to do; without secrets. */
  toProblem(error: unknown, endpoint: string): Problem
}

/** One endpoint being followed. */
export interface StoreSession {
  readonly endpoint: string
  readonly roots: readonly string[]
  /** Fires when the provider is stopped; everything that the session holds is then to be closed. */
  readonly signal: AbortSignal
  /** Tells of a complete reading, begun after the last one had ended. Clears a failure. */
  read(reading: StoreReading): void
  /**
   * Tells of what the keys have become by changes that were followed. `pairs` may be the map of the last call, changed
   * in place. Clears a failure, so that it is also what to call when a broken watch could be resumed.
   */
  changed(pairs: ReadonlyMap<string, string>, revision?: bigint): void
  /** Registers what is to be done when a complete reading is wanted now. */
  onRefresh(listener: () => void): void
}

/** Where routing stands when the operator names no root: ours first, Traefik's when only that is there. */
const DEFAULT_ROOTS = ['tidegate', 'traefik'] as const

/** The roots that are read, without slashes at their ends. */
export function rootsOf(rootKey: string | undefined): readonly [string, ...string[]] {
  const named = (rootKey ?? '').replace(/\/+$/, '')
  return named === '' ? DEFAULT_ROOTS : [named]
}

/**
 * Follows a store for as long as it is wanted, and yields its routing as one part. Changes are taken as a whole, when
 * nothing has changed for 50 ms. What a broken store has shown keeps serving, and it is tried again, two seconds
 * later at most.
 */
export async function* watchKeyStore(store: KeyStore, tools: ProviderTools): AsyncGenerator<Update, void> {
  const consumer = new AbortController()
  const signal = AbortSignal.any([tools.signal, consumer.signal])
  const queue = new UpdateQueue(signal)
  const following = new Following(store, { ...tools, signal }, queue)
  void following.run().catch((error: unknown) => queue.fail(error))
  try {
    yield* queue
  } finally {
    consumer.abort(new Error(`${tools.name} is no longer read`))
  }
}

const FIRST_BACKOFF = 100
const LONGEST_BACKOFF = 2_000

/** Goes from session to session. */
class Following {
  readonly #store: KeyStore
  readonly #tools: ProviderTools
  readonly #queue: UpdateQueue
  readonly #picture: StorePicture
  #refreshListeners: (() => void)[] = []
  #endBackoff: (() => void) | undefined
  #failuresInARow = 0

  constructor(store: KeyStore, tools: ProviderTools, queue: UpdateQueue) {
    this.#store = store
    this.#tools = tools
    this.#queue = queue
    this.#picture = new StorePicture(store.roots, tools, (snapshot) => queue.push(snapshot))
    tools.onRefresh(() => this.#refresh())
  }

  async run(): Promise<void> {
    const { endpoints } = this.#store
    const { signal } = this.#tools
    for (let turn = 0; !signal.aborted; turn++) {
      const endpoint = endpoints[turn % endpoints.length]!
      const error = await this.#follow(endpoint)
      if (signal.aborted) return
      // What was read before it broke is sound; told after the failure it would hide that.
      await this.#picture.settled()
      this.#queue.push({ part: '', failure: this.#store.toProblem(error, endpoint) })
      await this.#backOff()
    }
  }

  /** Gives what ended the session. */
  async #follow(endpoint: string): Promise<unknown> {
    const { signal } = this.#tools
    const over = new AbortController()
    const session: StoreSession = {
      endpoint,
      roots: this.#store.roots,
      signal: AbortSignal.any([signal, over.signal]),
      read: (reading) => {
        this.#failuresInARow = 0
        this.#picture.read(reading)
      },
      changed: (pairs, revision) => {
        this.#failuresInARow = 0
        this.#picture.changed(pairs, revision)
      },
      onRefresh: (listener) => void this.#refreshListeners.push(listener),
    }
    try {
      await this.#store.follow(session)
      return new Error('the connection ended')
    } catch (error) {
      return error
    } finally {
      this.#refreshListeners = []
      over.abort(new Error(`the session with ${endpoint} is over`))
    }
  }

  #refresh(): void {
    this.#endBackoff?.()
    for (const listener of this.#refreshListeners) listener()
  }

  /** Doubled when all endpoints have failed once more; by chance half of it, so that many do not come at once. */
  async #backOff(): Promise<void> {
    const rounds = Math.floor(this.#failuresInARow++ / this.#store.endpoints.length)
    const longest = Math.min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** Math.min(rounds, 10))
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#endBackoff = resolve
    const slept = this.#tools.sleep(longest * (0.5 + this.#tools.random() / 2)).catch(() => undefined)
    await Promise.race([slept, promise])
    this.#endBackoff = undefined
  }
}
