import { fields } from '../../src/config/fields.ts'
import type { Problem } from '../../src/config/problem.ts'
import { systemClock } from '../../src/discovery/clock.ts'
import type {
  Instance,
  ProviderDefinition,
  ProviderTools,
  Snapshot,
  Update,
} from '../../src/discovery/provider.ts'

/** What a provider has said of one part so far. */
export interface PartView {
  readonly snapshot: Snapshot | undefined
  /** Of the last update, when that was a failure. */
  readonly failure: Problem | undefined
}

interface Options {
  readonly part?: string
  /** Milliseconds. */
  readonly within?: number
}

/** Runs a provider as the watcher does, and lets a test wait for what it says. */
export class WatchedProvider implements AsyncDisposable {
  readonly updates: Update[] = []
  readonly #parts = new Map<string, PartView>()
  readonly #stopping = new AbortController()
  readonly #refreshListeners: (() => void)[] = []
  readonly #running: Promise<void>
  #heard = Promise.withResolvers<void>()

  constructor(definition: ProviderDefinition, options: object, tools: Partial<ProviderTools> = {}) {
    const { signal } = this.#stopping
    const parsed = fields.section('', definition.options(fields)).parse(options)
    const given: ProviderTools = {
      signal,
      name: 'tested',
      now: systemClock.now,
      monotonic: systemClock.monotonic,
      sleep: (milliseconds) => systemClock.sleep(milliseconds, signal),
      random: systemClock.random,
      onRefresh: (listener) => void this.#refreshListeners.push(listener),
      ...tools,
    }
    this.#running = this.#listen(definition.create(parsed, given))
    // A test that awaits `ended` sees the error; one that does not must not be ended by it.
    this.#running.catch(() => undefined)
  }

  /** Settles when the provider has ended, with its error if it broke. */
  get ended(): Promise<void> {
    return this.#running
  }

  view(part = ''): PartView {
    return this.#parts.get(part) ?? { snapshot: undefined, failure: undefined }
  }

  /** The instances of one service in the last snapshot. */
  instances(service: string, part = ''): readonly Instance[] {
    return (this.view(part).snapshot?.instances ?? []).filter(({ name }) => name === service)
  }

  /**
   * Waits until what has been said of the part is as wanted, and gives the milliseconds that took.
   * @throws Error with the last view when it takes too long, or the provider ends before
   */
  async until(
    wanted: string,
    test: (view: PartView) => boolean,
    { part = '', within = 5_000 }: Options = {},
  ): Promise<number> {
    const started = performance.now()
    const late = AbortSignal.timeout(within)
    const tooLate = new Promise<void>((resolve) => late.addEventListener('abort', () => resolve()))
    const over = this.#running.then(() => 'ended' as const)
    while (!test(this.view(part))) {
      const result = await Promise.race([this.#heard.promise, tooLate, over])
      if (late.aborted || result === 'ended') {
        throw new Error(`not within ${within} ms: ${wanted}; last: ${JSON.stringify(this.view(part))}`)
      }
    }
    return performance.now() - started
  }

  refresh(): void {
    for (const listener of this.#refreshListeners) listener()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('the test is over'))
    await this.#running.catch(() => undefined)
  }

  async #listen(updates: AsyncIterable<Update>): Promise<void> {
    for await (const update of updates) {
      this.updates.push(update)
      const part = update.part ?? ''
      const before = this.view(part)
      if ('failure' in update) this.#parts.set(part, { snapshot: before.snapshot, failure: update.failure })
      else if ('gone' in update) this.#parts.delete(part)
      else this.#parts.set(part, { snapshot: update, failure: undefined })
      this.#heard.resolve()
      this.#heard = Promise.withResolvers()
    }
  }
}
