import { subscribe } from 'node:diagnostics_channel'
import { appendFileSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, threadId } from 'node:worker_threads'

/**
 * Loaded before Tidegate into each of its threads. It measures from within what cannot be seen from outside, and
 * writes it into a folder: a file per thread.
 */

/** What a thread has seen since its last line. */
export interface ProbeLine {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly thread: number
  /** Connections that were accepted. */
  readonly accepted: number
  /** Longest time in milliseconds for which the event loop ran nothing else. */
  readonly stall: number
}

const EVERY_MS = 100
const PROFILE_STARTS_MS = 4_000
const PROFILE_MS = 8_000

const folder = process.env['BENCH_FOLDER'] ?? ''
const mode = process.env['BENCH_PROBE']
if (!isMainThread && folder !== '') {
  if (mode === 'profile') void profile()
  else if (mode !== undefined) watch(mode === 'stalls')
}

function watch(stalls: boolean): void {
  let accepted = 0
  let stall = 0
  subscribe('net.server.socket', () => void accepted++)
  if (stalls) measureStalls((milliseconds) => (stall = Math.max(stall, milliseconds)))
  const write = (): void => {
    const line: ProbeLine = { at: Date.now(), thread: threadId, accepted, stall }
    appendFileSync(join(folder, `${threadId}.jsonl`), `${JSON.stringify(line)}\n`)
    accepted = 0
    stall = 0
  }
  setInterval(write, EVERY_MS).unref()
}

/** A timer that is due every millisecond: what it comes too late by is what others had to wait, too. */
function measureStalls(report: (milliseconds: number) => void): void {
  let last = performance.now()
  setInterval(() => {
    const now = performance.now()
    report(now - last - 1)
    last = now
  }, 1).unref()
}

/** Once the thread is warm. */
async function profile(): Promise<void> {
  await sleep(PROFILE_STARTS_MS, undefined, { ref: false })
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: 200 })
  await session.post('Profiler.start')
  await sleep(PROFILE_MS, undefined, { ref: false })
  const { profile: taken } = await session.post('Profiler.stop')
  writeFileSync(join(folder, `${threadId}.cpuprofile`), JSON.stringify(taken))
}
