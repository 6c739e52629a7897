import type { ProviderTools } from '../../src/discovery/provider.ts'
import { backoff } from './backoff.ts'
import type { Answer, LongPoll } from './client.ts'

/** Consul asks its clients not to come back at once after every change; milliseconds between two answers. */
const FLOOR = 50

/** What an answer's index tells next to the answers before it. */
export interface News {
  /** The first answer, or the first after failures: what happened in between is not known. */
  readonly recovered: boolean
  /** The index is another. */
  readonly moved: boolean
  /** The index is lower: the servers have lost data. */
  readonly wentBack: boolean
}

export interface PollOptions<T> {
  readonly read: (poll?: LongPoll) => Promise<Answer<T>>
  /** Milliseconds of one long poll; undefined: plain reads, with a pause between them. */
  readonly wait?: number
  readonly pause?: () => Promise<void>
  readonly onAnswer: (answer: Answer<T>, news: News) => void | Promise<void>
  readonly onFailure: (error: unknown) => void
  readonly tools: Pick<ProviderTools, 'signal' | 'now' | 'sleep' | 'random'>
}

/** Asks until the signal fires, and then rejects with its reason. */
export async function pollForever<T>(options: PollOptions<T>): Promise<never> {
  const { read, wait, onFailure, tools } = options
  let last: bigint | undefined
  let resume: bigint | undefined
  let failures = 0
  for (;;) {
    try {
      const answer = await read(
        wait === undefined || resume === undefined ? undefined : { index: resume, wait },
      )
      const arrived = tools.now()
      const wentBack = last !== undefined && answer.index < last
      const recovered = last === undefined || failures > 0
      await options.onAnswer(answer, { recovered, moved: answer.index !== last, wentBack })
      // With an index that is too high the agent would wait for it; one plain read starts afresh.
      resume = wentBack ? undefined : answer.index
      last = answer.index
      failures = 0
      await (options.pause?.() ?? tools.sleep(Math.max(0, Math.min(FLOOR, FLOOR - (tools.now() - arrived)))))
    } catch (error) {
      tools.signal.throwIfAborted()
      // A plain read ends soon where a long poll would leave a dead agent undiscovered.
      resume = undefined
      failures++
      onFailure(error)
      await tools.sleep(backoff(failures, tools.random))
    }
  }
}
