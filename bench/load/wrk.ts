import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Programs } from '../programs.ts'
import { programPath } from '../programs.ts'
import type { LoadResult, LoadRun } from './load-run.ts'
import { runToEnd } from './run-to-end.ts'

/** HTTP/1.1 as fast as it goes: each connection sends its next request when the last one is answered. */
export async function runWrk(programs: Programs, run: LoadRun): Promise<LoadResult> {
  const script = join(run.folder, 'wrk.lua')
  await writeFile(script, scriptOf(run))
  const size = ['-t1', `-c${run.connections}`, `-d${run.seconds}s`, '--timeout', '5s', '-s', script]
  // It names the URL's host to the proxy (SNI), and not all have a certificate for an address.
  const place = run.protocol === 'plain' ? 'http://127.0.0.1' : 'https://localhost'
  const url = `${place}:${run.port}${run.path}`
  return parse(await runToEnd([programPath(programs, 'wrk'), ...size, url], run.seconds))
}

function scriptOf({ hosts, upload, keepAlive }: LoadRun): string {
  return `wrk.headers["Host"] = "${hosts[0]}"
${keepAlive ? '' : 'wrk.headers["Connection"] = "close"'}
${upload === 0 ? '' : `wrk.method = "POST"\nwrk.body = string.rep("x", ${upload})`}
${hosts.length > 1 ? inTurn(hosts) : ''}
function done(summary, latency)
  local e = summary.errors
  local errors = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format("\\nresult %d %d %f %f %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), errors))
end
`
}

/** Requests for all hosts, written beforehand. A stride that shares no factor with their number visits all. */
function inTurn(hosts: readonly string[]): string {
  return `local hosts = {${hosts.map((host) => `"${host}"`).join(',')}}
local requests, at = {}, 0
function init()
  for i, host in ipairs(hosts) do
    wrk.headers["Host"] = host
    requests[i] = wrk.format()
  end
end
function request()
  at = (at + 7919) % #requests
  return requests[at + 1]
end`
}

function parse(output: string): LoadResult {
  const found = /^result (\d+) (\d+) (\S+) (\S+) (\d+)$/m.exec(output)
  if (!found) throw new Error(`wrk gave no result:\n${output}`)
  const [requests = 0, microseconds = 0, p50 = 0, p99 = 0, errors = 0] = found.slice(1).map(Number)
  return { requests, seconds: microseconds / 1e6, p50: p50 / 1_000, p99: p99 / 1_000, errors }
}
