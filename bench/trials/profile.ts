import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LoadCase } from '../cases.ts'
import { PROFILED } from '../contestants.ts'
import { startProxy } from '../proxies/running-proxy.ts'
import { probeFolder } from '../proxies/tidegate.ts'
import type { Bench } from '../trial.ts'
import { loadRun, runLoad } from './load-trial.ts'

/** The probe begins when the thread is four seconds old and takes eight; both fit in. */
const LOAD_S = 14
const ENTRIES = 25
const IDLE = '(idle)'

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}
interface CallFrame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

/**
 * Where a worker spends its time under the load of a case: a table of functions by their own share of the time in
 * which it was not idle, callees left out. Native functions include what the kernel does for them.
 */
export async function profileWorker(bench: Bench, load: LoadCase): Promise<string> {
  await using proxy = await startProxy(PROFILED, bench.surroundings)
  await runLoad(bench, loadRun(bench, load, proxy, LOAD_S))
  const written = probeFolder(proxy.setting.folder)
  const file = (await readdir(written)).find((name) => name.endsWith('.cpuprofile'))
  if (file === undefined) throw new Error('the worker wrote no profile')
  return table(JSON.parse(await readFile(join(written, file), 'utf8')) as CpuProfile)
}

function table(profile: CpuProfile): string {
  const places = new Map(profile.nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]))
  const times = new Map<string, number>()
  let total = 0
  for (const [index, node] of profile.samples.entries()) {
    const time = profile.timeDeltas[index] ?? 0
    const place = places.get(node) ?? '?'
    if (place === IDLE) continue
    times.set(place, (times.get(place) ?? 0) + time)
    total += time
  }
  const rows = [...times].toSorted(([, a], [, b]) => b - a).slice(0, ENTRIES)
  const lines = rows.map(([place, time]) => `| ${((100 * time) / total).toFixed(1)} % | ${place} |`)
  return ['| self time | function |', '|---:|---|', ...lines].join('\n')
}

function placeOf({ functionName, url, lineNumber }: CallFrame): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  if (url === '') return name
  return `${name} — ${url.replace(/^.*\/dist\//, '')}:${lineNumber + 1}`
}
