import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineBefore, ownFields } from '../support/engine.ts'
import { answering, ok, RawUpstream } from '../support/raw-upstream.ts'

const POST = 'POST / HTTP/1.1\r\nHost: a\r\n'
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

/** How requests are framed anew: what the client sends behind its head, and what the endpoint gets behind ours. */
const UP: readonly (readonly [name: string, sent: string, got: string])[] = [
  ['no body', '\r\n', 'Content-Length: 0\r\n\r\n'],
  ['an empty body', 'Content-Length: 0\r\n\r\n', 'Content-Length: 0\r\n\r\n'],
  ['a counted body', 'Content-Length: 3\r\n\r\nabc', 'Content-Length: 3\r\n\r\nabc'],
  [
    'a chunked body',
    'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  ],
  [
    'an empty chunked body',
    'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  [
    'trailers',
    'Trailer: Sum\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nSum: 1\r\nHost: b\r\n\r\n',
    'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nSum: 1\r\n\r\n',
  ],
]
for (const [name, sent, got] of UP) {
  test(`request with ${name}, in one piece and byte by byte`, async () => {
    await using upstream = await RawUpstream.start()
    await using engine = await engineBefore([upstream])
    await using client = await engine.connect()
    client.write(POST + sent)
    assert.match((await client.readMessage()).head, /^HTTP\/1\.1 200 /)
    assert.equal(upstream.text, `${POST}${ownFields('a')}${got}`)
    await client.dribble(POST + sent)
    assert.match((await client.readMessage()).head, /^HTTP\/1\.1 200 /)
    const { head, body, trailers } = await messageOf(upstream)
    assert.equal(head, `${POST}${ownFields('a')}${got}`.split('\r\n\r\n')[0])
    assert.equal(body, got.includes('abc') ? 'abc' : '')
    assert.equal(trailers, name === 'trailers' ? 'Sum: 1\r\n' : '')
  })
}

/** The second request, its chunks put together. */
async function messageOf(upstream: RawUpstream): Promise<{ head: string; body: string; trailers: string }> {
  const second = upstream.text.slice(upstream.text.indexOf('POST', 4))
  const [head = '', ...rest] = second.split('\r\n\r\n')
  if (!/chunked/.test(head)) return { head, body: rest.join('\r\n\r\n'), trailers: '' }
  const [chunks = '', trailers = ''] = `\r\n${rest.join('\r\n\r\n')}`.split('\r\n0\r\n')
  const body = chunks.replaceAll(/\r\n[0-9a-f]+\r\n/g, '')
  return { head, body, trailers: trailers === '\r\n' ? '' : `${trailers}\r\n`.replace(/(\r\n)+$/, '\r\n') }
}

/** How answers are framed anew: `TE: trailers` asks for trailers. */
const DOWN: readonly (readonly [name: string, fields: string, sent: string, got: string])[] = [
  ['no body', '', 'Content-Length: 0\r\n\r\n', 'Content-Length: 0\r\n\r\n'],
  ['a counted body', '', 'Content-Length: 3\r\n\r\nabc', 'Content-Length: 3\r\n\r\nabc'],
  [
    'a chunked body',
    '',
    'Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n',
    'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  ],
  [
    'trailers that nobody asked for',
    '',
    'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nSum: 1\r\n\r\n',
    'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  ],
  [
    'trailers that the client takes',
    'TE: trailers\r\n',
    'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nSum: 1\r\nSet-Cookie: a\r\n\r\n',
    'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nSum: 1\r\n\r\n',
  ],
  [
    'a body that ends with the connection',
    '',
    '\r\nabc',
    'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  ],
]
for (const [name, fields, sent, got] of DOWN) {
  for (const pace of ['in one piece', 'byte by byte'] as const) {
    test(`response with ${name}, ${pace}`, async () => {
      await using upstream = await RawUpstream.start(async (peer) => {
        await peer.readMessage()
        const answer = `HTTP/1.1 200 OK\r\nX: y\r\n${sent}`
        if (pace === 'byte by byte') await peer.dribble(answer)
        else peer.write(answer)
        if (sent.startsWith('\r\n')) peer.end()
      })
      await using engine = await engineBefore([upstream])
      await using client = await engine.connect()
      client.write(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`)
      const { head, body, trailers } = await client.readMessage()
      assert.equal(head, `HTTP/1.1 200 OK\r\nX: y\r\n${got.split('\r\n\r\n')[0]}`)
      assert.equal(body.toString(), got.includes('abc') ? 'abc' : '')
      assert.equal(trailers, got.includes('Sum') ? 'Sum: 1\r\n' : '')
      assert.equal(upstream.text.includes('Connection: TE\r\nTE: trailers\r\n'), fields !== '')
    })
  }
}

test('head and small body leave in one piece', async () => {
  await using upstream = await RawUpstream.start(answering(ok('x'.repeat(1_000))))
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  const pieces: number[] = []
  client.socket.on('data', (chunk: Buffer) => pieces.push(chunk.length))
  await client.write(GET).readMessage()
  assert.equal(pieces.length, 1)
})

/** Each is sent as an expectation of 100-continue. */
const CONTINUE: readonly (readonly [name: string, wanted: boolean, version: string, status: number])[] = [
  ['a body that the endpoint gets', true, '1.1', 200],
  ['a body that nobody wants', false, '1.1', 404],
  ['an expectation in HTTP/1.0', false, '1.0', 200],
]
for (const [name, wanted, version, status] of CONTINUE) {
  test(`100-continue: ${name}`, async () => {
    await using upstream = await RawUpstream.start()
    await using engine = await engineBefore([upstream], { routers: { all: { rule: 'Path(`/`)' } } })
    await using client = await engine.connect()
    const path = status === 404 ? '/none' : '/'
    client.write(
      `POST ${path} HTTP/${version}\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n`,
    )
    if (wanted) assert.equal(await client.readUntil('\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n')
    if (status === 200) client.write('abc')
    const { head } = await client.readMessage()
    assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} `))
    if (status === 200)
      assert.equal(
        upstream.text,
        `${POST}${ownFields('a')}Content-Length: 3\r\n\r\nabc`,
        'the expectation is ours',
      )
    else {
      assert.match(
        head,
        /Connection: close/,
        'the body may or may not follow: nobody could tell where the next begins',
      )
      assert.equal(await client.ended(), 'end')
      assert.equal(upstream.connections.length, 0)
    }
  })
}

test('100-continue is not asked for when no endpoint can be reached', async () => {
  await using engine = await engineBefore([])
  const { text } = await engine.sendToEnd(`${POST}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n`)
  assert.match(text, /^HTTP\/1\.1 503 /)
})

const BODILESS: readonly (readonly [
  name: string,
  method: string,
  answer: string,
  head: string,
  reused: boolean,
])[] = [
  [
    'HEAD',
    'HEAD',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5',
    true,
  ],
  [
    'HEAD of a chunked answer',
    'HEAD',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    'HTTP/1.1 200 OK',
    true,
  ],
  ['HEAD with a body', 'HEAD', ok('hello'), 'HTTP/1.1 200 OK\r\nContent-Length: 5', false],
  ['204', 'GET', 'HTTP/1.1 204 No Content\r\n\r\n', 'HTTP/1.1 204 No Content', true],
  [
    '204 with a length',
    'GET',
    'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n',
    'HTTP/1.1 204 No Content',
    true,
  ],
  [
    '204 with a body',
    'GET',
    'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello',
    'HTTP/1.1 204 No Content',
    false,
  ],
  [
    '204 with chunks',
    'GET',
    'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 204 No Content',
    false,
  ],
  [
    '304',
    'GET',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 5',
    true,
  ],
  [
    '304 with a body',
    'GET',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 5',
    false,
  ],
]
for (const [name, method, answer, head, reused] of BODILESS) {
  test(`no body: ${name}`, async () => {
    await using upstream = await RawUpstream.start(answering(answer))
    await using engine = await engineBefore([upstream])
    await using client = await engine.connect()
    for (let i = 0; i < 2; i++) {
      client.write(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`)
      assert.equal((await client.readMessage({ bodiless: true })).head, head)
    }
    assert.equal(upstream.connections.length, reused ? 1 : 2)
    client.write('GET /none HTTP/0.9\r\n\r\n')
    assert.match((await client.readToEnd()).text, /^HTTP\/1\.1 505 /, 'not a byte lies between the answers')
  })
}

test('HEAD of an answer of our own says how long it would be', async () => {
  await using engine = await engineBefore([])
  await using client = await engine.connect()
  client.write('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n')
  const { head } = await client.readMessage({ bodiless: true })
  assert.match(head, /^HTTP\/1\.1 503 .*\r\nContent-Length: 19$/s)
  client.write(GET)
  assert.equal((await client.readMessage()).body.toString(), 'no available server')
})

for (const size of [1, 256, 511, 512, 513, 5_000]) {
  test(`an answer of ${size} bytes of every value arrives as it was sent, and so does the next one`, async () => {
    const bytes = Buffer.from(Array.from({ length: size }, (_, at) => at & 255))
    const answer = Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`), bytes])
    await using upstream = await RawUpstream.start(async (peer) => {
      for (;;) {
        await peer.readMessage()
        await peer.send(answer)
      }
    })
    await using engine = await engineBefore([upstream])
    await using client = await engine.connect()
    for (let round = 0; round < 2; round++) {
      client.write(GET)
      assert.deepEqual((await client.readMessage()).body, bytes)
    }
    assert.equal(upstream.connections.length, 1, 'its connection is used again')
  })
}
