import type { ProviderTools } from '../../src/discovery/provider.ts'
import { backoff } from './backoff.ts'

/** A sound answer: from a server that knows its leader, and with the index of what it shows. */
export interface Answer<T> {
  readonly value: T
  readonly index: bigint
}

/** Waits at the agent until something has changed since `index`, `wait` milliseconds at most. */
export interface LongPoll {
  readonly index: bigint
  readonly wait: number
}

/** The servers behind the agent have no leader, so that what they show may be old or partial. */
export class NoLeaderError extends Error {
  override readonly name = 'NoLeaderError'
}

/** Consul asks its clients not to come back at once after every change; milliseconds between two answers. */
const FLOOR = 50

/**
 * How long to wait when the agent may have become another since the last answer. To an index that is higher than
 * its own an agent gives no answer before the wait is over; milliseconds.
 */
export const DOUBTFUL_WAIT = 1_000

/** What an answer's index tells next to the answers before it. */
export interface News {
  /** The first answer, or the first after failures: what happened in between is not known. */
  readonly recovered: boolean
  /** A connection has ended since the last answer: the agent may be another, or have started again. */
  readonly doubtful: boolean
  /** The index is another. */
  readonly moved: boolean
  /** The index is lower: the servers have lost data. */
  readonly wentBack: boolean
}

export interface PollOptions<T> {
  readonly read: (poll?: LongPoll) => Promise<Answer<T>>
  /** Milliseconds of one long poll; undefined: plain reads, with a pause between them. */
  readonly wait?: () => number
  /** Grows when a connection ends. */
  readonly endedConnections: () => number
  readonly pause?: () => Promise<void>
  readonly onAnswer: (answer: Answer<T>, news: News) => void | Promise<void>
  readonly onFailure: (error: unknown) => void
  readonly tools: Pick<ProviderTools, 'signal' | 'monotonic' | 'sleep' | 'random'>
}

/** Asks until the signal fires, and then rejects with its reason. */
export async function pollForever<T>(options: PollOptions<T>): Promise<never> {
  const { read, wait, endedConnections, onFailure, tools } = options
  let last: bigint | undefined
  let ended = 0
  let resume: bigint | undefined
  let failures = 0
  for (;;) {
    try {
      const doubtful = last !== undefined && endedConnections() !== ended
      const longest = wait?.() ?? 0
      const poll = { index: resume ?? 0n, wait: doubtful ? Math.min(longest, DOUBTFUL_WAIT) : longest }
      const answer = await read(wait === undefined || resume === undefined ? undefined : poll)
      const arrived = tools.monotonic()
      ended = endedConnections()
      const wentBack = last !== undefined && answer.index < last
      const recovered = last === undefined || failures > 0
      await options.onAnswer(answer, { recovered, doubtful, moved: answer.index !== last, wentBack })
      // With an index that is too high the agent would wait for it; one plain read starts afresh.
      resume = wentBack ? undefined : answer.index
      last = answer.index
      failures = 0
      await (options.pause?.() ??
        tools.sleep(Math.max(0, Math.min(FLOOR, FLOOR - (tools.monotonic() - arrived)))))
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
