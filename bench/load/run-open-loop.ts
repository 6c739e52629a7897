import type { LoadResult, LoadRun } from './load-run.ts'
import { runToEnd } from './run-to-end.ts'

const PROGRAM = new URL('./open-loop.ts', import.meta.url).pathname

/** A fixed number of requests a second, in the open: see `open-loop.ts`. */
export async function runOpenLoop(run: LoadRun, rate: number): Promise<LoadResult> {
  const options = {
    rate: Math.round(rate),
    port: run.port,
    host: run.hosts[0],
    path: run.path,
    seconds: run.seconds,
    connections: run.connections,
  }
  const flags = Object.entries(options).map(([name, value]) => `--${name}=${value}`)
  const output = await runToEnd([process.execPath, PROGRAM, ...flags], run.seconds)
  const result = /^result (.*)$/m.exec(output)?.[1]
  if (result === undefined) throw new Error(`the open-loop load gave no result:\n${output}`)
  return JSON.parse(result) as LoadResult
}
