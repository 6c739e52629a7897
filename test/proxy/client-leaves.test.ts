import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { engineBefore } from '../support/engine.ts'
import type { RawPeer } from '../support/raw-peer.ts'
import { answering, ok, RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

const LEAVES_AT_ONCE = `
const client = require('node:net').connect({ port: process.argv[1], host: '127.0.0.1' })
client.on('connect', () => client.write(process.argv[2], () => client.resetAndDestroy()))`

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const STREAMING = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'

test('a client that closes its side behind its request still gets the answer', async () => {
  await using upstream = await RawUpstream.start(() => {})
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.end(GET)
  const peer = await upstream.connection(0)
  await peer.readUntil('\r\n\r\n')
  peer.write(ok())
  const { text, ending } = await client.readToEnd()
  assert.equal(text, ok())
  assert.equal(ending, 'end')
  await until('the connection to be forgotten', () => engine.stats.connections === 0)
})

test('a client that closes its side and then goes away is noticed, and its request given up', async () => {
  await using upstream = await RawUpstream.start(() => {})
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.end(GET)
  const peer = await upstream.connection(0)
  await peer.readUntil('\r\n\r\n')
  client.reset()
  await peer.ended()
  assert.equal(engine.stats.why['DC'], 1)
  assert.equal(engine.inFlight, 0)
})

test('a client that closes its side, and goes away while its answer is under way, is noticed', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write(STREAMING)
  })
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.end(GET)
  await client.readUntil('abc')
  client.reset()
  await upstream.connections[0]!.ended()
  await until('the exchange to be over', () => engine.stats.why['DC'] === 1)
  assert.equal(engine.inFlight, 0)
})

test('where closing means going away, the request is given up at once', async () => {
  await using upstream = await RawUpstream.start(() => {})
  await using engine = await engineBefore([upstream], { limits: { abortOnClose: true } })
  await using client = await engine.connect()
  client.write(GET)
  const peer = await upstream.connection(0)
  await peer.readUntil('\r\n\r\n')
  const begun = performance.now()
  client.end()
  await peer.ended()
  assert.ok(performance.now() - begun < 500, 'at once')
  assert.equal(engine.stats.why['DC'], 1)
})

test('a client that closes its side behind three requests gets three answers', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.end(GET + GET + GET)
  const { text, ending } = await client.readToEnd()
  assert.equal(text, ok() + ok() + ok())
  assert.equal(ending, 'end')
})

test('what is half a request when the client closes its side is no request', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.end(`${GET}GET / HTTP/1.1\r\nHost`)
  assert.equal((await client.readToEnd()).text, ok())
  assert.equal(upstream.text.split('GET').length, 2)
})

const HALVES: readonly (readonly [name: string, request: string])[] = [
  ['a counted body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc'],
  ['chunks', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'],
  ['trailers', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n'],
]
for (const [name, request] of HALVES) {
  test(`a client that closes its side within ${name} is refused, and the endpoint sees no whole request`, async () => {
    await using upstream = await RawUpstream.start(() => {})
    await using engine = await engineBefore([upstream])
    await using client = await engine.connect()
    client.write(request)
    await (await upstream.connection(0)).readUntil('abc')
    client.end()
    const { text, ending } = await client.readToEnd()
    assert.match(text, /^HTTP\/1\.1 400 /)
    assert.equal(ending, 'end')
    await upstream.connections[0]!.ended()
    assert.doesNotMatch(upstream.text, /\r\n0\r\n/)
    assert.equal(engine.inFlight, 0)
  })
}

const POST_CHUNKS = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'
const BREAKS: readonly (readonly [name: string, act: (client: RawPeer) => unknown])[] = [
  ['is reset', (client) => client.reset()],
  ['ends', (client) => client.end()],
  ['is malformed', (client) => client.write('x\r\n')],
]
for (const [name, act] of BREAKS) {
  test(`a request body that ${name} while its answer is under way takes the answer with it, and nothing else`, async () => {
    await using upstream = await RawUpstream.start(async (peer) => {
      await peer.readUntil('abc')
      peer.write(STREAMING)
    })
    await using engine = await engineBefore([upstream])
    await using client = await engine.connect()
    await client.write(POST_CHUNKS).readUntil('abc')
    act(client)
    await client.ended()
    await upstream.connections[0]!.ended()
    await until('the exchange to be over', () => engine.finished.length === 1)
    assert.equal(engine.finished[0]!.bytes, 3)
    assert.equal(engine.inFlight, 0)
    assert.doesNotMatch(client.text, /\r\n0\r\n/, 'the answer must not look complete')
    assert.doesNotMatch(upstream.text, /\r\n0\r\n/, 'nor the request')
  })
}

test('an aborted request is given up at the endpoint at once', async () => {
  await using upstream = await RawUpstream.start(() => {})
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.write(GET)
  const peer = await upstream.connection(0)
  await peer.readUntil('\r\n\r\n')
  client.reset()
  await peer.ended()
  assert.equal(engine.inFlight, 0)
  await until('the exchange to be over', () => engine.finished.length === 1)
  assert.deepEqual(engine.finished, [{ status: 499, bytes: 0, why: 'DC', path: '/' }])
  assert.equal(engine.stats.connections, 0)
})

test('an abort within the answer is given up at the endpoint at once', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nabc')
    await peer.readUntil('more')
  })
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.write(GET)
  await client.readUntil('abc')
  client.reset()
  await upstream.connections[0]!.ended()
  await until('the exchange to be over', () => engine.finished.length === 1)
  assert.deepEqual(engine.finished, [{ status: 200, bytes: 3, why: 'DC', path: '/' }])
  assert.equal(engine.inFlight, 0)
})

