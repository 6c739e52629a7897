import { HEADLINE } from '../cases.ts'
import { ALL, ONE_WORKER } from '../contestants.ts'
import type { LoadRun } from '../load/load-run.ts'
import { runOpenLoop } from '../load/run-open-loop.ts'
import { runWrk } from '../load/wrk.ts'
import { PATHS } from '../origin.ts'
import { hostName } from '../proxies/contestant.ts'
import type { RunningProxy } from '../proxies/running-proxy.ts'
import { spreadOf } from '../statistics.ts'
import type { Bench, Trial } from '../trial.ts'

export const HALF_PEAK = 'half-peak'
const CONNECTIONS = 64
/** Of load to find a peak that no earlier trial has found. */
const PEAK_S = 3

interface Entry {
  readonly name: string
  readonly port: number
  readonly rate: number
}

/**
 * How long requests take when nobody is in a hurry. All get the same rate, half of what Tidegate has shown, since the
 * load's core could not offer half of the fastest proxy's peak evenly; who cannot take it gets half of his own peak.
 * The origin alone shows what the load and the origin contribute.
 */
export const halfPeak: Trial = {
  name: HALF_PEAK,
  about:
    `${HALF_PEAK}: GET ${PATHS['100b'].path}, plain, ${CONNECTIONS} connections, open loop ` +
    'at half of the peak of tidegate (or of its own, if that is lower)',
  usual: true,
  duration: ({ rounds, seconds }, taking) =>
    (Math.min(taking, ALL.length) + 1) * (rounds * (seconds + 2) + PEAK_S),
  async run(bench) {
    const entries = await enter(bench)
    for (let round = 0; round < bench.effort.rounds; round++) {
      bench.say(`${HALF_PEAK}: round ${round + 1} of ${bench.effort.rounds}`)
      for (const { name, port, rate } of round % 2 === 0 ? entries : entries.toReversed()) {
        const { p50, p99, errors } = await runOpenLoop(runOf(bench, port, bench.effort.seconds), rate)
        bench.figures.add(HALF_PEAK, name, { offered: rate, p50, p99, errors })
      }
    }
  },
}

async function enter(bench: Bench): Promise<Entry[]> {
  const own = await bench.enter(HALF_PEAK, ONE_WORKER)
  const highest = own ? (await peakOf(bench, own)) / 2 : Number.POSITIVE_INFINITY
  const entries: Entry[] = []
  for (const contestant of ALL) {
    const proxy = await bench.enter(HALF_PEAK, contestant)
    if (!proxy) continue
    const rate = Math.min(highest, (await peakOf(bench, proxy)) / 2)
    entries.push({ name: contestant.name, port: proxy.portOf('plain'), rate })
  }
  const rate = Math.max(0, ...entries.map((entry) => entry.rate))
  return [...entries, { name: 'no proxy', port: bench.origin.port, rate }]
}

async function peakOf(bench: Bench, proxy: RunningProxy): Promise<number> {
  const known = bench.figures.valuesOf(HEADLINE, proxy.contestant.name, 'rate')
  if (known) return spreadOf(known).median
  const { requests, seconds } = await runWrk(bench.programs, runOf(bench, proxy.portOf('plain'), PEAK_S))
  return requests / seconds
}

function runOf(bench: Bench, port: number, seconds: number): LoadRun {
  return {
    protocol: 'plain',
    port,
    hosts: [hostName(7)],
    path: PATHS['100b'].path,
    upload: 0,
    keepAlive: true,
    connections: CONNECTIONS,
    seconds,
    folder: bench.surroundings.folder,
  }
}
