import type { ProviderTools } from '../../src/discovery/provider.ts'
import { kindOf } from './call-error.ts'

export interface PollOptions {
  /** Milliseconds between two readings; `watch` false: only the first is made, and those that are asked for. */
  readonly refreshSeconds: number
  readonly watch: boolean
  readonly read: () => Promise<void>
  readonly onFailure: (error: unknown) => void
  readonly tools: ProviderTools
}

const FIRST_RETRY = 1_000
/** How many times longer the pause may become while AWS throttles. */
const MOST_PATIENT = 8

/** Reads again and again until the signal fires, and then rejects with its reason. */
export async function pollForever({
  refreshSeconds,
  watch,
  read,
  onFailure,
  tools,
}: PollOptions): Promise<never> {
  const { signal, sleep, random, monotonic, onRefresh } = tools
  let asked = Promise.withResolvers<void>()
  onRefresh(() => asked.resolve())
  for (let failures = 0; ;) {
    // Whoever asks while it is being read wants a reading that begins later.
    asked = Promise.withResolvers()
    let pause = refreshSeconds
    const begun = monotonic()
    try {
      await read()
      tools.readTook?.(monotonic() - begun)
      failures = 0
    } catch (error) {
      signal.throwIfAborted()
      onFailure(error)
      pause = pauseAfter(error, failures++, refreshSeconds)
    }
    // By chance a tenth more or less, so that many routers do not ask at once.
    const rest = watch || failures > 0 ? sleep(pause * (0.9 + random() * 0.2)) : untilAborted(signal)
    await Promise.race([rest, asked.promise])
    signal.throwIfAborted()
  }
}

/** Who throttles is to be asked less; anything else may be over soon. */
function pauseAfter(error: unknown, before: number, usual: number): number {
  const growth = 2 ** Math.min(before, 20)
  if (kindOf(error) === 'throttled') return usual * Math.min(MOST_PATIENT, 2 * growth)
  return Math.min(usual, FIRST_RETRY * growth)
}

function untilAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise
}
