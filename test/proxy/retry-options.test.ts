import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_RETRY } from '../../src/balancing/retry-default.ts'
import type { RetryPlan } from '../../src/server/plan.ts'
import { startEngine } from '../support/engine.ts'
import type { Engine } from '../support/engine.ts'
import type { RawPeer } from '../support/raw-peer.ts'
import { ok, RawUpstream, refusingPort } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

/** In the order in which they are tried. */
function engineOf(ports: readonly number[], retry: Partial<RetryPlan>): Promise<Engine> {
  const endpoints = Object.fromEntries(
    ports.map((port, i) => [i, { port, weight: 1_000 ** (ports.length - i) }]),
  )
  const main = { endpoints, retry: { ...DEFAULT_RETRY, ...retry } }
  return startEngine({ routers: { all: {} }, services: { main } })
}

const echo = async (peer: RawPeer): Promise<void> => {
  for (;;) {
    const { body } = await peer.readMessage()
    peer.write(ok(body.toString()))
  }
}

/** Takes everything and says nothing, as a stopped process does. */
const silent = (): void => {}

function put(body: string, method = 'PUT'): string {
  return `${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

const PER_TRY: readonly (readonly [request: string, status: number, body: string])[] = [
  [GET, 200, ''],
  [put('abc'), 200, 'abc'],
  [put('abc', 'DELETE'), 200, 'abc'],
  [put('abc', 'POST'), 504, 'Gateway Timeout'],
  [put('abc', 'PATCH'), 504, 'Gateway Timeout'],
  [put('x'.repeat(70_000)), 504, 'Gateway Timeout'],
]
for (const [request, status, body] of PER_TRY) {
  test(`per-try time-out: ${request.slice(0, request.indexOf(' '))} of ${request.length} bytes is answered ${status}`, async () => {
    await using hanging = await RawUpstream.start(silent)
    await using well = await RawUpstream.start(echo)
    await using engine = await engineOf([hanging.port, well.port], { perTryTimeout: 300 })
    await using client = await engine.connect()
    const answer = await client.write(request).readMessage()
    assert.match(answer.head, new RegExp(`^HTTP/1\\.1 ${status} `))
    assert.equal(answer.body.toString(), body)
    assert.equal(await hanging.connections[0]!.ended(), 'end', 'its connection is of no more use')
    assert.equal(hanging.connections.length, 1)
    assert.equal(engine.inFlight, 0)
  })
}

test('per-try time-out: when all endpoints hang, each is tried once', async () => {
  await using one = await RawUpstream.start(silent)
  await using two = await RawUpstream.start(silent)
  await using engine = await engineOf([one.port, two.port], { perTryTimeout: 200, attempts: 5 })
  await using client = await engine.connect()
  assert.match((await client.write(GET).readMessage()).head, /^HTTP\/1\.1 504 .*Tidegate-Why: UT/s)
  assert.deepEqual([one.connections.length, two.connections.length], [1, 1])
})

test('per-try time-out: a slow answer whose head has come is not cut', async () => {
  await using slow = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc')
    // Longer than the time-out, which must not come.
    await new Promise((resolve) => setTimeout(resolve, 600))
    peer.write('def')
  })
  await using engine = await engineOf([slow.port], { perTryTimeout: 200 })
  await using client = await engine.connect()
  assert.equal((await client.write(GET).readMessage()).body.toString(), 'abcdef')
})

test('per-try time-out: a client that is slow to send its body has a time of its own', async () => {
  await using well = await RawUpstream.start(echo)
  await using engine = await engineOf([well.port], { perTryTimeout: 200 })
  await using client = await engine.connect()
  client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc')
  await until('the head of the request', () => well.connections[0]?.length)
  await new Promise((resolve) => setTimeout(resolve, 600))
  assert.match((await client.write('def').readMessage()).head, /^HTTP\/1\.1 200 /)
})

test('per-try time-out: an endpoint that stops reading a long body has no more time than others', async () => {
  await using stuck = await RawUpstream.start((peer) => peer.pause())
  await using engine = await engineOf([stuck.port], { perTryTimeout: 300 })
  await using client = await engine.connect()
  client.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n`)
  client.write(Buffer.alloc(20_000_000))
  assert.match(await client.readUntil('\r\n'), /^HTTP\/1\.1 504 /)
})

test('no further attempts', async () => {
  await using well = await RawUpstream.start(echo)
  await using engine = await engineOf([refusingPort(), well.port], { attempts: 0 })
  await using client = await engine.connect()
  assert.match((await client.write(GET).readMessage()).head, /^HTTP\/1\.1 502 /)
  assert.equal(well.connections.length, 0)
})

test('as many further attempts as are configured', async () => {
  await using well = await RawUpstream.start(echo)
  const refusing = [1, 2, 3, 4].map(() => refusingPort())
  for (const [attempts, status] of [
    [3, 502],
    [4, 200],
  ] as const) {
    await using engine = await engineOf([...refusing, well.port], { attempts })
    await using client = await engine.connect()
    assert.match((await client.write(GET).readMessage()).head, new RegExp(` ${status} `))
    assert.equal(engine.stats.retries, attempts)
  }
})

test('bodies are sent again up to the size that is configured', async () => {
  for (const [size, status] of [
    [10, 200],
    [11, 502],
  ] as const) {
    await using breaking = await RawUpstream.start(async (peer) => {
      await peer.readMessage()
      peer.reset()
    })
    await using well = await RawUpstream.start(echo)
    await using engine = await engineOf([breaking.port, well.port], { maxReplayBytes: 10 })
    await using client = await engine.connect()
    const { head } = await client.write(put('x'.repeat(size))).readMessage()
    assert.match(head, new RegExp(` ${status} `), `${size} bytes`)
  }
})
