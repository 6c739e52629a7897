import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineBefore } from '../support/engine.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

test('100 pipelined requests are answered in order, one at a time at the endpoint', async () => {
  let atOnce = 0
  let most = 0
  await using upstream = await RawUpstream.start(async (peer) => {
    for (;;) {
      const { head } = await peer.readMessage()
      most = Math.max(most, ++atOnce)
      await new Promise((resolve) => setImmediate(resolve))
      atOnce--
      const path = head.split(' ')[1]!
      peer.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`)
    }
  })
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  const paths = Array.from({ length: 100 }, (_, i) => `/${i}`)
  client.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''))
  for (const path of paths) assert.equal((await client.readMessage()).body.toString(), path)
  assert.equal(most, 1)
  assert.equal(upstream.connections.length, 1)
})

test('requests with bodies can be pipelined', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    for (;;) {
      const { body } = await peer.readMessage()
      peer.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body.toString()}`)
    }
  })
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.write(
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none' +
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n' +
      '\r\nPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nthree',
  )
  for (const body of ['one', 'two', 'three']) assert.equal((await client.readMessage()).body.toString(), body)
})

test('requests behind one that hangs are not read without bound', async () => {
  await using upstream = await RawUpstream.start(() => {})
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  const flood = Buffer.alloc(32 * 1024 * 1024, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  let taken = false
  client.socket.write(flood, () => (taken = true))
  await upstream.connection(0)
  // What the proxy does not take fills the buffers of the system, and then stays with the client.
  await until('the flood to stop', () => client.socket.writableLength > 0 && stoodStill(client.socket))
  assert.equal(taken, false)
  assert.equal(engine.inFlight, 1)
})

/** Whoever pipelines and does not read must not have answers piled up for him: neither the endpoint's nor our own. */
for (const [name, path] of [
  ['an endpoint', '/'],
  ['the proxy itself', '/none'],
] as const) {
  test(`answers of ${name} do not pile up for a client that does not read`, async () => {
    const body = 'x'.repeat(8_000)
    let answered = 0
    await using upstream = await RawUpstream.start(async (peer) => {
      for (;;) {
        await peer.readMessage()
        answered++
        peer.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
      }
    })
    await using engine = await engineBefore([upstream], { routers: { all: { rule: 'Path(`/`)' } } })
    await using client = await engine.connect()
    client.pause()
    const request = `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
    const count = path === '/' ? 4_000 : 100_000
    client.socket.write(request.repeat(count))
    await until(
      'the answers to stop',
      () => answered + engine.finished.length > 0 && settled(() => engine.finished.length),
    )
    assert.ok(
      engine.finished.length < count,
      `${engine.finished.length} of ${count} requests were answered unread`,
    )
    client.resume()
    await until('all answers', () => engine.finished.length === count)
    const last =
      path === '/'
        ? count * (body.length + 'HTTP/1.1 200 OK\r\nContent-Length: 8000\r\n\r\n'.length)
        : client.length
    await client.received(last)
    assert.equal(engine.stats.connections, 1)
  })
}

const seen = new WeakMap<object, { value: number; times: number }>()

/** Whether a number has not changed over twenty looks. */
function settled(read: () => number, key: object = settled): boolean {
  const value = read()
  const before = seen.get(key)
  const times = before?.value === value ? before.times + 1 : 0
  seen.set(key, { value, times })
  return times >= 20
}

function stoodStill(socket: { writableLength: number }): boolean {
  return settled(() => socket.writableLength, socket)
}
