import type { Update } from '../../src/discovery/provider.ts'

/** Hands what several producers push to one consumer, in order, until the signal fires. */
export class UpdateQueue implements AsyncIterable<Update> {
  readonly #signal: AbortSignal
  readonly #updates: Update[] = []
  #failure: { readonly error: unknown } | undefined
  #added = Promise.withResolvers<void>()

  constructor(signal: AbortSignal) {
    this.#signal = signal
    signal.addEventListener('abort', () => this.#added.resolve(), { once: true })
  }

  push(update: Update): void {
    this.#updates.push(update)
    this.#added.resolve()
  }

  /** Ends the iteration with this error. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#added.resolve()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Update, void> {
    while (!this.#signal.aborted) {
      if (this.#failure) throw this.#failure.error
      const update = this.#updates.shift()
      if (update) yield update
      else await this.#nextSign()
    }
  }

  async #nextSign(): Promise<void> {
    await this.#added.promise
    this.#added = Promise.withResolvers()
  }
}
