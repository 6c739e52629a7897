import { setTimeout as sleep } from 'node:timers/promises'
import { startLoad } from '../../test/support/load.ts'
import type { Load } from '../../test/support/load.ts'
import type { Outcome, Tally } from '../../test/support/load-tally.ts'
import { until } from '../../test/support/until.ts'
import { hostOf } from './registry.ts'
import type { RunningInstance, Stage } from './stage.ts'

export const RATE = 100
/** Between taking an instance out of discovery and telling it to stop, as deploy tools wait. */
const DEREGISTRATION_DELAY = 500
/** Longer than the delay: it is in flight when the instance is told to stop. */
const SLOW = '/?wait=1500ms'

export interface Replacement {
  readonly old: string
  readonly successor: string
  /** Requests that were on their way to the old instance when it was taken out, and that it answered after. */
  readonly inFlight: number
}

/** Steady load, and the replacement of instances under it. */
export class Roll implements AsyncDisposable {
  readonly #stage: Stage
  readonly #load: Load
  readonly #answered = new Set<string>()
  #recent: Outcome[] = []

  readonly #signal: AbortSignal

  /** What waits ends early when `signal` fires. */
  constructor(stage: Stage, tags: readonly string[], signal: AbortSignal) {
    this.#stage = stage
    this.#signal = signal
    this.#load = startLoad({
      port: stage.port,
      hosts: [...new Set(tags)].map(hostOf),
      rate: RATE,
      verify: (response, id) =>
        response.body.includes(`Request-Id: ${id}`) ? undefined : 'answer to another request',
      onOutcome: (outcome) => this.#note(outcome),
    })
  }

  get tally(): Tally {
    return this.#load.tally
  }

  get inFlight(): number {
    return this.#load.inFlight
  }

  /** Waits until the instances have answered requests of the load. */
  async served(instances: readonly RunningInstance[]): Promise<void> {
    await this.#until('all instances to be served', () => instances.every(({ id }) => this.#answered.has(id)))
  }

  /**
   * Starts a successor, takes the instance out of discovery, and then stops it, as a deploy tool does.
   * @throws AbortError when the signal has fired
   */
  async replace(old: RunningInstance): Promise<Replacement> {
    const successor = await this.#stage.add(old.tag)
    await this.served([successor])
    this.#recent = []
    const slow = this.#occupy(old)
    await sleep(100, undefined, { signal: this.#signal })
    const takenOut = performance.now()
    await this.#stage.deregister(old)
    await sleep(DEREGISTRATION_DELAY, undefined, { signal: this.#signal })
    await old.program.stop()
    await this.#until('slow requests to end', () => this.#recent.filter(isSlow).length === slow)
    const caught = this.#recent.filter(({ sentAt, endedAt }) => sentAt < takenOut && endedAt > takenOut)
    const inFlight = caught.filter(({ body }) => nameIn(body) === old.id).length
    return { old: old.id, successor: successor.id, inFlight }
  }

  /** Sends no more; resolves when all is answered. */
  stop(): Promise<Tally> {
    return this.#load.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#load[Symbol.asyncDispose]()
  }

  /** Sends enough slow requests for each instance of the service to get some, the old one among them. */
  #occupy({ tag }: RunningInstance): number {
    const count = 4 * this.#stage.instances.filter((instance) => instance.tag === tag).length
    for (let i = 0; i < count; i++) {
      const method = i % 2 === 0 ? 'GET' : 'POST'
      this.#load.send({ method, host: hostOf(tag), path: SLOW, fresh: i % 4 < 2 })
    }
    return count
  }

  #until(what: string, condition: () => boolean): Promise<boolean> {
    return until(what, () => {
      this.#signal.throwIfAborted()
      return condition()
    })
  }

  #note(outcome: Outcome): void {
    this.#answered.add(nameIn(outcome.body))
    this.#recent.push(outcome)
  }
}

function isSlow({ path }: Outcome): boolean {
  return path === SLOW
}

function nameIn(body: string): string {
  return /^Name: (.*)$/m.exec(body)?.[1]?.trim() ?? ''
}
