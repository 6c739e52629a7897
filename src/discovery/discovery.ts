import type { Problem } from '../config/problem.ts'
import type { Clock } from './clock.ts'
import { systemClock } from './clock.ts'
import type { PictureStore } from './picture-store.ts'
import type { ProviderPicture, ProviderState } from './source-state.ts'
import type { Watcher } from './watcher.ts'

/** Milliseconds that a source may take to answer when what it said last was restored from disk. */
const RESTORED_WAIT = 500

export interface DiscoveryOptions {
  readonly clock?: Clock
  /** Where the picture is kept for the next process; given what there is to keep. */
  readonly store?: PictureStore | undefined
}

/** All providers together: one listener hears that the picture of any of them has changed. */
export class Discovery implements AsyncDisposable {
  readonly #watchers: readonly Watcher[]
  readonly #clock: Clock
  readonly #store: PictureStore | undefined

  constructor(watchers: readonly Watcher[], { clock = systemClock, store }: DiscoveryOptions = {}) {
    this.#watchers = watchers
    this.#clock = clock
    this.#store = store
  }

  /** Gives every provider what an earlier process knew of it. To be called before `start`; never rejects. */
  async restore(): Promise<void> {
    const picture = await this.#store?.read()
    for (const watcher of this.#watchers) {
      const parts = picture?.get(watcher.name)
      if (parts) watcher.restore(parts)
    }
  }

  /** Starts every provider. `onChange` is called from then on, never while this function runs. */
  start(onChange: () => void): void {
    const changed = (): void => {
      onChange()
      this.#store?.changed()
    }
    for (const watcher of this.#watchers) watcher.start(changed)
    this.#store?.start()
  }

  /**
   * Waits until every provider has said or failed something, so that a first table is not built from half of the
   * sources; a provider of which there is a restored picture, for a moment only. Milliseconds; false when the time
   * was up first, which is no reason not to serve what is there.
   */
  async ready(timeout: number): Promise<boolean> {
    const over = new AbortController()
    const late = this.#clock.sleep(timeout, over.signal).then(
      () => false,
      () => true,
    )
    const restored = this.#clock.sleep(Math.min(timeout, RESTORED_WAIT), over.signal).catch(() => undefined)
    const heard = this.#watchers.map((watcher) =>
      watcher.hasRestored ? Promise.race([watcher.heard, restored]) : watcher.heard,
    )
    const all = Promise.all(heard).then(() => true)
    const inTime = await Promise.race([all, late])
    over.abort()
    return inTime
  }

  /** What each provider has published last, in the order in which they were configured. */
  get pictures(): readonly ProviderPicture[] {
    return this.#watchers.map(({ picture }) => picture)
  }

  get states(): readonly ProviderState[] {
    return this.#watchers.map(({ state }) => state)
  }

  /** What any provider cannot read now, and the snapshot that cannot be written; that has been logged. */
  get failures(): readonly Problem[] {
    return [...this.#watchers.flatMap(({ failures }) => failures), ...(this.#store?.failures ?? [])]
  }

  /** Everything that any provider left out or cannot read now. */
  get problems(): readonly Problem[] {
    return [...this.#watchers.flatMap(({ problems }) => problems), ...(this.#store?.problems ?? [])]
  }

  /** Asks every provider for a fresh read (SIGHUP). */
  refresh(): void {
    for (const watcher of this.#watchers) watcher.refresh()
  }

  async stop(): Promise<void> {
    await this.#store?.close()
    await Promise.all(this.#watchers.map((watcher) => watcher.stop()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
