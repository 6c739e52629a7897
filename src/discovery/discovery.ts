import type { Problem } from '../config/problem.ts'
import type { Clock } from './clock.ts'
import { systemClock } from './clock.ts'
import type { ProviderPicture, ProviderState } from './source-state.ts'
import type { Watcher } from './watcher.ts'

/** All providers together: one listener hears that the picture of any of them has changed. */
export class Discovery implements AsyncDisposable {
  readonly #watchers: readonly Watcher[]
  readonly #clock: Clock

  constructor(watchers: readonly Watcher[], clock: Clock = systemClock) {
    this.#watchers = watchers
    this.#clock = clock
  }

  /** Starts every provider. `onChange` is called from then on, never while this function runs. */
  start(onChange: () => void): void {
    for (const watcher of this.#watchers) watcher.start(onChange)
  }

  /**
   * Waits until every provider has said or failed something, so that a first table is not built from half of the
   * sources. Milliseconds; false when the time was up first, which is no reason not to serve what is there.
   */
  async ready(timeout: number): Promise<boolean> {
    const over = new AbortController()
    const late = this.#clock.sleep(timeout, over.signal).then(
      () => false,
      () => true,
    )
    const all = Promise.all(this.#watchers.map(({ heard }) => heard)).then(() => true)
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

  /** What any provider cannot read now; the watchers have logged it. */
  get failures(): readonly Problem[] {
    return this.#watchers.flatMap(({ failures }) => failures)
  }

  /** Everything that any provider left out or cannot read now. */
  get problems(): readonly Problem[] {
    return this.#watchers.flatMap(({ problems }) => problems)
  }

  /** Asks every provider for a fresh read (SIGHUP). */
  refresh(): void {
    for (const watcher of this.#watchers) watcher.refresh()
  }

  async stop(): Promise<void> {
    await Promise.all(this.#watchers.map((watcher) => watcher.stop()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
