import { writeSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import type { Debugger } from 'node:inspector'
import { fileURLToPath } from 'node:url'
import { isMainThread, Worker, workerData } from 'node:worker_threads'

/**
 * Imported before each test file. A file whose thread never comes to rest, or that keeps its process alive when its
 * tests are over, would hold up the whole run without a word: the runner's own limit needs a turn of that thread. This
 * one has a thread of its own, says where the file is stuck, and ends it.
 */
const LIMIT_MS = Number(process.env['TEST_FILE_LIMIT'] ?? 280_000)
/** Milliseconds for an answer; a thread that is stuck outside of JavaScript gives none. */
const PATIENCE_MS = 5_000

const orders = workerData as { watched?: string } | null
if (isMainThread && process.argv[1]?.endsWith('.test.ts')) watch(process.argv[1])
else if (orders?.watched !== undefined) await bark(orders.watched)

function watch(watched: string): void {
  new Worker(fileURLToPath(import.meta.url), { workerData: { watched }, execArgv: [] }).unref()
}

async function bark(file: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, LIMIT_MS))
  const session = new Session()
  session.connectToMainThread()
  const told = [
    await withPatience(stack(session), 'no stack: it runs no JavaScript'),
    await withPatience(resources(session), ''),
  ]
  // The streams of this thread lead through the other one.
  writeSync(2, `${file} is not over after ${LIMIT_MS} ms\n${told.join('\n')}\n`)
  process.kill(process.pid, 'SIGKILL')
}

/** Where the main thread is now. */
async function stack(session: Session): Promise<string> {
  const paused = new Promise<Debugger.PausedEventDataType>((resolve) => {
    session.once('Debugger.paused', ({ params }) => resolve(params))
  })
  const urls = new Map<string, string>()
  session.on('Debugger.scriptParsed', ({ params }) => urls.set(params.scriptId, params.url))
  await session.post('Debugger.enable')
  await session.post('Debugger.pause')
  const { callFrames } = await paused
  await session.post('Debugger.resume')
  const lines = callFrames.map(
    ({ functionName, location: { scriptId, lineNumber, columnNumber = 0 } }) =>
      `    at ${functionName || '(anonymous)'} (${urls.get(scriptId)}:${lineNumber + 1}:${columnNumber + 1})`,
  )
  return lines.join('\n')
}

/** What keeps the main thread alive. */
async function resources(session: Session): Promise<string> {
  const { result } = await session.post('Runtime.evaluate', {
    expression: 'process.getActiveResourcesInfo().join()',
  })
  return `    alive: ${result.value as string}`
}

function withPatience(work: Promise<string>, otherwise: string): Promise<string> {
  const late = new Promise<string>((resolve) => setTimeout(resolve, PATIENCE_MS, otherwise))
  return Promise.race([work, late])
}
