import PQueue from 'p-queue'
import type { ProviderTools } from '../../src/discovery/provider.ts'
import type { CallSubject } from './call-error.ts'
import { CallError, kindOf, TimeOutError } from './call-error.ts'
import { Pace } from './pace.ts'

type Tools = Pick<ProviderTools, 'signal' | 'sleep' | 'random' | 'monotonic'>

/** Of one region and one account; AWS allows some 20 calls a second to describe tasks, to all who ask. */
const CONCURRENT_CALLS = 4
/** Milliseconds that one try may take. */
const LONGEST_TRY = 10_000
const MOST_TRIES = { throttled: 5, transient: 3 }
const FIRST_PAUSE = 200
const LONGEST_PAUSE = 20_000

/** Makes the calls of one region: a few at a time, at a pace that heeds throttling, again where that may help. */
export class Caller {
  readonly #tools: Tools
  readonly #queue = new PQueue({ concurrency: CONCURRENT_CALLS })
  readonly #pace = new Pace()

  constructor(tools: Tools) {
    this.#tools = tools
  }

  /** @throws CallError when it has failed for good, or the signal's reason */
  async call<T>(subject: CallSubject, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal, sleep } = this.#tools
    for (let failures = 1; ; failures++) {
      try {
        return (await this.#queue.add(() => this.#try(send))) as T
      } catch (error) {
        signal.throwIfAborted()
        const kind = kindOf(error)
        const tries = kind === 'throttled' || kind === 'transient' ? MOST_TRIES[kind] : 1
        if (failures >= tries) throw new CallError(subject, error)
      }
      await sleep(this.#pause(failures))
    }
  }

  async #try<T>(send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal, sleep, monotonic } = this.#tools
    signal.throwIfAborted()
    const wait = this.#pace.take(monotonic())
    if (wait > 0) await sleep(wait)
    const given = new AbortController()
    const late = sleep(LONGEST_TRY).then(() => Promise.reject(new TimeOutError(LONGEST_TRY)))
    try {
      const answer = await Promise.race([send(AbortSignal.any([signal, given.signal])), late])
      this.#pace.answered()
      return answer
    } catch (error) {
      given.abort(error)
      if (kindOf(error) === 'throttled') this.#pace.throttled()
      throw error
    }
  }

  /** Half of it by chance, so that many routers do not come back at once. */
  #pause(failures: number): number {
    const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1))
    return longest * (0.5 + this.#tools.random() / 2)
  }
}
