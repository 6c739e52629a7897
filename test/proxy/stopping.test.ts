import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineBefore, startEngine } from '../support/engine.ts'
import { ok, RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

test('while the proxy stops, what is in flight is answered with `Connection: close`', async () => {
  await using upstream = await RawUpstream.start(() => {})
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.write(GET)
  const peer = await upstream.connection(0)
  await peer.readUntil('\r\n\r\n')
  engine.plane.stop()
  peer.write(ok())
  assert.equal((await client.readToEnd()).text, ok('ok').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
})

test('while the proxy stops, pipelined requests behind the one at hand are left to another proxy', async () => {
  await using upstream = await RawUpstream.start(() => {})
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.write(GET + GET)
  const peer = await upstream.connection(0)
  await peer.readUntil('\r\n\r\n')
  engine.plane.stop()
  peer.write(ok())
  const { text, ending } = await client.readToEnd()
  assert.equal(text.split('HTTP/1.1').length, 2)
  assert.equal(ending, 'end')
})

test('while the proxy stops, idle connections are closed at once', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  await client.write(GET).readMessage()
  engine.plane.stop()
  assert.equal(await client.ended(), 'end')
  client.end()
  await until('the connection to be forgotten', () => engine.stats.connections === 0)
})

test('while the proxy stops, a new connection may still send its first request', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  await until('the connection to be accepted', () => engine.stats.connections === 1)
  engine.plane.stop()
  assert.match((await client.write(GET).readToEnd()).text, /^HTTP\/1\.1 200 .*Connection: close/s)
})

test('while the proxy stops, a new connection that says nothing is closed soon', async () => {
  await using engine = await engineBefore([])
  await using client = await engine.connect()
  await until('the connection to be accepted', () => engine.stats.connections === 1)
  engine.plane.stop()
  const begun = performance.now()
  await client.ended()
  assert.ok(performance.now() - begun < 3_000)
})

test('while the proxy stops, half a request is waited for', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.write('GET / HTTP/1.1\r\n')
  await until('the connection to be accepted', () => engine.stats.connections === 1)
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  engine.plane.stop()
  assert.match(
    (await client.write('Host: a\r\n\r\n').readToEnd()).text,
    /^HTTP\/1\.1 200 .*Connection: close/s,
  )
})

test('the ping page answers 200, and 503 once the stop is announced', async () => {
  await using engine = await startEngine({
    routers: { ping: { rule: 'Path(`/ping`)', service: 'ping@internal' } },
  })
  await using client = await engine.connect()
  client.write('GET /ping HTTP/1.1\r\nHost: a\r\n\r\n')
  const before = await client.readMessage()
  assert.match(before.head, /^HTTP\/1\.1 200 /)
  assert.equal(before.body.toString(), 'OK')
  client.write('HEAD /ping HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.match(
    (await client.readMessage({ bodiless: true })).head,
    /^HTTP\/1\.1 200 .*\r\nContent-Length: 2$/s,
  )
  engine.plane.announceStop()
  client.write('GET /ping HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.match((await client.readMessage()).head, /^HTTP\/1\.1 503 .*Tidegate-Why: SD/s)
})