test('an abort within the request body is given up at the endpoint at once', async () => {
  await using upstream = await RawUpstream.start(() => {})
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc')
  await (await upstream.connection(0)).readUntil('abc')
  client.reset()
  await upstream.connections[0]!.ended()
  assert.equal(engine.inFlight, 0)
})

test('a client that is gone before it was accepted harms nobody', async () => {
  await using upstream = await RawUpstream.start()
  // A trusted address list looks at the address of the peer, which such a socket no longer has.
  await using engine = await engineBefore([upstream], { forwarded: { trustedIPs: ['10.0.0.0/8'] } })
  // While the child runs, this process cannot accept: it finds the request and the reset together.
  for (let i = 0; i < 3; i++) execFileSync(process.execPath, ['-e', LEAVES_AT_ONCE, String(engine.port), GET])
  await until('the connections to be forgotten', () => engine.stats.connections === 0)
  assert.equal(upstream.connections.length, 0, 'nobody can say who sent it')
  assert.match(
    (await engine.sendToEnd(GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))).text,
    /^HTTP\/1\.1 200 /,
  )
})

test('1,000 aborts leave nothing behind', async () => {
  await using upstream = await RawUpstream.start(() => {})
  await using engine = await engineBefore([upstream])
  const descriptors = (): number => readdirSync('/proc/self/fd').length
  const before = descriptors()
  for (let round = 0; round < 20; round++) {
    const clients = await Promise.all(Array.from({ length: 50 }, () => engine.connect()))
    for (const client of clients) client.write(GET)
    await until('50 requests in flight', () => engine.inFlight === 50)
    for (const client of clients) client.reset()
    await until('none in flight', () => engine.inFlight === 0)
  }
  assert.equal(engine.stats.why['DC'], 1_000)
  for (const peer of upstream.connections) {
    await peer.ended()
    peer.end()
  }
  await until('all descriptors to be closed', () => descriptors() <= before)
  assert.equal(engine.stats.connections, 0)
})

test('1,000 requests on connections of their own leave nothing behind', async () => {
  await using upstream = await RawUpstream.start(answering(ok()))
  await using engine = await engineBefore([upstream])
  const descriptors = (): number => readdirSync('/proc/self/fd').length
  await engine.sendToEnd('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  const before = descriptors()
  for (let round = 0; round < 20; round++) {
    await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const { ending } = await engine.sendToEnd(`GET /${i} HTTP/1.0\r\nHost: a\r\n\r\n`)
        assert.equal(ending, 'end')
      }),
    )
  }
  await until('all client connections to be closed', () => engine.stats.connections === 0)
  // Those to the endpoint may wait for their next request.
  await until('all descriptors to be closed', () => descriptors() <= before + 2 * upstream.connections.length)
})
