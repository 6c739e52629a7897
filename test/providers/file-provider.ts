import { mkdtempDisposableSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import provider from '../../providers/file.ts'
import { systemClock } from '../../src/discovery/clock.ts'
import type { Instance, Update } from '../../src/discovery/provider.ts'

export interface Following {
  /** The next update; fails when none comes within ten seconds. */
  next(): Promise<Update>
  /** So many updates, by part. */
  take(count: number): Promise<ReadonlyMap<string, Update>>
  refresh(): void
  [Symbol.asyncDispose](): Promise<void>
}

const DEADLINE = 10_000

/** Runs the file provider as the watcher does. Time runs `haste` times as fast. */
export function follow(
  options: { filename?: string; directory?: string; watch?: boolean },
  haste = 1,
): Following {
  const stop = new AbortController()
  const refreshListeners: (() => void)[] = []
  const updates = provider
    .create(
      { filename: '', directory: '', watch: true, debugLogGeneratedTemplate: false, ...options },
      {
        signal: stop.signal,
        name: 'file',
        now: Date.now,
        monotonic: () => performance.now(),
        sleep: (milliseconds) => systemClock.sleep(milliseconds / haste, stop.signal),
        random: Math.random,
        onRefresh: (listener) => void refreshListeners.push(listener),
      },
    )
    [Symbol.asyncIterator]()
  const next = async (): Promise<Update> => {
    const late = setTimeout(() => stop.abort(new Error('no update came in time')), DEADLINE)
    const result = await updates.next()
    clearTimeout(late)
    if (result.done === true) throw new Error('no update came in time')
    return result.value
  }
  return {
    next,
    take: async (count) => {
      const taken = new Map<string, Update>()
      for (let i = 0; i < count; i++) {
        const update = await next()
        taken.set(update.part ?? '', update)
      }
      return taken
    },
    refresh: () => refreshListeners.forEach((listener) => listener()),
    [Symbol.asyncDispose]: async () => {
      stop.abort(new Error('the test is over'))
      await updates.return?.()
    },
  }
}

/** A folder that is removed with all in it. */
export function folder() {
  const made = mkdtempDisposableSync(join(tmpdir(), 'tidegate-file-'))
  return { path: made.path, [Symbol.dispose]: () => made.remove() }
}

/** What an update says, in short: ids of instances, `gone`, or the failure's code and place. */
export function brief(update: Update | undefined): unknown {
  if (!update) return undefined
  if ('gone' in update) return 'gone'
  if ('failure' in update) {
    const { code, origin } = update.failure
    return origin.line === undefined ? code : `${code} ${origin.line}:${origin.column}`
  }
  return (update.instances ?? []).map(({ id }: Instance) => id)
}

export function instances(...ports: number[]): string {
  const items = ports.map((port) => `  - { name: whoami, address: 127.0.0.1, port: ${port} }\n`)
  return `instances:\n${items.join('')}`
}

export function id(port: number): string {
  return `whoami@127.0.0.1:${port}`
}
