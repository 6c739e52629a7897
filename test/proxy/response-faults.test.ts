import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineBefore } from '../support/engine.ts'
import { ok, RawUpstream } from '../support/raw-upstream.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const POISON = ok('poison')

/** Answers that are no valid HTTP/1.1: 502, and the connection is never used again. */
const MALFORMED: readonly (readonly [name: string, answer: string])[] = [
  ['both framings', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
  ['two equal lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello'],
  ['a list of lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello'],
  ['a length that is no number', 'HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello'],
  ['an empty length', 'HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello'],
  ['another transfer coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
  ['a transfer coding in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['line feeds alone', 'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello'],
  ['a line feed among the fields', 'HTTP/1.1 200 OK\r\nX: a\nContent-Length: 5\r\n\r\nhello'],
  ['a bare CR', 'HTTP/1.1 200 OK\r\nX: a\rContent-Length: 5\r\n\r\nhello'],
  ['NUL in a value', 'HTTP/1.1 200 OK\r\nX: a\0\r\nContent-Length: 5\r\n\r\nhello'],
  ['a folded line', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 5\r\n\r\nhello'],
  ['a space before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello'],
  ['no colon', 'HTTP/1.1 200 OK\r\nX\r\nContent-Length: 5\r\n\r\nhello'],
  ['another version', 'HTTP/2.0 200 OK\r\nContent-Length: 5\r\n\r\nhello'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 5\r\n\r\nhello'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\nContent-Length: 5\r\n\r\nhello'],
  ['a status below 100', 'HTTP/1.1 099 OK\r\nContent-Length: 5\r\n\r\nhello'],
  ['no status', 'HTTP/1.1 OK\r\nContent-Length: 5\r\n\r\nhello'],
  ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['another protocol without an end', 'RFB 003.008'],
  ['no head at all', 'hello'],
  ['an empty head', '\r\n\r\n'],
  ['a head of more than 64 KiB', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(66_000)}\r\n\r\n`],
  ['a head that never ends', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(200_000)}`],
  ['300 fields', `HTTP/1.1 200 OK\r\n${'X: a\r\n'.repeat(300)}\r\n`],
  [
    'a chunk size that is no number, with its head',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n',
  ],
  [
    'an upgrade that nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  ],
]
for (const [name, answer] of MALFORMED) {
  test(`502: ${name}`, async () => {
    await using upstream = await RawUpstream.start(async (peer, index) => {
      await peer.readMessage()
      peer.write(index === 0 ? answer : ok())
    })
    await using engine = await engineBefore([upstream])
    await using client = await engine.connect()
    const { head, body } = await client.write(GET).readMessage()
    assert.match(head, /^HTTP\/1\.1 502 Bad Gateway\r\n.*Tidegate-Why: UP/s)
    assert.equal(body.toString(), 'Bad Gateway')
    assert.match(
      (await client.write(GET).readMessage()).head,
      /^HTTP\/1\.1 200 /,
      'the client’s connection goes on',
    )
    assert.equal(upstream.connections.length, 2)
    await upstream.connections[0]!.ended()
    assert.equal(engine.inFlight, 0)
  })
}

/** Bodies that break off: the client must not be able to take them for whole. */
const TRUNCATED: readonly (readonly [name: string, answer: string, how: 'end' | 'reset'])[] = [
  ['a counted body that ends early', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel', 'end'],
  ['a counted body that is reset', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel', 'reset'],
  ['a counted body without a byte', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 'end'],
  ['chunks without the last one', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n', 'end'],
  ['a chunk that ends early', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel', 'end'],
  [
    'trailers that end early',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n0\r\nX: y\r\n',
    'end',
  ],
  ['a body up to the end that is reset', 'HTTP/1.1 200 OK\r\n\r\nhel', 'reset'],
]
for (const [name, answer, how] of TRUNCATED) {
  for (const version of ['1.1', '1.0'] as const) {
    test(`truncated, HTTP/${version}: ${name}`, async () => {
      await using upstream = await RawUpstream.start(async (peer) => {
        await peer.readMessage()
        peer.write(answer)
        await peer.readUntil('cut')
      })
      await using engine = await engineBefore([upstream])
      await using client = await engine.connect()
      client.write(`GET / HTTP/${version}\r\nHost: a\r\n\r\n`)
      await client.readUntil('\r\n\r\n')
      if (answer.endsWith('hel')) await client.readUntil('hel')
      if (how === 'end') upstream.connections[0]!.end()
      else upstream.connections[0]!.reset()
      assert.equal((await client.readToEnd()).ending, 'reset')
      assert.doesNotMatch(client.text, /\r\n0\r\n/)
      assert.equal(engine.finished[0]?.why, 'UC')
      assert.equal(engine.inFlight, 0)
    })
  }
}

test('a chunked body that turns malformed behind its head is a reset for the client', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n')
    await peer.readUntil('cut')
  })
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.write(GET)
  await client.readUntil('hel\r\n')
  upstream.connections[0]!.write('x\r\n')
  assert.equal((await client.readToEnd()).ending, 'reset')
})

test('a second answer behind the first is never given to anybody', async () => {
  await using upstream = await RawUpstream.start(async (peer, index) => {
    await peer.readMessage()
    peer.write(index === 0 ? ok('first') + POISON : ok('second'))
  })
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  assert.equal((await client.write(GET).readMessage()).body.toString(), 'first')
  assert.equal((await client.write(GET).readMessage()).body.toString(), 'second')
  assert.equal(upstream.connections.length, 2)
})

test('a second answer that comes while the connection is idle closes it', async () => {
  await using upstream = await RawUpstream.start(async (peer, index) => {
    await peer.readMessage()
    peer.write(ok(String(index)))
  })
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  assert.equal((await client.write(GET).readMessage()).body.toString(), '0')
  upstream.connections[0]!.write(POISON)
  await upstream.connections[0]!.ended()
  assert.equal((await client.write(GET).readMessage()).body.toString(), '1')
})

/** Why-code and number of attempts when the endpoint goes away without a whole answer. */
const GONE: readonly (readonly [
  name: string,
  method: string,
  part: string,
  how: 'end' | 'reset',
  attempts: number,
])[] = [
  ['GET, nothing answered', 'GET', '', 'end', 3],
  ['GET, nothing answered, reset', 'GET', '', 'reset', 3],
  ['POST, nothing answered', 'POST', '', 'end', 1],
  ['POST, nothing answered, reset', 'POST', '', 'reset', 1],
  ['PATCH, nothing answered', 'PATCH', '', 'end', 1],
  ['a method of one’s own, nothing answered', 'BREW', '', 'end', 1],
  ['GET, half a head', 'GET', 'HTTP/1.1 200 OK\r\nX:', 'end', 1],
  ['GET, half a head, reset', 'GET', 'HTTP/1.1 200 OK\r\nX:', 'reset', 1],
  ['GET, an interim answer', 'GET', 'HTTP/1.1 103 Early Hints\r\n\r\n', 'end', 1],
  ['GET, an interim answer, reset', 'GET', 'HTTP/1.1 100 Continue\r\n\r\n', 'reset', 1],
]
for (const [name, method, part, how, attempts] of GONE) {
  test(`answered in part is never sent again: ${name}`, async () => {
    await using upstream = await RawUpstream.start(async (peer) => {
      await peer.readMessage()
      if (part !== '') await peer.send(Buffer.from(part))
      // The part has been taken before the connection goes, so that the reset does not overtake it.
      for (let turn = 0; part !== '' && turn < 10; turn++)
        await new Promise((resolve) => setImmediate(resolve))
      if (how === 'end') peer.end()
      else peer.reset()
    })
    await using engine = await engineBefore([upstream])
    await using client = await engine.connect()
    client.write(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`)
    let { head } = await client.readMessage()
    if (head.startsWith('HTTP/1.1 103')) ({ head } = await client.readMessage())
    assert.match(head, /^HTTP\/1\.1 502 .*Tidegate-Why: UC/s)
    assert.equal(upstream.connections.length, attempts)
    assert.equal(engine.inFlight, 0)
  })
}
