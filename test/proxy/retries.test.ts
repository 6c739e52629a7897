import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoadBalancer } from '../../src/balancing/load-balancer.ts'
import { RetryBudget } from '../../src/balancing/retry-budget.ts'
import { DEFAULT_RETRY } from '../../src/balancing/retry-default.ts'
import { Body } from '../../src/proxy/body.ts'
import { Deadlines } from '../../src/proxy/deadlines.ts'
import { forward } from '../../src/proxy/forward.ts'
import type { ForwardTarget } from '../../src/proxy/forward.ts'
import { HeaderList } from '../../src/proxy/header-list.ts'
import { Request } from '../../src/proxy/request.ts'
import type { Response } from '../../src/proxy/response.ts'
import { Endpoint } from '../../src/proxy/upstream/endpoint.ts'
import { WaitQueue } from '../../src/proxy/wait-queue.ts'
import { DEFAULT_TRANSPORT } from '../../src/proxy/upstream/transport.ts'
import type { Transport } from '../../src/proxy/upstream/transport.ts'
import { BlackHole } from '../support/black-hole.ts'
import { endpointPlan, startEngine } from '../support/engine.ts'
import type { Engine, EngineSketch } from '../support/engine.ts'
import type { RawPeer } from '../support/raw-peer.ts'
import { ok, RawUpstream, refusingPort } from '../support/raw-upstream.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc'

/** In the order in which they are tried: the first one is so much heavier that it always comes first. */
function engineOf(ports: readonly number[], sketch: EngineSketch = {}): Promise<Engine> {
  const endpoints = Object.fromEntries(ports.map((port, i) => [i, { port, weight: i === 0 ? 1_000_000 : 1 }]))
  return startEngine({ routers: { all: {} }, services: { main: { endpoints } }, ...sketch })
}

const echo = async (peer: RawPeer): Promise<void> => {
  for (;;) {
    const { body, trailers } = await peer.readMessage()
    peer.write(ok(`${body.length} ${trailers}`))
  }
}

