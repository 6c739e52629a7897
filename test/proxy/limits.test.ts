import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineBefore } from '../support/engine.ts'
import { ok, RawUpstream } from '../support/raw-upstream.ts'
import type { RawPeer } from '../support/raw-peer.ts'
import { until } from '../support/until.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const LAST = 'Connection: close\r\n'
const chunk = (bytes: number): string => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`
const CHUNKED = `POST / HTTP/1.1\r\nHost: a\r\n${LAST}Transfer-Encoding: chunked\r\n\r\n`

const AT_THE_EDGE: readonly (readonly [name: string, request: string, expected: RegExp])[] = [
  ['a target of 100 bytes', `GET /${'a'.repeat(99)} HTTP/1.1\r\nHost: a\r\n${LAST}\r\n`, /^HTTP\/1\.1 200 /],
  [
    'a target of 101 bytes',
    `GET /${'a'.repeat(100)} HTTP/1.1\r\nHost: a\r\n${LAST}\r\n`,
    /^HTTP\/1\.1 414 .*Why: UL/s,
  ],
  ['20 fields', `GET / HTTP/1.1\r\nHost: a\r\n${LAST}${'X: y\r\n'.repeat(18)}\r\n`, /^HTTP\/1\.1 200 /],
  [
    '21 fields',
    `GET / HTTP/1.1\r\nHost: a\r\n${LAST}${'X: y\r\n'.repeat(19)}\r\n`,
    /^HTTP\/1\.1 431 .*Why: HL/s,
  ],
  [
    'a head over 1,000 bytes',
    `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(1_000)}\r\n\r\n`,
    /^HTTP\/1\.1 431 .*Why: HL/s,
  ],
  [
    'a counted body of 50 bytes',
    `POST / HTTP/1.1\r\nHost: a\r\n${LAST}Content-Length: 50\r\n\r\n${'x'.repeat(50)}`,
    /^HTTP\/1\.1 200 /,
  ],
  [
    'a counted body of 51 bytes',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 51\r\n\r\n',
    /^HTTP\/1\.1 413 .*Why: BL/s,
  ],
  [
    'one of 51 bytes that waits to be asked for',
    'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 51\r\n\r\n',
    /^HTTP\/1\.1 413 .*Why: BL/s,
  ],
  ['chunks of 50 bytes', `${CHUNKED}${chunk(25)}${chunk(25)}0\r\n\r\n`, /^HTTP\/1\.1 200 /],
  ['chunks of 51 bytes', `${CHUNKED}${chunk(25)}${chunk(26)}0\r\n\r\n`, /^HTTP\/1\.1 413 .*Why: BL/s],
  ['a chunk that is announced', `${CHUNKED}33\r\n`, /^HTTP\/1\.1 413 .*Why: BL/s],
  ['a chunk of 2^44 bytes', `${CHUNKED}100000000000\r\n`, /^HTTP\/1\.1 413 .*Why: BL/s],
]
const EDGES = { maxTargetLength: 100, maxFields: 20, maxBodyBytes: 50, maxHeadBytes: 1_000 }
for (const [name, request, expected] of AT_THE_EDGE) {
  test(`limits of size: ${name}`, async () => {
    await using upstream = await RawUpstream.start()
    await using engine = await engineBefore([upstream], { limits: EDGES })
    const { text } = await engine.sendToEnd(request)
    assert.match(text, expected)
    const refused = !text.startsWith('HTTP/1.1 200')
    assert.equal(Object.values(engine.stats.why).length, refused ? 1 : 0, 'refusals are counted')
    assert.equal(engine.inFlight, 0)
  })
}

test('a chunked body that outgrows its limit underway never looks whole to the endpoint', async () => {
  await using upstream = await RawUpstream.start(() => {})
  await using engine = await engineBefore([upstream], { limits: EDGES })
  await using client = await engine.connect()
  client.write(CHUNKED + chunk(30))
  const peer = await upstream.connection(0)
  await peer.readUntil('x'.repeat(30))
  client.write(`${chunk(30)}0\r\n\r\n`)
  assert.match((await client.readToEnd()).text, /^HTTP\/1\.1 413 /)
  await peer.ended()
  assert.doesNotMatch(upstream.text, /\r\n0\r\n/)
})

const RATE = { bytes: 100, window: 200 }

test('a request body that drips is answered 408, although each byte comes in time', async () => {
  await using upstream = await RawUpstream.start(() => {})
  await using engine = await engineBefore([upstream], { limits: { requestRate: RATE, readTimeout: 0 } })
  await using client = await engine.connect()
  client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n')
  const drip = setInterval(() => client.socket.writable && client.write('x'), 20)
  const { text } = await client.readToEnd().finally(() => clearInterval(drip))
  assert.match(text, /^HTTP\/1\.1 408 .*Why: RT/s)
  assert.equal(engine.inFlight, 0)
})

test('a request body that comes fast enough takes as long as it needs', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream], { limits: { requestRate: RATE, readTimeout: 0 } })
  await using client = await engine.connect()
  client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n')
  for (let sent = 0; sent < 4_000; sent += 100) {
    await client.send(Buffer.alloc(100, 'x'))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.match((await client.readMessage()).head, /^HTTP\/1\.1 200 /)
})

test('a client that is not asked for its body, or whose body is not read, is not called slow', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    peer.pause()
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    peer.resume()
    await peer.readMessage()
    peer.write(ok())
  })
  await using engine = await engineBefore([upstream], { limits: { requestRate: RATE } })
  await using client = await engine.connect()
  client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 16000000\r\n\r\n')
  void client.send(Buffer.alloc(16_000_000, 'x'))
  assert.match((await client.readMessage()).head, /^HTTP\/1\.1 200 /)
})

test('a client that does not take its answer is cut off, and its endpoint is free', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write(ok('x'.repeat(32_000_000)))
  })
  await using engine = await engineBefore([upstream], { limits: { responseRate: RATE } })
  await using client = await engine.connect()
  client.pause()
  client.write(GET)
  await until('the end', () => engine.stats.why['SR'] === 1)
  assert.equal(engine.inFlight, 0)
  client.resume()
  assert.equal(await client.ended(), 'reset')
})

test('an answer that its endpoint sends slowly is not the client’s fault', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n')
    for (const byte of 'slow') {
      await new Promise((resolve) => setTimeout(resolve, 250))
      peer.write(byte)
    }
  })
  await using engine = await engineBefore([upstream], { limits: { responseRate: RATE } })
  await using client = await engine.connect()
  assert.equal((await client.write(GET).readMessage()).body.toString(), 'slow')
})

const CAPS: readonly (readonly [
  name: string,
  caps: { maxConnections?: number; maxConnectionsPerClient?: number },
  refusal: RegExp,
])[] = [
  [
    'the entry point',
    { maxConnections: 3 },
    /^HTTP\/1\.1 503 .*Retry-After: 1\r\n.*Why: CL.*Connection: close/s,
  ],
  ['one client', { maxConnectionsPerClient: 3 }, /^HTTP\/1\.1 429 .*Retry-After: 1\r\n.*Why: CI/s],
]
for (const [name, caps, refusal] of CAPS) {
  test(`one connection more than ${name} may have is refused at once; when one closes there is room`, async () => {
    await using upstream = await RawUpstream.start()
    await using engine = await engineBefore([upstream], { caps })
    const clients: RawPeer[] = []
    for (let i = 0; i < 3; i++) {
      const client = await engine.connect()
      clients.push(client)
      await client.write(GET).readMessage()
    }
    const begun = performance.now()
    const { text, ending } = await engine.sendToEnd('')
    assert.match(text, refusal)
    assert.equal(ending, 'end')
    assert.ok(performance.now() - begun < 500, 'at once')
    assert.match((await engine.sendToEnd(GET)).text, refusal, 'also when a request came along')
    await until('the refused to be forgotten', () => engine.stats.connections === 3)
    clients[0]!.end()
    await until('room', () => engine.stats.connections === 2)
    await using next = await engine.connect()
    assert.match((await next.write(GET).readMessage()).head, /^HTTP\/1\.1 200 /)
    for (const client of clients) await client[Symbol.asyncDispose]()
  })
}

test('a flood of connections that are too many does not pile up', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream], { caps: { maxConnections: 1 } })
  await using kept = await engine.connect()
  await kept.write(GET).readMessage()
  const flood = await Promise.all(Array.from({ length: 1_200 }, () => engine.connect()))
  await until('all to be refused', () => engine.stats.why['CL'] === 1_200)
  assert.ok(engine.stats.connections <= 1_001, `${engine.stats.connections} open`)
  assert.match((await kept.write(GET).readMessage()).head, /^HTTP\/1\.1 200 /)
  await Promise.all(flood.map((peer) => peer[Symbol.asyncDispose]()))
  await until('one to be left', () => engine.stats.connections === 1)
})
