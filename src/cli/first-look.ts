import { setTimeout as delay } from 'node:timers/promises'
import { ConfigurationError } from '../config/problem.ts'
import type { Problem } from '../config/problem.ts'
import { systemClock } from '../discovery/clock.ts'
import type { ProviderDefinition, ProviderTools, Snapshot, Update } from '../discovery/provider.ts'

export interface LookLimits {
  /** Milliseconds that the whole look may take. */
  readonly limit: number
  /** Milliseconds without news after which a source has shown all its parts; 0: what comes in one breath is all. */
  readonly quiet: number
}

/** What one provider shows at first. */
export interface Look {
  /** As in `name@provider`. */
  readonly name: string
  readonly parts: ReadonlyMap<string, Snapshot>
  /** What it left out or could not read. */
  readonly problems: readonly Problem[]
}

/** Reads one provider once, and cancels it. Never rejects, and never takes longer than its limit. */
export async function lookOnce(
  name: string,
  definition: ProviderDefinition,
  options: unknown,
  limits: LookLimits,
): Promise<Look> {
  const provider = name.toLowerCase()
  const cancel = new AbortController()
  const parts = new Map<string, Update>()
  const problems: Problem[] = []
  const iterator = definition
    .create(options as never, toolsFor(provider, cancel.signal))
    [Symbol.asyncIterator]()
  const end = performance.now() + limits.limit
  let quietEnd = end
  try {
    for (;;) {
      const next = await within(iterator.next(), Math.max(0, Math.min(end, quietEnd) - performance.now()))
      if (!next || next.done === true) break
      // Who fails time and again must not keep others waiting for its next attempt.
      if (isNews(parts.get(next.value.part ?? ''), next.value)) quietEnd = performance.now() + limits.quiet
      parts.set(next.value.part ?? '', next.value)
    }
    if (parts.size === 0) problems.push(silent(provider, limits.limit))
  } catch (error) {
    problems.push(broken(provider, error))
  } finally {
    cancel.abort(new Error(`${provider} has been read`))
    void iterator.return?.().catch(() => undefined)
  }
  return lookOf(provider, parts, problems)
}

function isNews(before: Update | undefined, now: Update): boolean {
  const failed = (update: Update | undefined): string | undefined =>
    update && 'failure' in update ? update.failure.code : undefined
  return before === undefined || failed(now) === undefined || failed(before) !== failed(now)
}

/** Undefined when the time is up first; with no time, what has not come by the next turn of the event loop. */
async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  if (milliseconds === 0) {
    const { promise: turn, resolve } = Promise.withResolvers<undefined>()
    setImmediate(() => resolve(undefined))
    return Promise.race([promise, turn])
  }
  const over = new AbortController()
  const late = delay(milliseconds, undefined, { signal: over.signal }).catch(() => undefined)
  // What comes later is nobody's: the provider is cancelled then.
  promise.catch(() => undefined)
  try {
    return await Promise.race([promise, late])
  } finally {
    over.abort()
  }
}

function toolsFor(name: string, signal: AbortSignal): ProviderTools {
  const { now, monotonic, sleep, random } = systemClock
  return {
    signal,
    name,
    now,
    monotonic,
    random,
    sleep: (milliseconds) => sleep(milliseconds, signal),
    onRefresh: () => {},
  }
}

function lookOf(name: string, updates: ReadonlyMap<string, Update>, problems: Problem[]): Look {
  const parts = new Map<string, Snapshot>()
  for (const [part, update] of updates) {
    if ('failure' in update) problems.push(update.failure)
    else if (!('gone' in update)) {
      parts.set(part, update)
      problems.push(...(update.problems ?? []))
    }
  }
  return { name, parts, problems }
}

function silent(name: string, limit: number): Problem {
  return {
    code: 'E401',
    severity: 'error',
    message: `${name} has not answered within ${limit / 1_000} s`,
    remedy: 'check its address, or give it longer with `--timeout`',
    origin: { source: name },
  }
}

function broken(name: string, error: unknown): Problem {
  const [problem] = error instanceof ConfigurationError ? error.problems : []
  if (problem) return problem
  const why = error instanceof Error ? error.message : String(error)
  return {
    code: 'E401',
    severity: 'error',
    message: `the provider ${name} broke: ${why}`,
    origin: { source: name },
  }
}