const SENDABLE: readonly (readonly [name: string, request: string, answer: string])[] = [
  ['GET', GET, '0 '],
  ['POST', POST, '3 '],
  [
    'POST in chunks',
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n',
    '3 X: y\r\n',
  ],
  [
    'POST of 1 MB',
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(1_000_000)}`,
    '1000000 ',
  ],
]
for (const [name, request, answer] of SENDABLE) {
  test(`connection refused: ${name} goes to another endpoint, whole`, async () => {
    await using upstream = await RawUpstream.start(echo)
    await using engine = await engineOf([refusingPort(), upstream.port])
    await using client = await engine.connect()
    assert.equal((await client.write(request).readMessage()).body.toString(), answer)
    assert.equal(engine.stats.retries, 1)
    assert.equal(upstream.connections.length, 1)
    assert.match((await client.write(GET).readMessage()).head, / 200 /, 'the client’s connection goes on')
  })

  test(`connection refused everywhere: ${name} is answered 502`, async () => {
    await using engine = await engineOf([refusingPort(), refusingPort()])
    await using client = await engine.connect()
    assert.match((await client.write(request).readMessage()).head, /^HTTP\/1\.1 502 .*Tidegate-Why: UF/s)
    assert.equal(engine.stats.retries, 2)
    assert.equal(engine.inFlight, 0)
  })
}

const UNUSABLE: readonly (readonly [
  name: string,
  endpoints: Record<string, { port: number; state?: 'draining'; weight?: number }>,
])[] = [
  ['none', {}],
  ['a draining one', { 0: { port: 1, state: 'draining' } }],
  ['one of weight 0', { 0: { port: 1, weight: 0 } }],
]
for (const [name, endpoints] of UNUSABLE) {
  test(`no endpoint to use (${name}): 503`, async () => {
    await using engine = await startEngine({ routers: { all: {} }, services: { main: { endpoints } } })
    await using client = await engine.connect()
    const { head, body } = await client.write(GET).readMessage()
    assert.match(head, /^HTTP\/1\.1 503 .*Tidegate-Why: UH/s)
    assert.equal(body.toString(), 'no available server')
    assert.match((await client.write(POST).readMessage()).head, /^HTTP\/1\.1 503 /)
  })
}

/** An upstream whose first connections break at their second request: stale connections, as the proxy sees them. */
function stale(count: number): (peer: RawPeer, index: number) => Promise<void> {
  return async (peer, index) => {
    await peer.readMessage()
    peer.write(ok(`first on ${index}`))
    const { body } = await peer.readMessage()
    if (index < count) peer.reset()
    else peer.write(ok(`second on ${index} ${body.length}`))
  }
}

test('a stale connection: GET is sent again on a new one, once', async () => {
  await using upstream = await RawUpstream.start(stale(1))
  await using engine = await engineOf([upstream.port])
  await using client = await engine.connect()
  await client.write(GET).readMessage()
  assert.equal((await client.write(GET).readMessage()).body.toString(), 'first on 1')
  assert.equal(upstream.connections.length, 2)
  assert.equal(engine.stats.retries, 1)
})

test('a stale connection: POST that was sent is answered 502 and carried out once', async () => {
  await using upstream = await RawUpstream.start(stale(1))
  await using engine = await engineOf([upstream.port])
  await using client = await engine.connect()
  await client.write(GET).readMessage()
  assert.match((await client.write(POST).readMessage()).head, /^HTTP\/1\.1 502 .*Tidegate-Why: UC/s)
  assert.equal(upstream.text.split('POST /').length, 2)
  assert.equal(engine.stats.retries, 0)
  assert.match((await client.write(GET).readMessage()).head, / 200 /)
})

test('many stale connections: what is sent again goes on a new one, not on the next stale one', async () => {
  const five = Promise.withResolvers<void>()
  await using upstream = await RawUpstream.start(async (peer, index) => {
    await peer.readMessage()
    if (index === 4) five.resolve()
    // All five are in flight at once, so that five connections are kept.
    await five.promise
    peer.write(ok(`first on ${index}`))
    await peer.readMessage()
    peer.reset()
  })
  await using engine = await engineOf([upstream.port])
  const clients = await Promise.all([1, 2, 3, 4, 5].map(() => engine.connect()))
  for (const client of clients) client.write(GET)
  for (const client of clients) await client.readMessage()
  assert.equal(upstream.connections.length, 5)
  assert.equal((await clients[0]!.write(GET).readMessage()).body.toString(), 'first on 5')
  for (const client of clients) await client[Symbol.asyncDispose]()
})

test('an idle connection that the endpoint closes is never used', async () => {
  await using upstream = await RawUpstream.start(async (peer, index) => {
    await peer.readMessage()
    peer.write(ok(String(index)))
    if (index === 0) peer.end()
  })
  await using engine = await engineOf([upstream.port])
  await using client = await engine.connect()
  await client.write(GET).readMessage()
  await upstream.connections[0]!.ended()
  assert.match((await client.write(POST).readMessage()).head, / 200 /)
  assert.equal(engine.stats.retries, 0)
})

/** Requests with a body whose first endpoints take it whole and then break. */
const REPLAYED: readonly (readonly [
  name: string,
  head: string,
  body: string,
  broken: number,
  status: number,
  answer: string,
])[] = [
  ['PUT', 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n', 'abc', 1, 200, '3 '],
  [
    'PUT twice',
    'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n',
    'x'.repeat(40_000),
    2,
    200,
    '40000 ',
  ],
  [
    'PUT in chunks',
    'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n',
    '3\r\nabc\r\n0\r\nX: y\r\n\r\n',
    2,
    200,
    '3 X: y\r\n',
  ],
  [
    'PUT too long to be kept',
    'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n',
    'x'.repeat(70_000),
    1,
    502,
    'Bad Gateway',
  ],
  ['DELETE', 'DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n', 'abc', 1, 200, '3 '],
  [
    'DELETE in chunks',
    'DELETE / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n',
    '3\r\nabc\r\n0\r\n\r\n',
    1,
    200,
    '3 ',
  ],
  ['OPTIONS', 'OPTIONS / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n', 'abc', 2, 200, '3 '],
  ['PATCH', 'PATCH / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n', 'abc', 1, 502, 'Bad Gateway'],
  [
    'POST in chunks',
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n',
    '3\r\nabc\r\n0\r\n\r\n',
    1,
    502,
    'Bad Gateway',
  ],
  ['POST', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n', 'abc', 1, 502, 'Bad Gateway'],
]
for (const [name, head, body, broken, status, answer] of REPLAYED) {
  test(`broken after the request was sent: ${name}`, async () => {
    await using upstream = await RawUpstream.start(async (peer, index) => {
      if (index >= broken) return echo(peer)
      await peer.readMessage()
      peer.reset()
    })
    await using engine = await engineOf([upstream.port])
    await using client = await engine.connect()
    const response = await client.write(`${head}\r\n${body}`).readMessage()
    assert.match(response.head, new RegExp(`^HTTP/1\\.1 ${status} `))
    assert.equal(response.body.toString(), answer)
    assert.equal(upstream.connections.length, status === 200 ? broken + 1 : 1)
    assert.match(
      (await client.write(GET).readMessage()).head,
      /^HTTP\/1\.1 /,
      'the client’s connection goes on',
    )
  })
}

test('with retries switched off nothing is sent again', async () => {
  await using upstream = await RawUpstream.start(echo)
  await using engine = await engineOf([refusingPort(), upstream.port], {
    experiments: { retries: false },
  })
  await using client = await engine.connect()
  assert.match((await client.write(GET).readMessage()).head, /^HTTP\/1\.1 502 /)
  assert.equal(upstream.connections.length, 0)
})

test('an outage is not multiplied: attempts stay within the budget', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.reset()
  })
  await using engine = await engineOf([upstream.port])
  await using client = await engine.connect()
  client.write(GET.repeat(200))
  for (let i = 0; i < 200; i++) assert.match((await client.readMessage()).head, / 502 /)
  // A fifth of the requests in each second; the run may touch two seconds.
  assert.ok(engine.stats.retries >= 10 && engine.stats.retries <= 80, `${engine.stats.retries} retries`)
  assert.equal(upstream.connections.length, 200 + engine.stats.retries)
})

// ---- what a test of the whole engine would have to wait long for ----------------------------------------------

interface Parts {
  readonly deadlines: Deadlines
  readonly endpoints: readonly Endpoint[]
  answer(request: Request): Promise<Response>
}

function partsOf(ports: readonly number[], transport: Partial<Transport>): Parts & Disposable {
  const deadlines = new Deadlines()
  // In the order in which they are given: what picks them is the least tried, first one first.
  const balancer = new LoadBalancer<Endpoint>({ pick: (candidates) => candidates[0]! })
  const owner = {
    transport: { ...DEFAULT_TRANSPORT, ...transport },
    deadlines,
    maxConnections: 1_000,
    drained: () => {},
    freed: () => {},
    tlsFailed: () => {},
  }
  const endpoints = ports.map((port, i) => new Endpoint(String(i), endpointPlan({ port }), owner))
  for (const endpoint of endpoints) balancer.set(endpoint)
  balancer.refresh()
  const queue = new WaitQueue(deadlines, balancer)
  const target: ForwardTarget = {
    balancer,
    passHostHeader: true,
    budget: new RetryBudget(),
    queue,
    retry: DEFAULT_RETRY,
    outcomes: { failed: () => {}, succeeded: () => {} },
    deadlines,
  }
  return {
    deadlines,
    endpoints,
    answer: (request) => forward(request, target),
    [Symbol.dispose]() {
      for (const endpoint of endpoints) endpoint.close()
      deadlines.close()
    },
  }
}

function requestOf(method: string, body?: string): Request {
  const request = new Request()
  request.method = method
  request.authority = 'a'
  request.headers = new HeaderList(['Host', 'a'])
  if (body !== undefined) request.body = Body.of(Buffer.from(body))
  return request
}

test('a black hole is given up after the dial time-out, and tried no second time', async () => {
  await using hole = await BlackHole.open()
  using parts = partsOf([hole.port], { dialTimeout: 300 })
  const begun = performance.now()
  const response = await parts.answer(requestOf('GET'))
  assert.equal(response.status, 504)
  assert.equal(response.why, 'DT')
  const took = performance.now() - begun
  assert.ok(took >= 200 && took < 600, `${took} ms`)
  assert.equal(parts.endpoints[0]!.connections, 0)
})

test('no request waits for longer than one dial time-out and one more attempt', async () => {
  await using hole = await BlackHole.open()
  await using another = await BlackHole.open()
  await using upstream = await RawUpstream.start(echo)
  using parts = partsOf([hole.port, another.port, upstream.port], { dialTimeout: 300 })
  const begun = performance.now()
  assert.equal((await parts.answer(requestOf('GET'))).why, 'DT')
  const took = performance.now() - begun
  assert.ok(took >= 400 && took < 1_200, `${took} ms`)
})

test('behind a black hole an endpoint that refuses costs nothing: a third one is tried', async () => {
  await using hole = await BlackHole.open()
  await using upstream = await RawUpstream.start(echo)
  using parts = partsOf([hole.port, refusingPort(), upstream.port], { dialTimeout: 300 })
  assert.equal((await parts.answer(requestOf('GET'))).status, 200)
})

test('behind a black hole another endpoint is tried, also with a POST', async () => {
  await using hole = await BlackHole.open()
  await using upstream = await RawUpstream.start(echo)
  using parts = partsOf([hole.port, upstream.port], { dialTimeout: 300 })
  const response = await parts.answer(requestOf('POST', 'abc'))
  assert.equal(response.status, 200)
  assert.match(upstream.text, /\r\n\r\nabc$/)
})

test('an endpoint that does not answer in time: 504, and its connection is closed', async () => {
  await using upstream = await RawUpstream.start(() => {})
  using parts = partsOf([upstream.port], { responseHeaderTimeout: 200 })
  const response = await parts.answer(requestOf('GET'))
  assert.equal(response.status, 504)
  assert.equal(response.why, 'UT')
  assert.equal(await upstream.connections[0]!.ended(), 'end')
  assert.equal(upstream.connections.length, 1, 'it may have been carried out: it is not sent again')
  assert.equal(parts.endpoints[0]!.inFlight, 0)
})

test('an idle connection is closed after its time', async () => {
  await using upstream = await RawUpstream.start(echo)
  using parts = partsOf([upstream.port], { idleTimeout: 200 })
  await parts.answer(requestOf('POST'))
  assert.equal(await upstream.connections[0]!.ended(), 'end')
  assert.equal(parts.endpoints[0]!.connections, 0)
})

test('no more connections are kept idle than allowed', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write('HTTP/1.1 204 No Content\r\n\r\n')
    await peer.readMessage()
  })
  using parts = partsOf([upstream.port], { maxIdleConnections: 2 })
  await Promise.all([1, 2, 3, 4].map(() => parts.answer(requestOf('GET'))))
  assert.equal(parts.endpoints[0]!.connections, 2)
})

test('a request whose client has gone meanwhile is not sent at all', async () => {
  await using upstream = await RawUpstream.start(echo)
  using parts = partsOf([upstream.port], {})
  const request = requestOf('GET')
  request.aborted = true
  assert.equal((await parts.answer(request)).why, 'DC')
  assert.equal(upstream.connections.length, 0)
  assert.equal(parts.endpoints[0]!.inFlight, 0)
})
