import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Programs } from '../programs.ts'
import { programPath } from '../programs.ts'
import type { LoadResult, LoadRun } from './load-run.ts'
import { runToEnd } from './run-to-end.ts'

/** Requests that each connection has under way at once, as a browser would. */
const STREAMS = 10

/** HTTP/2 over TLS as fast as it goes. */
export async function runH2load(programs: Programs, run: LoadRun): Promise<LoadResult> {
  const log = join(run.folder, 'h2load.log')
  await rm(log, { force: true })
  const size = ['-t1', `-c${run.connections}`, `-m${STREAMS}`, `-D${run.seconds}`, `--log-file=${log}`]
  const body = run.upload === 0 ? [] : ['-d', run.path]
  const args = [
    ...size,
    ...body,
    '-H',
    `:authority: ${run.hosts[0]}`,
    `https://127.0.0.1:${run.port}${run.path}`,
  ]
  const output = await runToEnd([programPath(programs, 'h2load'), ...args], run.seconds)
  return resultOf(await readFile(log, 'latin1').catch(() => ''), output, run.seconds)
}

/** Its own summary has no percentiles, but its log has every request: when it began, status, microseconds. */
function resultOf(log: string, output: string, seconds: number): LoadResult {
  const times: number[] = []
  let errors = 0
  for (const line of log.split('\n')) {
    if (line === '') continue
    const [, status, time] = line.split('\t')
    if (status?.startsWith('2') === true) times.push(Number(time))
    else errors++
  }
  if (times.length === 0) throw new Error(`h2load got no answer:\n${output}`)
  const sorted = Float64Array.from(times).toSorted()
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1]! / 1_000
  return { requests: times.length, seconds, p50: at(0.5), p99: at(0.99), errors }
}
