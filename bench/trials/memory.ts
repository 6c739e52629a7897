import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { runWrk } from '../load/wrk.ts'
import { residentBytes } from '../machine/memory.ts'
import { PATHS } from '../origin.ts'
import type { Contestant } from '../proxies/contestant.ts'
import { hostName } from '../proxies/contestant.ts'
import type { RunningProxy } from '../proxies/running-proxy.ts'
import { startProxy } from '../proxies/running-proxy.ts'
import { tidegate } from '../proxies/tidegate.ts'
import type { Bench, Trial } from '../trial.ts'
import { openIdle } from './idle-connections.ts'

export const MEMORY = {
  start: 'memory-start',
  routers: 'memory-routers',
  connections: 'memory-connections',
  slowReader: 'memory-slow-reader',
} as const

const SMALL = tidegate({ name: 'tidegate, 10 routers', workers: 2, place: 'anywhere' })
const LARGE = tidegate({
  name: 'tidegate, 10,000 routers × 5',
  workers: 2,
  routers: 10_000,
  endpoints: 5,
  place: 'anywhere',
})
const CONNECTIONS = 10_000
/** Until what was only needed for starting or for a burst has been given back. */
const SETTLE_MS = 4_000
/** A gibibyte would take four minutes at this pace; what has piled up after some seconds is what piles up. */
const BYTES_PER_SECOND = 4 * 2 ** 20
const READ_S = 10
const MEBIBYTE = 2 ** 20

/** How much memory the built program with two workers takes. */
export const memoryTrials: readonly Trial[] = [
  trial(MEMORY.start, 'held after the start', SMALL, async (_, proxy) => ({
    mebibytes: residentBytes(proxy.pid) / MEBIBYTE,
  })),
  trial(MEMORY.routers, 'held after the start', LARGE, async (_, proxy) => ({
    mebibytes: residentBytes(proxy.pid) / MEBIBYTE,
  })),
  trial(
    MEMORY.connections,
    `added by each of ${CONNECTIONS} idle kept-alive connections`,
    SMALL,
    perConnection,
  ),
  trial(MEMORY.slowReader, 'added by a slow reader of a body of 1 GiB', SMALL, slowReader),
]

type Measured = { mebibytes: number } | { kibibytes: number }

function trial(
  name: string,
  about: string,
  contestant: Contestant,
  measure: (bench: Bench, proxy: RunningProxy) => Promise<Measured>,
): Trial {
  return {
    name,
    about: `${name}: resident memory ${about}`,
    usual: true,
    duration: () => 30,
    async run(bench) {
      await using proxy = await startProxy(contestant, bench.surroundings)
      await sleep(SETTLE_MS)
      bench.say(`${name}: measuring`)
      bench.figures.add(name, contestant.name, await measure(bench, proxy))
    },
  }
}

/** From the start on, so that whatever the heap grows by counts as the connections' memory. */
async function perConnection(_: Bench, proxy: RunningProxy): Promise<Measured> {
  const before = residentBytes(proxy.pid)
  await using _idle = await openIdle(proxy.portOf('plain'), CONNECTIONS, requestFor(PATHS['100b'].path))
  await sleep(SETTLE_MS)
  return { kibibytes: (residentBytes(proxy.pid) - before) / 1_024 / CONNECTIONS }
}

async function slowReader(bench: Bench, proxy: RunningProxy): Promise<Measured> {
  await warmUp(bench, proxy)
  const before = residentBytes(proxy.pid)
  let most = before
  await readSlowly(proxy.portOf('plain'), () => (most = Math.max(most, residentBytes(proxy.pid))))
  return { mebibytes: (most - before) / MEBIBYTE }
}

/** A proxy that has worked: code compiled, pools filled, heap grown. */
async function warmUp(bench: Bench, proxy: RunningProxy): Promise<void> {
  const request = { protocol: 'plain', hosts: [hostName(7)], path: PATHS['10k'].path, upload: 0 } as const
  const size = { keepAlive: true, connections: 64, seconds: 3 }
  await runWrk(bench.programs, {
    ...request,
    ...size,
    port: proxy.portOf('plain'),
    folder: bench.surroundings.folder,
  })
  await sleep(SETTLE_MS)
}

/** Ten times a second a little; in between the kernel's buffers are full and the proxy has to wait. */
async function readSlowly(port: number, onTurn: () => void): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' })
  let allowed = 0
  socket.on('error', () => undefined)
  socket.on('data', ({ length }) => {
    allowed -= length
    if (allowed <= 0) socket.pause()
  })
  socket.write(requestFor(PATHS['1g'].path))
  for (let turn = 0; turn < READ_S * 10; turn++) {
    if (socket.readyState === 'closed') throw new Error('the body of 1 GiB was cut short')
    allowed += BYTES_PER_SECOND / 10
    socket.resume()
    await sleep(100)
    onTurn()
  }
  socket.destroy()
  if (allowed > BYTES_PER_SECOND) throw new Error('the body of 1 GiB came more slowly than it was read')
}

function requestFor(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${hostName(7)}\r\n\r\n`
}
