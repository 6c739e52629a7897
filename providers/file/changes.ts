import { watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import type { ProviderTools } from '../../src/discovery/provider.ts'

/** Why the directory is to be looked at again. */
export interface Cause {
  /** Nothing has moved for a while: whoever writes has probably finished. */
  readonly settled: boolean
  /** Read everything, whatever the file system says about it. */
  readonly force: boolean
}

/** Milliseconds without an event until a writer counts as finished. */
export const QUIET = 100
/** Something that never stops writing into the directory must not keep its changes from being seen. */
const MOST_WAITS = 20
/** Network file systems send no events for what other machines write. */
const POLL_EVERY = 5_000

/**
 * Tells when a directory may have changed: by events of its folders, by the clock, and by the operator. Folders are
 * watched and not files, since editors and Kubernetes exchange files by renaming.
 */
export class Changes {
  readonly #tools: ProviderTools
  /** By path and by what tells the folder from another one of the same name. */
  readonly #watchers = new Map<string, FSWatcher>()
  #pending: Cause | undefined
  #wake: (() => void) | undefined
  #events = 0
  #debouncing = false
  #closed = false

  constructor(tools: ProviderTools, watching: boolean) {
    this.#tools = tools
    tools.onRefresh(() => this.tell({ settled: true, force: true }))
    tools.signal.addEventListener('abort', () => this.#wake?.(), { once: true })
    if (watching) void this.#poll()
  }

  /** Waits for the next reason to look; undefined when the provider is cancelled. */
  async next(): Promise<Cause | undefined> {
    if (!this.#pending && !this.#tools.signal.aborted) {
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    const cause = this.#pending
    this.#pending = undefined
    return this.#tools.signal.aborted ? undefined : (cause ?? { settled: false, force: false })
  }

  /** Has `next` return. */
  tell(cause: Cause): void {
    const before = this.#pending
    this.#pending = {
      settled: cause.settled || before?.settled === true,
      force: cause.force || before?.force === true,
    }
    this.#wake?.()
  }

  /** Has `next` return after a quiet time. */
  async tellLater(): Promise<void> {
    if (await this.#slept(QUIET)) this.tell({ settled: false, force: false })
  }

  /** Watches exactly these folders. True when some are new: what happened in them before was not seen. */
  watch(folders: ReadonlyMap<string, string>): boolean {
    const wanted = new Map([...folders].map(([path, mark]) => [`${path}\0${mark}`, path]))
    for (const [key, watcher] of this.#watchers) if (!wanted.has(key)) this.#forget(key, watcher)
    const before = this.#watchers.size
    for (const [key, path] of wanted) if (!this.#watchers.has(key)) this.#watchFolder(key, path)
    return this.#watchers.size > before
  }

  close(): void {
    this.#closed = true
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  #watchFolder(key: string, path: string): void {
    try {
      const watcher = watch(path, { persistent: false }, () => void this.#event())
      watcher.on('error', () => this.#forget(key, watcher))
      this.#watchers.set(key, watcher)
    } catch {
      // Out of watches, or gone again: the clock will see what happens here.
    }
  }

  #forget(key: string, watcher: FSWatcher): void {
    watcher.close()
    if (this.#watchers.get(key) === watcher) this.#watchers.delete(key)
  }

  async #event(): Promise<void> {
    this.#events++
    if (this.#debouncing) return
    this.#debouncing = true
    let settled = false
    for (let waits = 0; !settled && waits < MOST_WAITS; waits++) {
      const before = this.#events
      if (!(await this.#slept(QUIET))) return
      settled = before === this.#events
    }
    this.#debouncing = false
    this.tell({ settled, force: false })
  }

  async #poll(): Promise<void> {
    while (await this.#slept(POLL_EVERY)) this.tell({ settled: false, force: false })
  }

  async #slept(milliseconds: number): Promise<boolean> {
    return this.#tools.sleep(milliseconds).then(
      () => !this.#closed,
      () => false,
    )
  }
}
