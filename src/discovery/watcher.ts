import type { Problem } from '../config/problem.ts'
import { ConfigurationError, describeOrigin } from '../config/problem.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Clock } from './clock.ts'
import { systemClock } from './clock.ts'
import { DoubtTimer } from './doubt-timer.ts'
import { PresenceGuard } from './presence-guard.ts'
import { UNPROVEN_LIMIT } from './provider.ts'
import type { ProviderTools, Update } from './provider.ts'
import { Publisher } from './publisher.ts'
import { SourceParts } from './source-parts.ts'
import type { ProviderPicture, ProviderState } from './source-state.ts'
import type { StoredPart } from './stored-picture.ts'

export interface WatcherOptions {
  /** Name of the provider's file in camel case; it appears in lower case. */
  readonly name: string
  /** The provider's `create`, its options already given. */
  readonly create: (tools: ProviderTools) => AsyncIterable<Update>
  /** Milliseconds between two publications of additions and changes (`providersThrottleDuration`). */
  readonly throttle: number
  /** Removals are obeyed at once, however many; see `ProviderDefinition.trusted`. */
  readonly trusted?: boolean
  /** False believes every answer: the contrast of the scenarios. Default true. */
  readonly proofs?: boolean
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>
  readonly clock?: Clock
  /** Told when the source can no longer be read, in whole or in part, or can be again. */
  readonly onHealth?: () => void
}

const FIRST_BACKOFF = 100
const LONGEST_BACKOFF = 30_000

/**
 * Runs one provider for as long as the process lives: keeps the last good picture of each of its parts, starts it
 * again when it breaks, and publishes what changed. What it has once said keeps serving until it says otherwise.
 */
export class Watcher implements AsyncDisposable {
  /** As in `name@provider`. */
  readonly name: string
  readonly #options: WatcherOptions
  readonly #clock: Clock
  readonly #stopping = new AbortController()
  readonly #heard = Promise.withResolvers<void>()
  readonly #refreshListeners = new Set<() => void>()
  readonly #guard: PresenceGuard
  readonly #parts: SourceParts
  readonly #doubts: DoubtTimer
  #publisher: Publisher | undefined
  #onChange: (() => void) | undefined
  /** Removals that had been held back when it was told last. */
  #toldHeldBack = 0
  #running: Promise<void> | undefined
  #crashesInARow = 0
  #endBackoff: (() => void) | undefined
  #hasHeard = false
  /** What was restored has had its time. */
  #restoreOver = false

