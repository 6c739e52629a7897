import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineBefore, startEngine } from '../support/engine.ts'
import type { Engine } from '../support/engine.ts'
import type { RawPeer } from '../support/raw-peer.ts'
import { answering, ok, RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

/** Lets the endpoint `0` drain. */
function drain(engine: Engine, upstream: RawUpstream): Promise<void> {
  return engine.apply({
    services: { main: { endpoints: { 0: { port: upstream.port, state: 'draining' } } } },
  })
}

test('a draining endpoint gets nothing new', async () => {
  await using leaving = await RawUpstream.start(answering(ok('leaving')))
  await using staying = await RawUpstream.start(answering(ok('staying')))
  await using engine = await engineBefore([leaving, staying])
  await using client = await engine.connect()
  for (let i = 0; i < 4; i++) await client.write(GET).readMessage()
  await drain(engine, leaving)
  for (let i = 0; i < 20; i++)
    assert.equal((await client.write(GET).readMessage()).body.toString(), 'staying')
  assert.deepEqual(engine.drained, ['main/0'])
})

test('idle connections to a draining endpoint are closed at once', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  await client.write(GET).readMessage()
  await drain(engine, upstream)
  assert.equal(await upstream.connections[0]!.ended(), 'end')
  assert.deepEqual(engine.drained, ['main/0'])
  assert.match((await client.write(GET).readMessage()).head, /^HTTP\/1\.1 503 /)
})

test('what is in flight to a draining endpoint finishes, and then it has drained, once', async () => {
  await using upstream = await RawUpstream.start(() => {})
  await using engine = await engineBefore([upstream])
  const clients: RawPeer[] = []
  for (let i = 0; i < 3; i++) {
    const client = await engine.connect()
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc')
    await (await upstream.connection(i)).readUntil('abc')
    clients.push(client)
  }
  await drain(engine, upstream)
  assert.deepEqual(engine.drained, [])
  for (const [i, client] of clients.entries()) {
    assert.deepEqual(engine.drained, [])
    client.write('def')
    await upstream.connections[i]!.readUntil('def')
    upstream.connections[i]!.write(ok(String(i)))
    assert.equal((await client.readMessage()).body.toString(), String(i))
    assert.equal(await upstream.connections[i]!.ended(), 'end')
  }
  assert.deepEqual(engine.drained, ['main/0'])
  for (const client of clients) await client[Symbol.asyncDispose]()
})

test('a long answer and a tunnel keep a draining endpoint until they end', async () => {
  await using upstream = await RawUpstream.start(async (peer, index) => {
    await peer.readUntil('\r\n\r\n')
    if (index === 0) peer.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n')
    else peer.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  })
  await using engine = await engineBefore([upstream])
  await using reader = await engine.connect()
  reader.write(GET)
  await reader.readUntil('a\r\n')
  await using socket = await engine.connect()
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
  await socket.readUntil('\r\n\r\n')
  await drain(engine, upstream)
  upstream.connections[0]!.write('0\r\n\r\n')
  await reader.readUntil('0\r\n\r\n')
  assert.deepEqual(engine.drained, [])
  socket.write('still here')
  await upstream.connections[1]!.readUntil('still here')
  socket.reset()
  await until('the drain', () => engine.drained.length > 0)
  assert.deepEqual(engine.drained, ['main/0'])
})

test('an endpoint that comes back during its drain is used again', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  await client.write(GET).readMessage()
  await drain(engine, upstream)
  await engine.apply({ services: { main: { endpoints: { 0: { port: upstream.port } } } } })
  assert.match((await client.write(GET).readMessage()).head, /^HTTP\/1\.1 200 /)
  assert.equal(upstream.connections.length, 2)
})

test('an endpoint that comes draining has drained at once', async () => {
  await using engine = await startEngine({
    routers: { all: {} },
    services: { main: { endpoints: { 0: { port: 1, state: 'draining' } } } },
  })
  assert.deepEqual(engine.drained, ['main/0'])
})

test('an endpoint that is taken away: GET goes to another one, POST is answered 502, and nothing stays open', async () => {
  await using leaving = await RawUpstream.start(() => {})
  await using staying = await RawUpstream.start(answering(ok('staying')))
  await using engine = await engineBefore([leaving])
  await using getter = await engine.connect()
  await using poster = await engine.connect()
  getter.write(GET)
  poster.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc')
  for (const i of [0, 1]) await (await leaving.connection(i)).readUntil('\r\n\r\n')
  await engine.apply({ services: { main: { endpoints: { 0: null, 1: { port: staying.port } } } } })
  assert.equal((await getter.readMessage()).body.toString(), 'staying')
  assert.match((await poster.readMessage()).head, /^HTTP\/1\.1 502 /)
  await Promise.all(leaving.connections.map((peer) => peer.ended()))
  assert.equal(leaving.connections.length, 2, 'it gets no further attempt')
})

test('the last endpoint that is taken away gets no further attempt', async () => {
  await using leaving = await RawUpstream.start(() => {})
  await using engine = await engineBefore([leaving])
  await using client = await engine.connect()
  client.write(GET)
  await (await leaving.connection(0)).readUntil('\r\n\r\n')
  await engine.apply({ services: { main: { endpoints: { 0: null } } } })
  assert.match((await client.readMessage()).head, /^HTTP\/1\.1 50[23] /)
  assert.equal(leaving.connections.length, 1)
})
