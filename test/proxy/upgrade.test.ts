import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { engineBefore, ownFields } from '../support/engine.ts'
import type { RawPeer } from '../support/raw-peer.ts'
import { answering, ok, RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n'
const ASK = `GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${KEY}\r\n`
const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

/** The fields of ours, whose protocol is that of the socket to be. */
const FIELDS = ownFields('a').replace('Proto: http', 'Proto: ws')

/** Agrees to every upgrade, then lets the test do the talking. */
async function agree(peer: RawPeer): Promise<void> {
  await peer.readUntil('\r\n\r\n')
  peer.write(SWITCH)
}

test('an agreed upgrade becomes a tunnel of bytes, both ways', async () => {
  await using upstream = await RawUpstream.start(agree)
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.write(ASK)
  assert.equal(await client.readUntil('\r\n\r\n'), SWITCH)
  const peer = upstream.connections[0]!
  assert.equal(
    peer.text,
    `GET /chat HTTP/1.1\r\nHost: a\r\n${KEY}${FIELDS}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  )
  client.write('\x81\x05hello\0\r\n\r\nGET / HTTP/1.1\r\n\r\n')
  await peer.readUntil('GET / HTTP/1.1\r\n\r\n')
  peer.write('\x82\x03\0\xff\n')
  assert.equal((await client.read(5)).toString('latin1'), '\x82\x03\0\xff\n')
  assert.equal(engine.inFlight, 1)
  client.end()
  assert.equal(await peer.ended(), 'end')
  peer.end()
  assert.equal(await client.ended(), 'end')
  await until('the tunnel to be closed', () => engine.inFlight === 0 && engine.stats.connections === 0)
  assert.deepEqual(engine.finished, [{ status: 101, bytes: 5, why: undefined, path: '/chat' }])
})

test('bytes that either side sends ahead belong to the tunnel', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readUntil('\r\n\r\n')
    peer.write(`${SWITCH}from the endpoint`)
  })
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.write(`${ASK}from the client`)
  assert.equal((await client.read(SWITCH.length + 17)).toString(), `${SWITCH}from the endpoint`)
  await upstream.connections[0]!.readUntil('from the client')
})

test('big data with slow readers on both sides arrives as it was sent', async () => {
  const size = 24 * 1024 * 1024
  const piece = Buffer.from(Array.from({ length: 64 * 1024 }, (_, i) => (i * 31) & 255))
  const digest = createHash('sha1')
  for (let sent = 0; sent < size; sent += piece.length) digest.update(piece)
  const expected = digest.digest('hex')
  await using upstream = await RawUpstream.start(agree)
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.write(ASK)
  await client.readUntil('\r\n\r\n')
  const ends = [client, upstream.connections[0]!]
  for (const end of ends) {
    end.keepsHistory = false
    end.pause()
  }
  const sending = ends.map(async (end) => {
    for (let sent = 0; sent < size; sent += piece.length) await end.send(piece)
  })
  // Both write while neither reads; then each reads all of it.
  await until('both to be stopped', () => ends.every(({ socket }) => socket.writableLength > 0))
  const reading = ends.map(async (end) => {
    end.resume()
    const got = createHash('sha1')
    for (let left = size; left > 0; left -= piece.length) got.update(await end.read(piece.length))
    assert.equal(got.digest('hex'), expected)
  })
  await Promise.all([...sending, ...reading])
})

test('the last bytes behind both ends are not lost to a slow reader', async () => {
  await using upstream = await RawUpstream.start(agree)
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.write(ASK)
  await client.readUntil('\r\n\r\n')
  const peer = upstream.connections[0]!
  client.pause()
  client.end()
  await peer.ended()
  const size = 12 * 1024 * 1024
  const sending = peer.send(Buffer.alloc(size, 'x'))
  peer.end()
  // The endpoint has closed both ways while the client has read next to nothing.
  await until('the data to get stuck', () => peer.socket.bytesWritten > 0)
  client.resume()
  await client.received(SWITCH.length + size)
  await sending
  assert.equal(await client.ended(), 'end')
})

for (const [name, which, how] of [
  ['the client resets', 'client', 'reset'],
  ['the endpoint resets', 'endpoint', 'reset'],
] as const) {
  test(`a tunnel whose ${name} is reset on the other side`, async () => {
    await using upstream = await RawUpstream.start(agree)
    await using engine = await engineBefore([upstream])
    await using client = await engine.connect()
    client.write(ASK)
    await client.readUntil('\r\n\r\n')
    const peer = upstream.connections[0]!
    const [gone, other] = which === 'client' ? [client, peer] : [peer, client]
    gone.reset()
    assert.equal(await other.ended(), how)
    await until('the tunnel to be closed', () => engine.inFlight === 0 && engine.stats.connections === 0)
  })
}

test('half-close goes through, and the other way goes on', async () => {
  await using upstream = await RawUpstream.start(agree)
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.write(ASK)
  await client.readUntil('\r\n\r\n')
  const peer = upstream.connections[0]!
  peer.end('bye')
  assert.equal((await client.readToEnd()).text, 'bye')
  client.write('still here')
  // A reader that has seen the end reads on by itself only as far as the bytes come.
  await until('the rest', () => peer.text.endsWith('still here'))
  client.end()
  await until('the tunnel to be closed', () => engine.inFlight === 0 && engine.stats.connections === 0)
})

test('a refused upgrade is an answer like any other', async () => {
  await using upstream = await RawUpstream.start(
    answering('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'),
  )
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  for (let i = 0; i < 2; i++) {
    const { head, body } = await client.write(ASK).readMessage()
    assert.match(head, /^HTTP\/1\.1 403 /)
    assert.equal(body.toString(), 'no')
  }
  assert.equal(upstream.connections.length, 1)
})

/** Upgrades that must not come about: the endpoint sees a plain request, and no second one. */
const STRIPPED: readonly (readonly [name: string, request: string])[] = [
  [
    'h2c',
    'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
  ],
  [
    'h2c whose settings are not nominated',
    'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
  ],
  [
    'h2c and websocket',
    'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c, websocket\r\nConnection: Upgrade\r\n\r\n',
  ],
  [
    'two fields',
    'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n',
  ],
  ['any other protocol', 'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: foo\r\nConnection: Upgrade\r\n\r\n'],
  ['without Connection', 'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n'],
  ['HTTP/1.0', 'GET / HTTP/1.0\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade, keep-alive\r\n\r\n'],
  [
    'POST',
    'POST / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 3\r\n\r\nabc',
  ],
  [
    'GET with a body',
    'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 3\r\n\r\nabc',
  ],
  [
    'GET with chunks',
    'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
]
for (const [name, request] of STRIPPED) {
  test(`no upgrade: ${name}`, async () => {
    await using upstream = await RawUpstream.start()
    await using engine = await engineBefore([upstream])
    await using client = await engine.connect()
    assert.match((await client.write(request).readMessage()).head, /^HTTP\/1\.1 200 /)
    assert.doesNotMatch(upstream.text, /^(?:upgrade|connection|http2-settings):/im)
    client.write('GET /second HTTP/1.1\r\nHost: a\r\n\r\n')
    assert.match((await client.readMessage()).head, /^HTTP\/1\.1 200 /)
    assert.equal(upstream.connections.length, 1)
  })
}

/** Answers to an upgrade that are no agreement to it. */
const DISAGREED: readonly (readonly [name: string, answer: string, status: number])[] = [
  ['101 to another protocol', SWITCH.replace('Upgrade: websocket', 'Upgrade: h2c'), 502],
  ['101 without Upgrade', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', 502],
  ['200 with Upgrade', ok('plain', 'Upgrade: websocket\r\nConnection: Upgrade\r\n'), 200],
]
for (const [name, answer, status] of DISAGREED) {
  test(`no tunnel: ${name}`, async () => {
    await using upstream = await RawUpstream.start(answering(answer))
    await using engine = await engineBefore([upstream])
    await using client = await engine.connect()
    const { head } = await client.write(ASK).readMessage()
    assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} `))
    assert.doesNotMatch(head, /^(?:upgrade|connection):/im)
    if (status === 502) await upstream.connections[0]!.ended()
    assert.equal(engine.inFlight, 0)
  })
}

test('a client that leaves before the upgrade is agreed leaves no tunnel behind', async () => {
  await using upstream = await RawUpstream.start(() => {})
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.write(ASK)
  const peer = await upstream.connection(0)
  await peer.readUntil('\r\n\r\n')
  client.reset()
  peer.write(SWITCH)
  await peer.ended()
  await until('nothing in flight', () => engine.inFlight === 0 && engine.stats.connections === 0)
})

test('an endpoint that is taken away closes its tunnels', async () => {
  await using upstream = await RawUpstream.start(agree)
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.write(ASK)
  await client.readUntil('\r\n\r\n')
  await engine.apply({ services: { main: { endpoints: { 0: null } } } })
  await client.ended()
  await upstream.connections[0]!.ended()
  await until('the tunnel to be closed', () => engine.stats.connections === 0)
})
