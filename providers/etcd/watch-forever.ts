import type { WatchMessage } from './answers.ts'
import { EtcdError } from './errors.ts'

export interface WatchOptions {
  readonly open: (from: bigint, signal: AbortSignal) => AsyncIterable<WatchMessage>
  /** The first revision to hear of. */
  readonly from: bigint
  readonly onMessage: (message: WatchMessage) => Promise<void>
  /** Etcd no longer knows what happened since then; gives the revision from which to go on. */
  readonly onCompacted: () => Promise<bigint>
  /** Rejects when the member is not well, or has other data than before. */
  readonly beat: () => Promise<void>
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: () => number
  readonly signal: AbortSignal
}

/** Milliseconds after which a watch is opened anew where it was, in case its connection has died in silence. */
const LONGEST = 60_000
/** A stream that breaks sooner is not resumed: something is wrong with more than the stream. */
const SHORTEST = 1_000

/** Keeps one watch open, and resumes it at its revision when its stream breaks; rejects when that is no use. */
export async function watchForever(options: WatchOptions): Promise<never> {
  const { beat, monotonic, signal } = options
  for (let from = options.from; ;) {
    signal.throwIfAborted()
    const opened = monotonic()
    const late = AbortSignal.timeout(LONGEST)
    const { next, error, readAnew } = await watchOnce(options, from, AbortSignal.any([late, signal]))
    from = next
    if (late.aborted || readAnew === true) continue
    if (error instanceof EtcdError || monotonic() - opened < SHORTEST)
      throw error ?? new EtcdError('the watch ended at once', 200, undefined)
    await beat()
  }
}

interface Ended {
  /** The revision from which to go on. */
  readonly next: bigint
  /** Undefined when the stream ended as a stream does. */
  readonly error?: unknown
  readonly readAnew?: boolean
}

async function watchOnce(options: WatchOptions, from: bigint, signal: AbortSignal): Promise<Ended> {
  let next = from
  try {
    for await (const message of options.open(from, signal)) {
      if (message.compacted) {
        next = await options.onCompacted()
        return { next, readAnew: true }
      }
      if (message.canceled) throw new EtcdError(message.reason || 'the watch was ended', 200, undefined)
      await options.onMessage(message)
      for (const { revision } of message.events) if (revision >= next) next = revision + 1n
    }
    return { next }
  } catch (error) {
    return { next, error }
  }
}
