import type { Logger } from '../telemetry/log.ts'
import type { Clock } from './clock.ts'
import type { Snapshot } from './provider.ts'
import { sameData } from './same-data.ts'
import { takesAway } from './source-state.ts'

export interface PublisherOptions {
  readonly name: string
  /** Milliseconds between two publications of additions and changes. */
  readonly throttle: number
  readonly log: Pick<Logger, 'error'>
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly onChange: () => void
}

/**
 * Decides when one provider's picture is handed on. What takes something away goes at once; other changes go at
 * once after a quiet time and then once per interval, always the newest. A picture that says the same goes never.
 */
export class Publisher {
  readonly #options: PublisherOptions
  #latest: ReadonlyMap<string, Snapshot> = new Map()
  #published: ReadonlyMap<string, Snapshot> = new Map()
  #cooling = false
  #publications = 0
  #turn: Promise<void> | undefined

  constructor(options: PublisherOptions) {
    this.#options = options
  }

  get published(): ReadonlyMap<string, Snapshot> {
    return this.#published
  }

  /** Takes the newest good snapshots of all parts. */
  changed(latest: ReadonlyMap<string, Snapshot>): void {
    this.#latest = latest
    this.#turn ??= this.#nextTurn()
  }

  /** Resolves when what has been taken so far is published or waits for its interval. */
  async settled(): Promise<void> {
    await this.#turn
  }

  /** Updates that a provider yields in one breath (all files of a directory) make one publication. */
  async #nextTurn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.#turn = undefined
    if (!this.#options.signal.aborted) this.#consider()
  }

  #consider(): void {
    const next = this.#latest
    if (samePicture(this.#published, next)) return
    if (!this.#cooling || pictureTakesAway(this.#published, next)) this.#publish(next)
  }

  #publish(next: ReadonlyMap<string, Snapshot>): void {
    this.#published = next
    void this.#coolDown(++this.#publications)
    try {
      this.#options.onChange()
    } catch (error) {
      this.#options.log.error(`a change of ${this.#options.name} could not be applied: ${String(error)}`)
    }
  }

  /** No clock is read here, so that a wall clock that jumps can neither hold up nor hurry a publication. */
  async #coolDown(publication: number): Promise<void> {
    const { clock, throttle, signal } = this.#options
    if (throttle <= 0) return
    this.#cooling = true
    const over = await slept(clock, throttle, signal)
    if (!over || publication !== this.#publications) return
    this.#cooling = false
    this.#consider()
  }
}

async function slept(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return clock.sleep(milliseconds, signal).then(
    () => true,
    () => false,
  )
}

function samePicture(a: ReadonlyMap<string, Snapshot>, b: ReadonlyMap<string, Snapshot>): boolean {
  return sameData(a, b)
}

function pictureTakesAway(
  before: ReadonlyMap<string, Snapshot>,
  after: ReadonlyMap<string, Snapshot>,
): boolean {
  for (const [part, snapshot] of before) {
    if (!after.has(part) || takesAway(snapshot, after.get(part))) return true
  }
  return false
}
