import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineBefore, startEngine } from '../support/engine.ts'
import type { EngineSketch } from '../support/engine.ts'
import { ok, RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const PING = 'GET /ping HTTP/1.1\r\nHost: a\r\n\r\n'
const ROUTERS: NonNullable<EngineSketch['routers']> = {
  all: {},
  ping: { rule: 'Path(`/ping`)', service: 'ping@internal', priority: 1_000 },
}

test('beyond the requests in flight that are allowed: 503 at once, while the ping page answers', async () => {
  await using upstream = await RawUpstream.start(() => {})
  const services = { main: { endpoints: { 0: { port: upstream.port } } } }
  await using engine = await startEngine({ routers: ROUTERS, services, overload: { maxInFlight: 2 } })
  await using one = await engine.connect()
  await using two = await engine.connect()
  await using three = await engine.connect()
  one.write(GET)
  two.write(GET)
  await until('two in flight', () => engine.inFlight === 2)
  const { head } = await three.write(GET).readMessage()
  assert.match(head, /^HTTP\/1\.1 503 .*Retry-After: 1\r\n.*Tidegate-Why: OV/s)
  assert.doesNotMatch(head, /Connection: close/, 'the connection is none the worse for it')
  assert.match((await three.write(PING).readMessage()).head, /^HTTP\/1\.1 200 /)
  const peer = await upstream.connection(0)
  await peer.readMessage()
  peer.write(ok())
  await one.readMessage()
  three.write(GET)
  await until('the next to be taken', () => engine.inFlight === 2)
  assert.equal(engine.stats.why['OV'], 1)
})

/** Each way in which a request can end, `n` times: afterwards there is room for as many as ever. */
const ENDS: readonly (readonly [
  name: string,
  upstream: string | undefined,
  request: string,
  how: 'read' | 'reset',
])[] = [
  ['with its answer', ok(), GET, 'read'],
  ['with an abort', undefined, GET, 'reset'],
  [
    'with a malformed body',
    undefined,
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd',
    'read',
  ],
  [
    'with a body that is malformed later',
    undefined,
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab|cd',
    'read',
  ],
  [
    'with a body that does not come',
    undefined,
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc',
    'read',
  ],
  ['with a fault of its endpoint', 'HTTP/0.7 what\r\n\r\n', GET, 'read'],
  [
    'as a tunnel',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    'read',
  ],
]
for (const [name, answer, request, how] of ENDS) {
  test(`a request that ends ${name} is no longer under way`, async () => {
    await using upstream = await RawUpstream.start(async (peer) => {
      while (answer !== undefined) {
        await peer.readMessage()
        peer.write(answer)
      }
    })
    const limits = { readTimeout: 200 }
    await using engine = await engineBefore([upstream], { limits, overload: { maxInFlight: 1 } })
    for (let i = 1; i <= 3; i++) {
      await using client = await engine.connect()
      for (const part of request.split('|')) {
        client.write(part)
        if (part !== request) await (await upstream.connection(i - 1)).readUntil('Host')
      }
      if (how === 'reset') {
        await until('it to be in flight', () => engine.inFlight === 1)
        client.reset()
        await until('it to be gone', () => engine.stats.why['DC'] === i)
      } else await client.readUntil('\r\n\r\n')
      assert.equal(engine.stats.why['OV'], undefined)
    }
  })
}

test('an event loop that stays late turns requests away, and takes them again when it is punctual', async () => {
  await using upstream = await RawUpstream.start()
  const services = { main: { endpoints: { 0: { port: upstream.port } } } }
  await using engine = await startEngine({ routers: ROUTERS, services, overload: { maxEventLoopDelay: 50 } })
  await using client = await engine.connect()
  const load = setInterval(() => {
    const end = performance.now() + 200
    while (performance.now() < end);
  })
  await until('a request to be turned away', async () => {
    const { head } = await client.write(GET).readMessage()
    assert.match((await client.write(PING).readMessage()).head, /^HTTP\/1\.1 200 /)
    return head.includes('Why: OV')
  }).finally(() => clearInterval(load))
  await until('all to be taken again', async () => {
    const heads = []
    for (let i = 0; i < 20; i++) heads.push((await client.write(GET).readMessage()).head)
    return heads.every((head) => head.startsWith('HTTP/1.1 200'))
  })
})
