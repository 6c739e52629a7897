import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openListeningSocket } from '../support/listening-socket.ts'
import { startLoad } from '../support/load.ts'
import type { Tally } from '../support/load-tally.ts'
import { startOrigin } from '../support/origins.ts'
import { startTidegate } from '../support/tidegate.ts'
import { until } from '../support/until.ts'
import { scaled } from './scale.ts'
import { enter } from './table.ts'

const RESTARTS = scaled(10, 3)
const RATE = scaled(400, 150)

test(`${RESTARTS} restarts on an inherited socket lose nothing`, async (t) => {
  using socket = await openListeningSocket()
  const tally = await restartUnderLoad(socket)
  enter(t, t.name, tally)
  assert.equal(tally.failed, 0, String(tally))
})

test('contrast: the same restarts on a socket of its own lose requests', async (t) => {
  const tally = await restartUnderLoad()
  enter(t, t.name, tally)
  assert.ok(tally.failed > 0, 'the load would not see a loss if there was one')
})

test('SIGTERM under load on two workers: whatever was accepted is answered', async (t) => {
  await using origin = await startOrigin()
  await using config = await serving(origin.port)
  await using tidegate = await startTidegate({ flags: config.flags })
  await using load = startLoad({ port: tidegate.port, hosts: ['a.test'], rate: RATE, path: '/?wait=50' })
  await until('answers', () => load.tally.ended > RATE)
  const ended = tidegate.end('SIGTERM')
  await until('the door to be closed', () => load.tally.causes.has('GET ECONNREFUSED'))
  const tally = await load.stop()
  assert.equal(await ended, 0)
  enter(t, t.name, tally)
  const lost = [...tally.causes].filter(([cause]) => !/ (?:ok|ECONNREFUSED)$/.test(cause))
  assert.deepEqual(lost, [], 'refused before it was accepted, or answered: nothing else')
})

/** One process after the other, as a service manager restarts a service; half of the load on new connections. */
async function restartUnderLoad(socket?: Awaited<ReturnType<typeof openListeningSocket>>): Promise<Tally> {
  await using origin = await startOrigin()
  await using config = await serving(origin.port)
  const start = (port?: number): ReturnType<typeof startTidegate> =>
    startTidegate({
      flags: config.flags,
      ...(socket ? { inherited: socket } : port !== undefined && { port }),
    })
  let tidegate = await start()
  const { port } = tidegate
  try {
    await using load = startLoad({ port, hosts: ['a.test'], rate: RATE, timeout: 20_000 })
    for (let restart = 0; restart < RESTARTS; restart++) {
      const { ended } = load.tally
      await until('answers', () => load.tally.ended > ended + RATE / 2)
      assert.equal(await tidegate.end('SIGTERM'), 0, tidegate.output)
      tidegate = await start(port)
    }
    return await load.stop()
  } finally {
    await tidegate[Symbol.asyncDispose]()
  }
}

/** Everything goes to this port. */
async function serving(port: number): Promise<AsyncDisposable & { flags: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-'))
  const file = join(folder, 'routes.json')
  const servers = [{ url: `http://127.0.0.1:${port}` }]
  const http = {
    routers: { all: { rule: 'PathPrefix(`/`)', priority: 1, service: 'all' } },
    services: { all: { loadBalancer: { servers } } },
  }
  await writeFile(file, JSON.stringify({ http }))
  return {
    flags: ['--workers=2', `--providers.file.filename=${file}`],
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}
