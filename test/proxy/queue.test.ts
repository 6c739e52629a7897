import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startEngine } from '../support/engine.ts'
import type { Engine, EngineSketch } from '../support/engine.ts'
import type { RawPeer } from '../support/raw-peer.ts'
import { ok, RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

function limited(
  upstreams: readonly RawUpstream[],
  limits: { maxConnections: number; maxQueue: number; queueTimeout: number },
  more: EngineSketch = {},
): Promise<Engine> {
  const endpoints = Object.fromEntries(upstreams.map(({ port }, i) => [String(i), { port }]))
  return startEngine({ routers: { all: {} }, services: { main: { endpoints, limits } }, ...more })
}

async function ask(engine: Engine, count: number): Promise<RawPeer[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => engine.connect()))
  for (const client of clients) client.write(GET)
  return clients
}

async function close(clients: readonly RawPeer[]): Promise<void> {
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()))
}

test('beyond its connections an endpoint gets nothing; who waits is served in turn on the same connection', async () => {
  await using upstream = await RawUpstream.start(() => {})
  await using engine = await limited([upstream], { maxConnections: 1, maxQueue: 2, queueTimeout: 0 })
  const [first, ...rest] = await ask(engine, 1)
  const peer = await upstream.connection(0)
  await peer.readMessage()
  rest.push(...(await ask(engine, 2)))
  for (const client of [first!, ...rest]) {
    peer.write(ok())
    assert.match((await client.readMessage()).head, /^HTTP\/1\.1 200 /)
    if (client !== rest[1]) await peer.readMessage()
  }
  assert.equal(upstream.connections.length, 1)
  assert.deepEqual(engine.stats.why, {})
  await close([first!, ...rest])
})

test('a full queue answers at once, and says when to come again', async () => {
  await using upstream = await RawUpstream.start(() => {})
  await using engine = await limited([upstream], { maxConnections: 1, maxQueue: 1, queueTimeout: 0 })
  const busy = await ask(engine, 1)
  await upstream.connection(0)
  const waiting = await ask(engine, 1)
  await using last = await engine.connect()
  await until('a full queue', async () => engine.stats.connections === 3)
  const { head } = await last.write(GET).readMessage()
  assert.match(head, /^HTTP\/1\.1 503 .*Retry-After: 1\r\n.*Tidegate-Why: QF/s)
  assert.equal(engine.inFlight, 1)
  await close([...busy, ...waiting])
})

test('who waits too long is answered 503', async () => {
  await using upstream = await RawUpstream.start(() => {})
  await using engine = await limited([upstream], { maxConnections: 1, maxQueue: 5, queueTimeout: 300 })
  const busy = await ask(engine, 1)
  await upstream.connection(0)
  const begun = performance.now()
  const waiting = await ask(engine, 3)
  for (const client of waiting)
    assert.match((await client.readMessage()).head, /^HTTP\/1\.1 503 .*Retry-After: 1\r\n.*Why: QT/s)
  const took = performance.now() - begun
  assert.ok(took > 190 && took < 1_000, `${took} ms`)
  await close([...busy, ...waiting])
})

test('who leaves while waiting makes room, and the endpoint never hears of it', async () => {
  await using upstream = await RawUpstream.start(() => {})
  await using engine = await limited([upstream], { maxConnections: 1, maxQueue: 1, queueTimeout: 0 })
  const busy = await ask(engine, 1)
  const peer = await upstream.connection(0)
  await peer.readMessage()
  const [leaving] = await ask(engine, 1)
  await until('it to wait', () => engine.stats.connections === 2)
  leaving!.reset()
  await until('it to be gone', () => engine.stats.why['DC'] === 1)
  const [staying] = await ask(engine, 1)
  await until('the next to wait', () => engine.stats.connections === 2)
  peer.write(ok())
  await peer.readMessage()
  peer.write(ok())
  assert.match((await staying!.readMessage()).head, /^HTTP\/1\.1 200 /)
  assert.equal(upstream.text.split('GET').length, 3)
  await close([...busy, staying!])
})

test('a free endpoint is taken rather than a busy one, and the first that becomes free serves who waits', async () => {
  await using one = await RawUpstream.start(() => {})
  await using two = await RawUpstream.start(() => {})
  await using engine = await limited([one, two], { maxConnections: 2, maxQueue: 9, queueTimeout: 0 })
  const clients = await ask(engine, 5)
  await until('four in flight', () => one.connections.length === 2 && two.connections.length === 2)
  const freed = two.connections[1]!
  await freed.readMessage()
  freed.write(ok())
  await freed.readMessage()
  assert.equal(engine.inFlight, 4)
  await close(clients)
})

test('a failed connection makes room for who waits', async () => {
  await using upstream = await RawUpstream.start(async (peer, index) => {
    await peer.readMessage()
    if (index === 0) peer.reset()
    else peer.write(ok())
  })
  const experiments = { retries: false }
  await using engine = await limited(
    [upstream],
    { maxConnections: 1, maxQueue: 9, queueTimeout: 0 },
    { experiments },
  )
  const clients = await ask(engine, 2)
  const heads = await Promise.all(
    clients.map(async (client) => (await client.readMessage()).head.slice(9, 12)),
  )
  assert.deepEqual(heads.toSorted(), ['200', '502'])
  await close(clients)
})

test('when the last endpoint goes nobody waits for it', async () => {
  await using upstream = await RawUpstream.start(() => {})
  const limits = { maxConnections: 1, maxQueue: 9, queueTimeout: 0 }
  await using engine = await limited([upstream], limits)
  const busy = await ask(engine, 1)
  await upstream.connection(0)
  const [waiting] = await ask(engine, 1)
  await until('it to wait', () => engine.stats.connections === 2)
  await engine.apply({
    services: { main: { endpoints: { 0: { port: upstream.port, state: 'draining' } }, limits } },
  })
  assert.match((await waiting!.readMessage()).head, /^HTTP\/1\.1 503 .*Why: UH/s)
  await close([...busy, waiting!])
})

test('another endpoint, and another limit, serve those that wait', async () => {
  await using upstream = await RawUpstream.start(() => {})
  await using other = await RawUpstream.start()
  const limits = { maxConnections: 1, maxQueue: 9, queueTimeout: 0 }
  await using engine = await limited([upstream], limits)
  const busy = await ask(engine, 1)
  await upstream.connection(0)
  const waiting = await ask(engine, 4)
  await until('all to wait', () => engine.stats.connections === 5)
  await engine.apply({ services: { main: { endpoints: { 1: { port: other.port } }, limits } } })
  for (const client of waiting) assert.match((await client.readMessage()).head, /^HTTP\/1\.1 200 /)
  await engine.apply({
    services: { main: { endpoints: { 1: null }, limits: { ...limits, maxConnections: 3 } } },
  })
  const more = await ask(engine, 2)
  await until('three in flight', () => engine.inFlight === 3)
  await close([...busy, ...waiting, ...more])
})

test('retries on a new connection keep to the limit', async () => {
  let answers = 0
  await using upstream = await RawUpstream.start(async (peer) => {
    for (;;) {
      await peer.readMessage()
      // The second request on a connection finds it closed.
      if (++answers === 3) {
        peer.reset()
        return
      }
      peer.write(ok())
    }
  })
  await using engine = await limited([upstream], { maxConnections: 1, maxQueue: 9, queueTimeout: 0 })
  await using client = await engine.connect()
  for (let i = 0; i < 6; i++) assert.match((await client.write(GET).readMessage()).head, /^HTTP\/1\.1 200 /)
  assert.equal(engine.inFlight, 0)
  assert.ok(upstream.connections.length <= 2)
})
