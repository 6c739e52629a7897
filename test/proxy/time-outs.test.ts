import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as patience } from 'node:timers/promises'
import { engineBefore } from '../support/engine.ts'
import { ok, RawUpstream } from '../support/raw-upstream.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

/** Deadlines are looked at every tenth of a second, so nothing ends earlier than said or much later. */
function about(milliseconds: number, begun: number): void {
  const took = performance.now() - begun
  assert.ok(took >= milliseconds - 110 && took < milliseconds + 700, `${took} ms instead of ${milliseconds}`)
}

test('a client that says nothing is closed without a word', async () => {
  await using engine = await engineBefore([], { limits: { headersTimeout: 300 } })
  const begun = performance.now()
  assert.deepEqual(await engine.sendToEnd(''), { text: '', ending: 'end' })
  about(300, begun)
})

test('a head that does not come to its end: 408', async () => {
  await using engine = await engineBefore([], { limits: { headersTimeout: 300 } })
  const begun = performance.now()
  const { text, ending } = await engine.sendToEnd('GET / HTTP/1.1\r\nHost')
  assert.match(text, /^HTTP\/1\.1 408 .*Tidegate-Why: RT/s)
  assert.equal(ending, 'end')
  about(300, begun)
})

test('a head that drips is not given more time by each drop', async () => {
  await using engine = await engineBefore([], { limits: { headersTimeout: 400 } })
  await using client = await engine.connect()
  const begun = performance.now()
  client.write('GET / HTTP/1.1\r\n')
  const drip = setInterval(() => client.socket.writable && client.write('X: y\r\n'), 30)
  const { text } = await client.readToEnd().finally(() => clearInterval(drip))
  assert.match(text, /^HTTP\/1\.1 408 /)
  about(400, begun)
})

test('a second head has its own time', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream], {
    limits: { headersTimeout: 300, idleTimeout: 60_000 },
  })
  await using client = await engine.connect()
  await client.write(GET).readMessage()
  const begun = performance.now()
  client.write('GET / HTTP')
  assert.match((await client.readToEnd()).text, /^HTTP\/1\.1 408 /)
  about(300, begun)
})

test('a body that does not come to its end: 408, and the endpoint sees no whole request', async () => {
  await using upstream = await RawUpstream.start(() => {})
  await using engine = await engineBefore([upstream], { limits: { readTimeout: 300 } })
  const begun = performance.now()
  const { text } = await engine.sendToEnd('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc')
  assert.match(text, /^HTTP\/1\.1 408 .*Tidegate-Why: RT/s)
  about(300, begun)
  await upstream.connections[0]!.ended()
  assert.equal(engine.inFlight, 0)
})

test('a request that has come whole may take its time', async () => {
  await using upstream = await RawUpstream.start(() => {})
  await using engine = await engineBefore([upstream], { limits: { readTimeout: 100, idleTimeout: 100 } })
  await using client = await engine.connect()
  const begun = performance.now()
  client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc')
  const peer = await upstream.connection(0)
  await patience(500)
  peer.write(ok())
  assert.match((await client.readMessage()).head, / 200 /)
  assert.ok(performance.now() - begun >= 490)
})

test('an idle connection is closed without a word', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream], { limits: { idleTimeout: 300 } })
  await using client = await engine.connect()
  for (let i = 0; i < 2; i++) await client.write(GET).readMessage()
  const begun = performance.now()
  assert.deepEqual(await client.readToEnd(), { text: '', ending: 'end' })
  about(300, begun)
})

test('an answer that is not taken in time is reset', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write(`HTTP/1.1 200 OK\r\nContent-Length: 32000000\r\n\r\n`).write(Buffer.alloc(32_000_000))
  })
  await using engine = await engineBefore([upstream], { limits: { writeTimeout: 300 } })
  await using client = await engine.connect()
  client.pause()
  client.write(GET)
  const peer = await upstream.connection(0)
  await peer.ended()
  client.resume()
  assert.equal((await client.readToEnd()).ending, 'reset')
  assert.equal(engine.inFlight, 0)
})

test('the end of an answer that is not taken in time is reset, too', async () => {
  // So long that all of it fits what the proxy and the system hold for the client, and not what the system alone holds.
  const body = Buffer.alloc(6_000_000)
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write('HTTP/1.1 200 OK\r\n\r\n').write(body).end()
  })
  await using engine = await engineBefore([upstream], { limits: { writeTimeout: 300 } })
  await using client = await engine.connect()
  client.pause()
  client.write('GET / HTTP/1.0\r\nHost: a\r\n\r\n')
  await (await upstream.connection(0)).ended()
  client.resume()
  const { text, ending } = await client.readToEnd()
  // Either it left whole, or the client sees that it did not.
  if (ending === 'end') assert.equal(text.length - text.indexOf('\r\n\r\n') - 4, body.length)
})

test('a slow upload on a kept connection is not cut by the time that the connection may idle', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    for (;;) {
      const { body } = await peer.readMessage()
      // Less a second for safety, the connection may idle for a second.
      peer.write(ok(String(body.length), 'Keep-Alive: timeout=2\r\n'))
    }
  })
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  await client.write(GET).readMessage()
  client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc')
  await patience(1_300)
  client.write('def')
  assert.equal((await client.readMessage()).body.toString(), '6')
  assert.equal(upstream.connections.length, 1)
})
