import { setTimeout as sleep } from 'node:timers/promises'
import type { LoadCase } from '../cases.ts'
import { probeLines } from '../inside/probe-lines.ts'
import { runH2load } from '../load/h2load.ts'
import type { LoadResult, LoadRun } from '../load/load-run.ts'
import { runWrk } from '../load/wrk.ts'
import { cpuTimeOf } from '../machine/cpu-time.ts'
import { hostName, hostNames } from '../proxies/contestant.ts'
import type { RunningProxy } from '../proxies/running-proxy.ts'
import { probeFolder } from '../proxies/tidegate.ts'
import { TWO_WORKERS } from '../contestants.ts'
import type { Bench, Trial } from '../trial.ts'

/** Seconds of load before the first round, in which code is compiled and pools are filled. */
const WARM_UP_S = 2
const PAUSE_MS = 200

/** As many requests as go through: what each costs, how many there are, how long they take. */
export function loadTrial(load: LoadCase): Trial {
  const { name, usual, contestants } = load
  return {
    name,
    usual,
    about: describe(load),
    duration: ({ rounds, seconds }, taking) => {
      const turn = seconds + 1
      return Math.min(taking, contestants.length) * (rounds * turn + WARM_UP_S + 1)
    },
    run: (bench) => run(bench, load),
  }
}

function describe({ path, upload, protocol, keepAlive, connections, name }: LoadCase): string {
  const request = upload > 0 ? `POST of ${upload} bytes` : `GET ${path}`
  const kind = keepAlive ? 'kept alive' : 'one per request'
  return `${name}: ${request}, ${protocol}, ${connections} connections, ${kind}`
}

async function run(bench: Bench, load: LoadCase): Promise<void> {
  const proxies = await entered(bench, load)
  for (const proxy of proxies) await measure(bench, load, proxy, WARM_UP_S)
  for (let round = 0; round < bench.effort.rounds; round++) {
    bench.say(`${load.name}: round ${round + 1} of ${bench.effort.rounds}`)
    // Whoever comes first in one round comes last in the next one.
    for (const proxy of round % 2 === 0 ? proxies : proxies.toReversed()) {
      const values = await measure(bench, load, proxy, bench.effort.seconds)
      bench.figures.add(load.name, proxy.contestant.name, values)
      await sleep(PAUSE_MS)
    }
  }
}

/** Those who take part and speak the protocol. */
async function entered(bench: Bench, { name, contestants, protocol }: LoadCase): Promise<RunningProxy[]> {
  const proxies: RunningProxy[] = []
  for (const contestant of contestants) {
    const proxy = await bench.enter(name, contestant)
    if (!proxy) continue
    const refusal = await proxy.refusal(protocol)
    if (refusal === undefined) proxies.push(proxy)
    else bench.figures.addAbsent(name, contestant.name, refusal)
  }
  return proxies
}

async function measure(
  bench: Bench,
  load: LoadCase,
  proxy: RunningProxy,
  seconds: number,
): Promise<Record<'cpu' | 'rate' | 'p50' | 'p99' | 'errors', number> & { busier?: number }> {
  const run = loadRun(bench, load, proxy, seconds)
  const from = Date.now()
  const before = cpuTimeOf(proxy.pid)
  const result = await runLoad(bench, run)
  const used = cpuTimeOf(proxy.pid) - before
  const { requests, p50, p99, errors } = result
  const values = { cpu: used / requests, rate: requests / result.seconds, p50, p99, errors }
  return proxy.contestant === TWO_WORKERS ? { ...values, busier: await busierShare(proxy, from) } : values
}

/** What a case means for a proxy. */
export function loadRun(bench: Bench, load: LoadCase, proxy: RunningProxy, seconds: number): LoadRun {
  const { routers, pathPrefix = '' } = proxy.contestant
  const hosts = load.allHosts ? hostNames(routers) : [hostName(Math.min(7, routers - 1))]
  const path = pathPrefix + load.path
  return {
    ...load,
    path,
    port: proxy.portOf(load.protocol),
    hosts,
    seconds,
    folder: bench.surroundings.folder,
  }
}

export function runLoad({ programs }: Bench, run: LoadRun): Promise<LoadResult> {
  return run.protocol === 'h2' ? runH2load(programs, run) : runWrk(programs, run)
}

/** Percent of the connections of this run that the busier worker accepted. */
async function busierShare(proxy: RunningProxy, from: number): Promise<number> {
  // A worker tells ten times a second.
  await sleep(PAUSE_MS)
  const perThread = new Map<number, number>()
  for (const { thread, accepted } of await probeLines(probeFolder(proxy.setting.folder), from, Date.now())) {
    perThread.set(thread, (perThread.get(thread) ?? 0) + accepted)
  }
  const all = [...perThread.values()]
  return (100 * Math.max(...all)) / all.reduce((sum, count) => sum + count, 0)
}
