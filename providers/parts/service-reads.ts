import PQueue from 'p-queue'
import type { Problem } from '../../src/config/problem.ts'
import type { ProviderTools } from '../../src/discovery/provider.ts'
import { backoff } from './backoff.ts'
import { ReadSchedule } from './read-schedule.ts'

export interface ServiceReadsOptions {
  /** Reads one service and takes over what it shows. */
  readonly read: (name: string) => Promise<void>
  readonly toProblem: (error: unknown, name: string) => Problem
  /** Called after each batch; `someWorked` is false when not one read of it did. */
  readonly onBatch: (someWorked: boolean) => void
  readonly tools: Pick<ProviderTools, 'signal' | 'monotonic' | 'sleep' | 'random'>
}

/** Reads of one datacenter at one time; an agent allows one client 200 connections. */
const CONCURRENT_READS = 8

/** Reads services, a few at a time, and those again that could not be read. */
export class ServiceReads {
  readonly #options: ServiceReadsOptions
  readonly #schedule: ReadSchedule
  readonly #queue = new PQueue({ concurrency: CONCURRENT_READS })
  readonly #failures = new Map<string, Problem>()
  #failuresInARow = 0
  #retrying = false
  #reading = false

  constructor(options: ServiceReadsOptions) {
    this.#options = options
    this.#schedule = new ReadSchedule(options.tools)
  }

  /** Why services could not be read when last tried, by name. */
  get failures(): ReadonlyMap<string, Problem> {
    return this.#failures
  }

  /** Some services are still to be read that something pointed to. */
  get urgentLeft(): boolean {
    return this.#schedule.urgentLeft
  }

  /** Some reads are under way. */
  get busy(): boolean {
    return this.#reading
  }

  now(names: Iterable<string>): void {
    this.#schedule.addUrgent(names)
  }

  whenIdle(names: Iterable<string>): void {
    this.#schedule.addBackground(names)
  }

  /** For services that have gone. */
  forgetAllBut(listed: ReadonlySet<string>): void {
    for (const name of this.#failures.keys()) if (!listed.has(name)) this.#failures.delete(name)
  }

  /** Works until the signal fires, and then rejects with its reason. */
  async run(): Promise<never> {
    const { tools, onBatch } = this.#options
    for (;;) {
      const names = await this.#schedule.next()
      const started = tools.monotonic()
      this.#reading = true
      const worked = await Promise.all(names.map((name) => this.#queue.add(() => this.#try(name))))
      this.#reading = false
      tools.signal.throwIfAborted()
      this.#schedule.tookTime(tools.monotonic() - started)
      this.#retryFailed()
      onBatch(worked.includes(true))
    }
  }

  async #try(name: string): Promise<boolean> {
    const { read, toProblem, tools } = this.#options
    try {
      await read(name)
      this.#failures.delete(name)
      return true
    } catch (error) {
      if (!tools.signal.aborted) this.#failures.set(name, toProblem(error, name))
      return false
    }
  }

  /** One timer for all, so that a thousand failures do not mean a thousand. */
  #retryFailed(): void {
    const { tools } = this.#options
    if (this.#failures.size === 0) this.#failuresInARow = 0
    if (this.#failures.size === 0 || this.#retrying) return
    this.#retrying = true
    const again = (): void => {
      this.#retrying = false
      this.#schedule.addUrgent(this.#failures.keys())
    }
    void tools.sleep(backoff(++this.#failuresInARow, tools.random)).then(again, () => undefined)
  }
}
