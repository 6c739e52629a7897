import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../ask.ts'
import { CHANGING } from '../contestants.ts'
import { probeLines } from '../inside/probe-lines.ts'
import { PATHS } from '../origin.ts'
import type { RunningProxy } from '../proxies/running-proxy.ts'
import { probeFolder, routingFolder } from '../proxies/tidegate.ts'
import type { Bench, Trial } from '../trial.ts'

export const APPLY_CHANGE = 'apply-change'
const HOST = 'changing.bench.test'
const LONGEST_MS = 15_000
/** Between changes, so that the stalls of one do not count for the next one. */
const QUIET_MS = 1_000
/** Before the first change: the first plan was large. */
const SETTLE_MS = 3_000

/** One service among 10,000 gets another endpoint: when the first request reaches it, and whom that held up. */
export const applyChange: Trial = {
  name: APPLY_CHANGE,
  about: `${APPLY_CHANGE}: one of 10,000 services changes in a file; default settings, two workers, not pinned`,
  usual: true,
  duration: ({ rounds }) => 15 + rounds * 4,
  async run(bench) {
    const proxy = await bench.enter(APPLY_CHANGE, CHANGING)
    if (!proxy) return
    await change(bench, proxy, 0)
    await sleep(SETTLE_MS)
    await measureQuiet(bench, proxy)
    for (let round = 1; round <= bench.effort.rounds; round++) {
      bench.say(`${APPLY_CHANGE}: round ${round} of ${bench.effort.rounds}`)
      const from = Date.now()
      const applied = await change(bench, proxy, round)
      await sleep(QUIET_MS)
      bench.figures.add(APPLY_CHANGE, CHANGING.name, { applied, stall: await longestStall(proxy, from) })
    }
  },
}

/** What this machine does to a timer anyway: a stall below that says nothing. */
async function measureQuiet(bench: Bench, proxy: RunningProxy): Promise<void> {
  for (let round = 0; round < bench.effort.rounds; round++) {
    const from = Date.now()
    await sleep(QUIET_MS)
    bench.figures.add(APPLY_CHANGE, 'no change, for comparison', { stall: await longestStall(proxy, from) })
  }
}

/** Milliseconds from the write until a request is answered by the new endpoint. */
async function change(bench: Bench, proxy: RunningProxy, round: number): Promise<number> {
  const folder = routingFolder(proxy.setting.folder)
  const second = round % 2 === 1
  const draft = join(folder, 'draft.tmp')
  await writeFile(draft, JSON.stringify(routing(second ? bench.origin.otherPort : bench.origin.port)))
  const start = performance.now()
  await rename(draft, join(folder, 'changing.json'))
  const wanted = second ? 'second' : 'first'
  const question = {
    port: proxy.portOf('plain'),
    protocol: 'plain',
    host: HOST,
    path: PATHS['100b'].path,
  } as const
  while (performance.now() < start + LONGEST_MS) {
    const answer = await ask(question).catch(() => undefined)
    if (answer?.origin === wanted) return performance.now() - start
    await sleep(1)
  }
  throw new Error(`a change was not applied within ${LONGEST_MS / 1_000} s`)
}

function routing(port: number): unknown {
  const servers = [{ url: `http://127.0.0.1:${port}` }]
  const routers = { changing: { rule: `Host(\`${HOST}\`)`, service: 'changing', entryPoints: ['web'] } }
  return { http: { routers, services: { changing: { loadBalancer: { servers } } } } }
}

async function longestStall(proxy: RunningProxy, from: number): Promise<number> {
  const lines = await probeLines(probeFolder(proxy.setting.folder), from, Date.now())
  return Math.max(0, ...lines.map(({ stall }) => stall))
}
