import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startOrigin } from '../support/origins.ts'
import { RawPeer } from '../support/raw-peer.ts'
import { ServedRoutes } from '../support/served-routes.ts'
import { until } from '../support/until.ts'

/** Everything goes through this middleware to this port, over three workers. */
function served(port: number, middlewares: object): Promise<ServedRoutes> {
  const http = {
    routers: { all: { rule: 'PathPrefix(`/`)', priority: 1, service: 'all', middlewares: ['limit'] } },
    services: { all: { loadBalancer: { servers: [{ url: `http://127.0.0.1:${port}` }] } } },
    middlewares: { limit: middlewares },
  }
  return ServedRoutes.start(http, ['--workers=3'])
}

/** Sends so many requests at once, each on a connection of its own. */
async function ask(port: number, count: number, path = '/'): Promise<RawPeer[]> {
  const peers = await Promise.all(Array.from({ length: count }, () => RawPeer.open(port)))
  for (const peer of peers) peer.write(`GET ${path} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n`)
  return peers
}

async function heads(peers: readonly RawPeer[]): Promise<string[]> {
  return Promise.all(peers.map(async (peer) => (await peer.readMessage()).head))
}

async function close(peers: readonly RawPeer[]): Promise<void> {
  for (const peer of peers) await peer[Symbol.asyncDispose]()
}

test('rateLimit: average 10, burst 20, period 1 s; beyond that 429, whichever worker is asked', async () => {
  await using origin = await startOrigin()
  await using routes = await served(origin.port, { rateLimit: { average: 10, period: '1s', burst: 20 } })
  const began = performance.now()
  const peers = await ask(routes.port, 120)
  const answers = await heads(peers)
  const tokens = 20 + Math.ceil((performance.now() - began) / 100) + 1
  const passed = answers.filter((head) => head.startsWith('HTTP/1.1 200 ')).length
  const refused = answers.filter((head) => head.startsWith('HTTP/1.1 429 '))
  assert.equal(passed + refused.length, 120)
  assert.ok(passed >= 20 && passed <= tokens, `${passed} passed, ${tokens} tokens`)
  assert.match(refused[0]!, /\r\nRetry-After: 1\r\n/i)
  assert.match(refused[0]!, /\r\nX-Retry-In: 0\.\d+s\r\n/i)
  assert.match(refused[0]!, /\r\nTidegate-Why: RL/i)
  await close(peers)
})

test('inFlightReq: as many as may be are under way over all workers; the others get 429; then there is room again', async () => {
  await using origin = await startOrigin()
  await using routes = await served(origin.port, { inFlightReq: { amount: 10 } })
  for (let round = 0; round < 3; round++) {
    const waiting = await ask(routes.port, 60, '/?wait=800')
    const answers = heads(waiting)
    await until('ten to be under way', () => origin.inFlight === 10)
    const statuses = (await answers).map((head) => head.slice(9, 12))
    assert.deepEqual(
      [
        statuses.filter((status) => status === '200').length,
        statuses.filter((status) => status === '429').length,
      ],
      [10, 50],
    )
    await close(waiting)
  }
})

test('inFlightReq: what a client has given up is under way no more', async () => {
  await using origin = await startOrigin()
  await using routes = await served(origin.port, { inFlightReq: { amount: 5 } })
  const gone = await ask(routes.port, 5, '/?wait=60000')
  await until('five to be under way', () => origin.inFlight === 5)
  for (const peer of gone) peer.reset()
  await until('their end', () => origin.inFlight === 0)
  const peers = await ask(routes.port, 5)
  for (const head of await heads(peers)) assert.match(head, /^HTTP\/1\.1 200 /)
  await close(peers)
})
