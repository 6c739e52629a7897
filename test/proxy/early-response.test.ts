import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineBefore } from '../support/engine.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

const MEGABYTE = Buffer.alloc(1024 * 1024, 'x')
const REFUSAL = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig'

/** What the endpoint does behind its early answer. */
const FATES = ['keeps reading', 'reads nothing more', 'closes', 'resets'] as const
for (const fate of FATES) {
  test(`a final answer while the body is still coming is relayed at once; the endpoint ${fate}`, async () => {
    await using upstream = await RawUpstream.start(async (peer, index) => {
      await peer.readUntil('\r\n\r\n')
      if (index > 0) {
        peer.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
        return
      }
      await peer.read(1_000)
      await peer.send(Buffer.from(REFUSAL))
      if (fate === 'reads nothing more') peer.pause()
      else if (fate === 'closes') peer.end()
      else if (fate === 'resets') setImmediate(() => setImmediate(() => peer.reset()))
    })
    await using engine = await engineBefore([upstream])
    await using client = await engine.connect()
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10485760\r\n\r\n')
    for (let i = 0; i < 10; i++) client.write(MEGABYTE)
    const { head, body } = await client.readMessage()
    assert.match(head, /^HTTP\/1\.1 413 .*Connection: close$/s)
    assert.equal(body.toString(), 'big')
    assert.equal(await client.ended(), 'end')
    assert.equal(engine.inFlight, 0)
    upstream.connections[0]!.resume()
    await upstream.connections[0]!.ended()
    // The rest of the body must not be taken for another request on that connection.
    await engine.sendToEnd('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    assert.equal(upstream.connections.length, 2)
    assert.ok(upstream.connections[0]!.length < 10_000_000)
  })
}

test('an early answer of the proxy’s own: the body is neither sent on nor read to its end', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream], { routers: { all: { rule: 'Path(`/`)' } } })
  await using client = await engine.connect()
  client.write('POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 10485760\r\n\r\n')
  for (let i = 0; i < 10; i++) client.write(MEGABYTE)
  assert.match((await client.readMessage()).head, /^HTTP\/1\.1 404 .*Connection: close$/s)
  assert.equal(await client.ended(), 'end')
  assert.equal(upstream.connections.length, 0)
  assert.ok(client.socket.writableLength > 0, 'the rest stays with the client')
})

test('a short body that nobody wants does not reset its answer away', async () => {
  await using engine = await engineBefore([])
  for (let i = 0; i < 20; i++) {
    await using client = await engine.connect()
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\n\r\n')
    await client.readUntil('no available server')
    client.write('x'.repeat(10_000)).write('x'.repeat(20_000))
    assert.deepEqual(await client.readToEnd(), { text: '', ending: 'end' })
    client.end()
    await until('the connection to be closed', () => client.socket.closed)
    assert.equal(client.socket.errored, null)
  }
})

test('a body that came whole with its head leaves the connection open, wanted or not', async () => {
  await using engine = await engineBefore([])
  await using client = await engine.connect()
  for (let i = 0; i < 3; i++) {
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc')
    const { head } = await client.readMessage()
    assert.match(head, /^HTTP\/1\.1 503 /)
    assert.doesNotMatch(head, /Connection: close/)
  }
})

test('both bodies can flow at the same time', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readUntil('\r\n\r\n')
    peer.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    for (let i = 0; i < 3; i++) {
      await peer.readUntil('1\r\n')
      peer.write(`1\r\n${await peer.readUntil('\r\n')}`)
    }
    await peer.readUntil('0\r\n\r\n')
    peer.write('0\r\n\r\n')
  })
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
  await client.readUntil('\r\n\r\n')
  for (const one of ['a', 'b', 'c']) {
    client.write(`1\r\n${one}\r\n`)
    assert.equal(await client.readUntil(`1\r\n${one}\r\n`), `1\r\n${one}\r\n`)
  }
  client.write('0\r\n\r\n')
  assert.equal(await client.readUntil('0\r\n\r\n'), '0\r\n\r\n')
})