  constructor(options: WatcherOptions) {
    this.name = options.name.toLowerCase()
    this.#options = options
    this.#clock = options.clock ?? systemClock
    const { monotonic } = this.#clock
    this.#guard = new PresenceGuard({
      trusted: options.trusted ?? false,
      proofs: options.proofs ?? true,
      monotonic,
    })
    this.#parts = new SourceParts(this.name, this.#guard, this.#clock)
    this.#doubts = new DoubtTimer({
      guard: this.#guard,
      clock: this.#clock,
      signal: this.#stopping.signal,
      onExpiry: () => this.#publisher?.changed(this.#guard.served),
      askForReading: () => this.#askForReading(),
    })
  }

  /**
   * Gives what the source was known to show before this process started. Each part serves until the source answers
   * for it; its instances, of which nothing is proved now, for ten minutes at most. To be called before `start`.
   */
  restore(parts: ReadonlyMap<string, StoredPart>): void {
    for (const [part, stored] of parts) this.#parts.restore(part, stored)
  }

  /** What is to be restored in a process that starts while the source is down; nothing of a source that is trusted. */
  get stored(): ReadonlyMap<string, StoredPart> {
    return this.#options.trusted ? new Map() : this.#parts.stored
  }

  /** Something was restored, so that there is no need to wait for the source. */
  get hasRestored(): boolean {
    return this.#parts.hasRestored
  }

  /** Starts the provider; `onChange` is told whenever `picture` has become another, and when a removal is held back. */
  start(onChange: () => void): void {
    if (this.#running) return
    this.#onChange = onChange
    const { throttle, log } = this.#options
    this.#publisher = new Publisher({
      name: this.name,
      throttle,
      log,
      clock: this.#clock,
      signal: this.#stopping.signal,
      onChange,
    })
    if (this.#parts.size > 0) {
      this.#changed()
      void this.#limitRestored()
    }
    this.#running = this.#runForever()
  }

  /** What was published last. */
  get picture(): ProviderPicture {
    return { name: this.name, parts: this.#publisher?.published ?? new Map() }
  }

  /** Resolves once the provider has said or failed something, and that is published. */
  get heard(): Promise<void> {
    return this.#heard.promise
  }

  /** Asks for a fresh read now, and ends a waiting time after a failure. */
  refresh(): void {
    this.#endBackoff?.()
    this.#askForReading()
  }

  #askForReading(): void {
    for (const listener of this.#refreshListeners) {
      try {
        listener()
      } catch (error) {
        this.#options.log.warn(`${this.name}: a refresh could not be asked for: ${messageOf(error)}`)
      }
    }
  }

  /** Ends the provider. Its picture stays readable. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error(`${this.name} is being stopped`))
    this.#heard.resolve()
    await this.#running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** What cannot be read now. Each was logged when it began. */
  get failures(): readonly Problem[] {
    return this.#parts.failures
  }

  /** Everything that the provider left out, what is in doubt, and what cannot be read now. */
  get problems(): readonly Problem[] {
    return this.#parts.problems
  }

  get state(): ProviderState {
    return this.#parts.state(this.#hasHeard)
  }

  async #runForever(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const failure = await this.#runOnce()
      if (signal.aborted) return
      this.#crashed(failure)
      await this.#backOff()
    }
  }

  /** Runs the provider until it breaks or ends, and says why. Whatever that run still holds is told to close. */
  async #runOnce(): Promise<Problem> {
    const run = new AbortController()
    const signal = AbortSignal.any([this.#stopping.signal, run.signal])
    try {
      const updates = this.#options.create(this.#tools(signal))[Symbol.asyncIterator]()
      for (;;) {
        const result = await nextOrAborted(updates, signal)
        if (!result) closeQuietly(updates)
        if (!result || result.done === true) return ended(this.name)
        this.#take(result.value)
      }
    } catch (error) {
      return crashProblem(error, this.name)
    } finally {
      this.#refreshListeners.clear()
      run.abort(new Error(`this run of ${this.name} is over`))
    }
  }

  #tools(signal: AbortSignal): ProviderTools {
    const { now, monotonic, sleep, random } = this.#clock
    return {
      signal,
      name: this.name,
      now,
      monotonic,
      sleep: (milliseconds) => sleep(milliseconds, signal),
      random,
      onRefresh: (listener) => void this.#refreshListeners.add(listener),
      readTook: (milliseconds) => this.#parts.readTook(milliseconds),
    }
  }

  #take(update: Update): void {
    const part = update.part ?? ''
    if ('failure' in update) this.#partFailed(part, update.failure)
    else {
      const healed = this.#healed(part)
      if ('gone' in update) this.#parts.gone(part)
      else this.#parts.read(part, update)
      this.#changed()
      if (healed) this.#options.onHealth?.()
    }
    this.#hear()
  }

  #partFailed(part: string, failure: Problem): void {
    const before = this.#parts.failureOf(part)
    const isNews = !sameFailure(before, failure)
    if (isNews) this.#logFailure(part, failure, this.#parts.hasPictureOf(part))
    this.#parts.failed(part, failure)
    if (isNews) this.#options.onHealth?.()
  }

  #changed(): void {
    if (this.#restoreOver) this.#parts.dropForgotten()
    this.#publisher?.changed(this.#guard.served)
    this.#doubts.changed()
    // The picture stays, and the problem must be seen, however soon a second reading settles it.
    const { heldBackTotal } = this.#guard
    if (heldBackTotal > this.#toldHeldBack) this.#onChange?.()
    this.#toldHeldBack = heldBackTotal
  }

  /** Restored parts that are not heard of within the time that instances get belong to the source no more. */
  async #limitRestored(): Promise<void> {
    const { signal } = this.#stopping
    await this.#clock.sleep(UNPROVEN_LIMIT, signal).catch(() => undefined)
    if (signal.aborted) return
    this.#restoreOver = true
    this.#changed()
  }

  #crashed(failure: Problem): void {
    const isNews = !sameFailure(this.#parts.crash, failure)
    if (isNews) this.#logFailure('', failure, this.#parts.size > 0)
    this.#parts.crashed(failure)
    if (isNews) this.#options.onHealth?.()
    this.#hear()
  }

  /** True when something could not be read before. */
  #healed(part: string): boolean {
    this.#crashesInARow = 0
    const { crash } = this.#parts
    if (crash) this.#options.log.info(`${this.name} is back`, { provider: this.name })
    this.#parts.runs()
    if (!this.#parts.failureOf(part)) return crash !== undefined
    this.#options.log.info(`${label(this.name, part)} can be read again`, { provider: this.name, part })
    return true
  }

  #logFailure(part: string, failure: Problem, hasPicture: boolean): void {
    const effect = hasPicture ? '; its last good picture keeps serving' : ''
    const place = describeOrigin(failure.origin)
    const remedy = failure.remedy === undefined ? '' : ` — ${failure.remedy}`
    this.#options.log.error(`${label(this.name, part)}: ${failure.message}${remedy}${effect}`, {
      provider: this.name,
      ...(part === '' ? {} : { part }),
      code: failure.code,
      place,
    })
  }

  #hear(): void {
    if (this.#hasHeard) return
    this.#hasHeard = true
    // After what came in the same breath has been published.
    void this.#publisher?.settled().then(this.#heard.resolve)
  }

  /** Waits 100 ms, doubled with every crash up to 30 s; by chance half of that, so that many do not come at once. */
  async #backOff(): Promise<void> {
    const longest = Math.min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** Math.min(this.#crashesInARow++, 20))
    const wait = new AbortController()
    this.#endBackoff = () => wait.abort()
    const signal = AbortSignal.any([wait.signal, this.#stopping.signal])
    await this.#clock.sleep(longest * (0.5 + this.#clock.random() / 2), signal).catch(() => undefined)
    this.#endBackoff = undefined
  }
}

/** The next result, or undefined when the signal fires first: a provider that hangs cannot hold up a stop. */
function nextOrAborted<T>(
  iterator: AsyncIterator<T>,
  signal: AbortSignal,
): Promise<IteratorResult<T> | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<IteratorResult<T> | undefined>()
  if (signal.aborted) return Promise.resolve(undefined)
  const onAbort = (): void => resolve(undefined)
  signal.addEventListener('abort', onAbort, { once: true })
  iterator.next().then(resolve, reject)
  return promise.finally(() => signal.removeEventListener('abort', onAbort))
}

function closeQuietly(iterator: AsyncIterator<unknown>): void {
  void iterator.return?.().catch(() => undefined)
}

/** Retries fail in slightly other words each time; the code and the place tell whether it is news. */
function sameFailure(a: Problem | undefined, b: Problem): boolean {
  return a?.code === b.code && describeOrigin(a.origin) === describeOrigin(b.origin)
}

function label(name: string, part: string): string {
  return part === '' ? name : `${name} (${part})`
}

function ended(name: string): Problem {
  return {
    code: 'E404',
    severity: 'error',
    message: `the provider ${name} ended by itself`,
    origin: { source: name },
  }
}

function crashProblem(error: unknown, name: string): Problem {
  const [problem] = error instanceof ConfigurationError ? error.problems : []
  if (problem) return problem
  const message = `the provider ${name} broke: ${messageOf(error)}`
  return { code: 'E401', severity: 'error', message, origin: { source: name } }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
