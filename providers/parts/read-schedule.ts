import type { ProviderTools } from '../../src/discovery/provider.ts'

/** As many services are read before what they tell is published and more urgent ones are looked for. */
const BATCH = 64
/** The shortest rest between two batches that nothing points to; milliseconds. */
const SHORTEST_REST = 250

/**
 * Which services are to be read next. Urgent ones (something points to a change) come at once; the others (they may
 * have changed without a sign) fill the time between, and take a quarter of it at most, so that a large catalog
 * does not keep its agent busy.
 */
export class ReadSchedule {
  readonly #tools: Pick<ProviderTools, 'signal' | 'monotonic' | 'sleep'>
  readonly #urgent = new Set<string>()
  readonly #background = new Set<string>()
  #restUntil = 0
  #added = Promise.withResolvers<void>()

  constructor(tools: Pick<ProviderTools, 'signal' | 'monotonic' | 'sleep'>) {
    this.#tools = tools
    tools.signal.addEventListener('abort', () => this.#wake(), { once: true })
  }

  get urgentLeft(): boolean {
    return this.#urgent.size > 0
  }

  addUrgent(names: Iterable<string>): void {
    for (const name of names) {
      this.#urgent.add(name)
      this.#background.delete(name)
    }
    this.#wake()
  }

  addBackground(names: Iterable<string>): void {
    for (const name of names) if (!this.#urgent.has(name)) this.#background.add(name)
    this.#wake()
  }

  /** Waits until there is something to be read, and takes it out; rejects when the signal fires. */
  async next(): Promise<string[]> {
    for (;;) {
      this.#tools.signal.throwIfAborted()
      if (this.#urgent.size > 0) return take(this.#urgent)
      const rest = this.#restUntil - this.#tools.monotonic()
      if (this.#background.size > 0 && rest <= 0) return this.#takeBackground()
      await this.#wait(this.#background.size > 0 ? rest : undefined)
    }
  }

  #takeBackground(): string[] {
    const names = take(this.#background)
    this.#restUntil = this.#tools.monotonic() + (this.#background.size > 0 ? SHORTEST_REST : 0)
    return names
  }

  /** Told how many milliseconds the last batch took. */
  tookTime(elapsed: number): void {
    if (this.#background.size > 0)
      this.#restUntil = this.#tools.monotonic() + Math.max(SHORTEST_REST, 3 * elapsed)
  }

  async #wait(rest: number | undefined): Promise<void> {
    const { promise } = this.#added
    await (rest === undefined ? promise : Promise.race([promise, this.#tools.sleep(rest)]))
  }

  #wake(): void {
    this.#added.resolve()
    this.#added = Promise.withResolvers()
  }
}

function take(names: Set<string>): string[] {
  const batch = [...names].slice(0, BATCH)
  for (const name of batch) names.delete(name)
  return batch
}
