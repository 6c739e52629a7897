import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FailoverErrorsPlan } from '../../../src/server/plan.ts'
import { startEngine } from '../../support/engine.ts'
import type { Engine, ServiceSketch } from '../../support/engine.ts'
import type { RawPeer } from '../../support/raw-peer.ts'
import { answering, ok, RawUpstream, refusingPort } from '../../support/raw-upstream.ts'
import type { Script } from '../../support/raw-upstream.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const CHUNKED =
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n'
const FAILING = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nmain'

function post(bytes: number): string {
  return `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n${'x'.repeat(bytes)}`
}

const echo: Script = async (peer: RawPeer) => {
  for (;;) {
    const { body, trailers } = await peer.readMessage()
    peer.write(ok(`${body.length} ${trailers}`))
  }
}

function to(...ports: readonly number[]): ServiceSketch {
  return { endpoints: Object.fromEntries(ports.map((port, i) => [String(i), { port }])) }
}

function engineOf(
  main: ServiceSketch,
  fallback: ServiceSketch,
  errors?: FailoverErrorsPlan,
): Promise<Engine> {
  return startEngine({
    routers: { all: {} },
    services: {
      one: main,
      two: fallback,
      main: { kind: 'failover', service: 'one', fallback: 'two', ...(errors && { errors }) },
    },
  })
}

test('the fallback answers while the service has no endpoint that may be used', async () => {
  await using one = await RawUpstream.start(answering(ok('one')))
  await using two = await RawUpstream.start(answering(ok('two')))
  await using engine = await engineOf(to(one.port), to(two.port))
  await using client = await engine.connect()
  const asked = async (): Promise<string> => (await client.write(GET).readMessage()).body.toString()
  assert.equal(await asked(), 'one')
  await engine.apply({ services: { one: { endpoints: { 0: { port: one.port, state: 'draining' } } } } })
  assert.equal(await asked(), 'two')
  await engine.apply({ services: { one: to(one.port) } })
  assert.equal(await asked(), 'one')
})

test('both down: 503', async () => {
  await using engine = await engineOf(to(), to())
  await using client = await engine.connect()
  assert.match((await client.write(GET).readMessage()).head, /^HTTP\/1.1 503 [^]*Tidegate-Why: UH/)
})

const LISTED = { status: [[500, 599]], maxRequestBodyBytes: -1 } as const
const SENT: [name: string, request: string, answer: string][] = [
  ['GET', GET, '0 '],
  ['POST', post(3), '3 '],
  ['POST in chunks with trailers', CHUNKED, '3 X: y\r\n'],
  ['POST of 1 MB', post(1_000_000), '1000000 '],
]
for (const [name, request, answer] of SENT) {
  test(`a status in the list: ${name} goes to the fallback, whole`, async () => {
    await using one = await RawUpstream.start(answering(FAILING))
    await using two = await RawUpstream.start(echo)
    await using engine = await engineOf(to(one.port), to(two.port), LISTED)
    await using client = await engine.connect()
    assert.equal((await client.write(request).readMessage()).body.toString(), answer)
    assert.equal(
      (await client.write(request).readMessage()).body.toString(),
      answer,
      'its connection goes on',
    )
    assert.ok(one.text.startsWith(request.slice(0, 4)))
  })

  test(`a status that is not in the list: ${name} has the answer of the service`, async () => {
    await using one = await RawUpstream.start(echo)
    await using two = await RawUpstream.start(answering(ok('two')))
    await using engine = await engineOf(to(one.port), to(two.port), LISTED)
    await using client = await engine.connect()
    assert.equal((await client.write(request).readMessage()).body.toString(), answer)
    assert.equal(two.connections.length, 0)
  })
}

test('answers that the proxy makes itself are listed by their status, too', async () => {
  await using two = await RawUpstream.start(echo)
  await using engine = await engineOf(to(refusingPort()), to(two.port), LISTED)
  await using client = await engine.connect()
  assert.equal((await client.write(post(5)).readMessage()).body.toString(), '5 ')
})

test('an endpoint that fails without taking the body leaves it to the fallback', async () => {
  await using one = await RawUpstream.start(async (peer) => {
    await peer.readUntil('\r\n\r\n')
    peer.write(FAILING)
  })
  await using two = await RawUpstream.start(echo)
  await using engine = await engineOf(to(one.port), to(two.port), LISTED)
  await using client = await engine.connect()
  assert.equal((await client.write(post(3_000_000)).readMessage()).body.toString(), '3000000 ')
})

test('a fallback that cannot answer: the answer of the service is better than none', async () => {
  await using one = await RawUpstream.start(answering(FAILING))
  await using engine = await engineOf(to(one.port), to(), LISTED)
  await using client = await engine.connect()
  assert.equal((await client.write(GET).readMessage()).body.toString(), 'main')
})

for (const [framing, request] of [
  ['counted', post(1_001)],
  [
    'in chunks',
    `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3E9\r\n${'x'.repeat(1_001)}\r\n0\r\n\r\n`,
  ],
] as const) {
  test(`a body over the limit, ${framing}: 413, and nobody is asked`, async () => {
    await using one = await RawUpstream.start(echo)
    const limited = { ...LISTED, maxRequestBodyBytes: 1_000 }
    await using engine = await engineOf(to(one.port), to(one.port), limited)
    await using client = await engine.connect()
    assert.match((await client.write(request).readMessage()).head, /^HTTP\/1.1 413 [^]*Tidegate-Why: BL/)
    assert.equal(one.connections.length, 0)
    assert.equal((await client.write(post(1_000)).readMessage()).body.toString(), '1000 ')
  })

  test(`without a limit a body of 5 MB, ${framing}, is passed on, but not sent twice`, async () => {
    await using one = await RawUpstream.start(async (peer) => {
      const { body } = await peer.readMessage()
      peer.write(`HTTP/1.1 500 Error\r\nContent-Length: 7\r\n\r\n${body.length}`)
    })
    await using two = await RawUpstream.start(echo)
    await using engine = await engineOf(to(one.port), to(two.port), LISTED)
    await using client = await engine.connect()
    const large =
      framing === 'counted'
        ? post(5_000_000)
        : `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${(5_000_000).toString(16)}\r\n${'x'.repeat(5_000_000)}\r\n0\r\n\r\n`
    const { head, body } = await client.write(large).readMessage()
    assert.match(head, / 500 /)
    assert.equal(body.toString(), '5000000')
    assert.equal(two.connections.length, 0)
  })
}

test('a client that leaves within its body reaches nobody', async () => {
  await using one = await RawUpstream.start(echo)
  await using engine = await engineOf(to(one.port), to(one.port), LISTED)
  const client = await engine.connect()
  client.write(post(1_000).slice(0, -1))
  client.reset()
  await using other = await engine.connect()
  assert.equal((await other.write(GET).readMessage()).body.toString(), '0 ')
  assert.equal(one.connections.length, 1)
})
