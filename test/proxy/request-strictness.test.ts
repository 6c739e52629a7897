import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineBefore, ownFields } from '../support/engine.ts'
import { RawUpstream } from '../support/raw-upstream.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n'
const POST = 'POST / HTTP/1.1\r\nHost: a\r\n'
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'

type Row = readonly [name: string, bytes: string, status: number, why: string]

/** Refused whole: the client gets one answer and the end, the upstream not a byte. */
const REFUSED: readonly Row[] = [
  // Framing (RFC 9112 §6).
  [
    'Content-Length and Transfer-Encoding',
    `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
    'BR',
  ],
  [
    'Transfer-Encoding and Content-Length',
    `${POST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
    400,
    'BR',
  ],
  ...[
    'Content-Length: 3\r\nContent-Length: 3',
    'Content-Length: 3\r\nContent-Length: 4',
    'Content-Length: 3, 3',
    'Content-Length: +3',
    'Content-Length: -3',
    'Content-Length:',
    'Content-Length:  ',
    'Content-Length: 0x3',
    'Content-Length: 3 3',
    'Content-Length: 3;',
    'Content-Length: 3.0',
    'Content-Length: 1e1',
    'Content-Length: ٣',
    'Content-Length: 9999999999999999',
    'Content-Length: 18446744073709551619',
  ].map((field): Row => [field, `${POST}${field}\r\n\r\nabc${SMUGGLED}`, 400, 'BR']),
  ...[
    'gzip',
    'gzip, chunked',
    'chunked, gzip',
    'chunked, chunked',
    'identity',
    'xchunked',
    '"chunked"',
    '',
  ].map((coding): Row => [
    `Transfer-Encoding: ${coding}`,
    `${POST}Transfer-Encoding: ${coding}\r\n\r\n0\r\n\r\n`,
    501,
    'TE',
  ]),
  [
    'Transfer-Encoding twice',
    `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
    'BR',
  ],
  [
    'Transfer-Encoding behind a vertical tab',
    `${POST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`,
    400,
    'BR',
  ],
  [
    'Transfer-Encoding in HTTP/1.0',
    'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
    'BR',
  ],
  // Field lines (RFC 9112 §5).
  ['a folded line', `${GET}X: a\r\n b\r\n\r\n`, 400, 'BR'],
  ['a folded Transfer-Encoding', `${POST}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`, 501, 'TE'],
  ['a fold before the first field', 'GET / HTTP/1.1\r\n Host: a\r\n\r\n', 400, 'BR'],
  ['a bare CR in a value', `${GET}X: a\rb\r\n\r\n`, 400, 'BR'],
  ['a bare LF in a value', `${GET}X: a\nY: b\r\n\r\n`, 400, 'BR'],
  ['a bare CR behind a name', `${GET}X\r: a\r\n\r\n`, 400, 'BR'],
  ['NUL in a value', `${GET}X: a\0b\r\n\r\n`, 400, 'BR'],
  ['a control byte in a value', `${GET}X: a\x01b\r\n\r\n`, 400, 'BR'],
  ['DEL in a value', `${GET}X: a\x7fb\r\n\r\n`, 400, 'BR'],
  ['no name', `${GET}: a\r\n\r\n`, 400, 'BR'],
  ['a space before the colon', `${GET}X : a\r\n\r\n`, 400, 'BR'],
  ['a tab before the colon', `${POST}Content-Length\t: 3\r\n\r\nabc`, 400, 'BR'],
  ['no colon', `${GET}X\r\n\r\n`, 400, 'BR'],
  ['a name that is no token', `${GET}X@: a\r\n\r\n`, 400, 'BR'],
  ['a name of other letters', `${GET}\xc3\xa9: a\r\n\r\n`, 400, 'BR'],
  ['a name with a parenthesis', `${GET}X(: a\r\n\r\n`, 400, 'BR'],
  // Lines that end in LF alone: nothing would ever end such a head.
  ['line feeds alone', 'GET / HTTP/1.1\nHost: a\n\n', 400, 'BR'],
  ['a line feed behind the request line', 'GET / HTTP/1.1\nHost: a\r\n\r\n', 400, 'BR'],
  ['a line feed as the last line', `${GET}X: a\r\n\n`, 400, 'BR'],
  ['a CR alone behind the request line', 'GET / HTTP/1.1\rHost: a\r\n\r\n', 400, 'BR'],
  // Request line (RFC 9112 §3).
  ['HTTP/0.9', 'GET /\r\n', 400, 'BR'],
  ['HTTP/0.9 with an empty line', 'GET /\r\n\r\n', 400, 'BR'],
  ['version 0.9', 'GET / HTTP/0.9\r\nHost: a\r\n\r\n', 505, 'VN'],
  ['version 1.2', 'GET / HTTP/1.2\r\nHost: a\r\n\r\n', 505, 'VN'],
  ['version 2.0', 'GET / HTTP/2.0\r\nHost: a\r\n\r\n', 505, 'VN'],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505, 'VN'],
  ['a version in lower case', 'GET / http/1.1\r\nHost: a\r\n\r\n', 400, 'BR'],
  ['a version of one number', 'GET / HTTP/1\r\nHost: a\r\n\r\n', 400, 'BR'],
  ['a version of many digits', 'GET / HTTP/1.10\r\nHost: a\r\n\r\n', 400, 'BR'],
  ['a word behind the version', 'GET / HTTP/1.1 x\r\nHost: a\r\n\r\n', 400, 'BR'],
  ['two spaces before the target', 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'BR'],
  ['two spaces behind the target', 'GET /  HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'BR'],
  ['a tab behind the method', 'GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'BR'],
  ['a space before the method', ' GET / HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'BR'],
  ['no method', '/ HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'BR'],
  ['a method that is no token', 'G(T / HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'BR'],
  ['two empty lines in front', '\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'BR'],
  ['a TLS client hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400, 'BR'],
  // Connection (RFC 9110 §7.6.1): what frames or routes a message is nobody's to have dropped.
  ['Connection names Host', `${GET}Connection: close, Host\r\n\r\n`, 400, 'BR'],
  [
    'Connection names Content-Length',
    `${POST}Content-Length: 3\r\nConnection: Content-Length\r\n\r\nabc`,
    400,
    'BR',
  ],
  [
    'Connection names Transfer-Encoding',
    `${POST}Transfer-Encoding: chunked\r\nConnection: transfer-encoding\r\n\r\n0\r\n\r\n`,
    400,
    'BR',
  ],
  // Expectations (RFC 9110 §10.1.1).
  ['an unknown expectation', `${POST}Expect: a-miracle\r\nContent-Length: 3\r\n\r\n`, 417, 'EX'],
  [
    'an unknown expectation besides a known one',
    `${POST}Expect: a-miracle\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n`,
    417,
    'EX',
  ],
]
for (const [name, bytes, status, why] of REFUSED) {
  test(`refused: ${name}`, async () => {
    await using upstream = await RawUpstream.start()
    await using engine = await engineBefore([upstream])
    const { text, ending } = await engine.sendToEnd(bytes)
    const [head = '', ...rest] = text.split('\r\n\r\n')
    assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} `))
    assert.match(head, new RegExp(`\r\nTidegate-Why: ${why}\r\n`))
    assert.match(head, /\r\nConnection: close$/)
    assert.equal(rest.length, 1, 'exactly one answer')
    assert.equal(ending, 'end')
    assert.equal(engine.stats.why[why], 1)
    assert.equal(upstream.connections.length, 0)
  })
}

/** Malformed behind a good head: what came before the fault may have been sent on, but nothing behind it is a request. */
const CHUNKS: readonly (readonly [name: string, body: string, behind?: string])[] = [
  ['a size that is no number', 'x\r\n'],
  ['an empty size', '\r\nabc\r\n0\r\n\r\n'],
  ['0x', '0x3\r\nabc\r\n0\r\n\r\n'],
  ['a sign', '+3\r\nabc\r\n0\r\n\r\n'],
  ['a space before the size', ' 3\r\nabc\r\n0\r\n\r\n'],
  ['a space behind the size', '3 \r\nabc\r\n0\r\n\r\n'],
  ['an underscore', '1_0\r\nabcdefghijklmnop\r\n0\r\n\r\n'],
  ['a size beyond 64 bits', '10000000000000003\r\nabc\r\n0\r\n\r\n'],
  ['LF behind the size', '3\nabc\r\n0\r\n\r\n'],
  ['CR alone behind the size', '3\rabc\r\n0\r\n\r\n'],
  ['no line end behind the data', '3\r\nabc0\r\n\r\n'],
  ['LF behind the data', '3\r\nabc\n0\r\n\r\n'],
  ['a chunk that is longer than its size', '2\r\nabc\r\n0\r\n\r\n'],
  ['LF in an extension', '3;a=b\nabc\r\n0\r\n\r\n'],
  ['a line end in a quoted extension', '3;a="\r\n"\r\nabc\r\n0\r\n\r\n'],
  ['NUL in an extension', '3;a\0\r\nabc\r\n0\r\n\r\n'],
  ['20 kB of extensions', `3;${'a'.repeat(20_000)}\r\nabc\r\n0\r\n\r\n`],
  ['20 kB of extensions on many chunks', `${`1;${'a'.repeat(99)}\r\nx\r\n`.repeat(200)}0\r\n\r\n`],
  ['LF behind the last chunk', '3\r\nabc\r\n0\r\n\n'],
  ['LF as the only line end of a trailer section', '3\r\nabc\r\n0\r\nX: a\n', ''],
  ['LF behind a trailer', '3\r\nabc\r\n0\r\nX: a\n\n'],
  ['a trailer that is no field', '3\r\nabc\r\n0\r\nX a\r\n\r\n'],
  ['a folded trailer', '3\r\nabc\r\n0\r\nX: a\r\n b\r\n\r\n'],
  ['Content-Length as a trailer', '3\r\nabc\r\n0\r\nContent-Length: 3\r\n\r\n'],
  ['Transfer-Encoding as a trailer', '3\r\nabc\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['20 kB of trailers', `3\r\nabc\r\n0\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`],
]
for (const [name, body, behind = SMUGGLED] of CHUNKS) {
  for (const way of ['with its head', 'behind its head'] as const) {
    test(`a chunked body with ${name}, ${way}, is refused`, async () => {
      await using upstream = await RawUpstream.start(() => {})
      await using engine = await engineBefore([upstream])
      await using client = await engine.connect()
      const head = `${POST}Transfer-Encoding: chunked\r\n\r\n`
      if (way === 'with its head') client.write(head + body + behind)
      else {
        client.write(head)
        await (await upstream.connection(0)).readUntil('\r\n\r\n')
        client.write(body + behind)
      }
      const { text, ending } = await client.readToEnd()
      assert.match(text, /^HTTP\/1\.1 400 /)
      assert.equal(text.split('HTTP/1.1').length, 2, 'exactly one answer')
      assert.equal(ending, 'end')
      assert.equal(engine.inFlight, 0)
      if (way === 'with its head') assert.equal(upstream.connections.length, 0)
      else {
        await (await upstream.connection(0)).ended()
        assert.doesNotMatch(upstream.text, /smuggled/)
        assert.doesNotMatch(upstream.text, /\r\n0\r\n/, 'the endpoint never sees a complete body')
        assert.equal(upstream.connections.length, 1)
      }
    })
  }
}

/** Unusual and yet allowed: what the upstream gets for it. */
const ACCEPTED: readonly (readonly [name: string, bytes: string, forwarded: string])[] = [
  ['an empty line in front', `\r\n${GET}\r\n`, `${GET}${ownFields('a')}\r\n`],
  [
    'a method of one’s own',
    'M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n',
    `M-SEARCH / HTTP/1.1\r\nHost: a\r\n${ownFields('a')}\r\n`,
  ],
  ['an empty value', `${GET}X:\r\n\r\n`, `${GET}X: \r\n${ownFields('a')}\r\n`],
  ['blanks around a value', `${GET}X: \t a b\t \r\n\r\n`, `${GET}X: a b\r\n${ownFields('a')}\r\n`],
  [
    'bytes beyond ASCII in a value',
    `${GET}X: \xe9\xff\r\n\r\n`,
    `${GET}X: \xe9\xff\r\n${ownFields('a')}\r\n`,
  ],
  ['the name __proto__', `${GET}__proto__: a\r\n\r\n`, `${GET}__proto__: a\r\n${ownFields('a')}\r\n`],
  ['the same name twice', `${GET}X: 1\r\nx: 2\r\n\r\n`, `${GET}X: 1\r\nx: 2\r\n${ownFields('a')}\r\n`],
  ['Content-Length: 0', `${GET}Content-Length: 0\r\n\r\n`, `${GET}${ownFields('a')}\r\n`],
  [
    'Content-Length with zeros in front',
    `${POST}Content-Length: 0003\r\n\r\nabc`,
    `${POST}${ownFields('a')}Content-Length: 3\r\n\r\nabc`,
  ],
  [
    'Transfer-Encoding in capitals',
    `${POST}TRANSFER-ENCODING: CHUNKED\r\n\r\n03\r\nabc\r\n000\r\n\r\n`,
    `${POST}${ownFields('a')}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  ],
  [
    'a chunk extension',
    `${POST}Transfer-Encoding: chunked\r\n\r\n3;a=b;c="d"\r\nabc\r\n0;e\r\n\r\n`,
    `${POST}${ownFields('a')}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  ],
  [
    'a query of anything',
    'GET /?a=%zz&b=[{|}]"<>^` HTTP/1.1\r\nHost: a\r\n\r\n',
    `GET /?a=%zz&b=[{|}]"<>^\` HTTP/1.1\r\nHost: a\r\n${ownFields('a')}\r\n`,
  ],
]
for (const [name, bytes, forwarded] of ACCEPTED) {
  test(`accepted: ${name}`, async () => {
    await using upstream = await RawUpstream.start()
    await using engine = await engineBefore([upstream])
    await using client = await engine.connect()
    client.write(bytes)
    assert.match((await client.readMessage()).head, /^HTTP\/1\.1 200 /)
    assert.equal(upstream.text, forwarded)
    client.write(`${GET}\r\n`)
    assert.match((await client.readMessage()).head, /^HTTP\/1\.1 200 /, 'the connection goes on')
    assert.equal(upstream.connections.length, 1)
  })
}

test('what follows `Connection: close` is not answered', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream])
  const { text, ending } = await engine.sendToEnd(`${GET}Connection: close\r\n\r\n${SMUGGLED}`)
  assert.equal(text, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
  assert.equal(ending, 'end')
  assert.equal(upstream.text, `${GET}${ownFields('a')}\r\n`)
})

const ofLength = (length: number): string =>
  `${GET}X: ${'a'.repeat(length - GET.length - 'X: \r\n\r\n'.length)}\r\n\r\n`
const LIMITS: readonly (readonly [name: string, bytes: string, status: number])[] = [
  ['a head of 4,096 bytes', ofLength(4_096), 200],
  ['a head of 4,101 bytes', ofLength(4_101), 431],
  ['a head that never ends', `${GET}X: ${'a'.repeat(10_000)}`, 431],
  ['a target of 1,024 bytes', `GET /${'a'.repeat(1_023)} HTTP/1.1\r\nHost: a\r\n\r\n`, 200],
  ['a target of 1,025 bytes', `GET /${'a'.repeat(1_024)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
  ['a target that never ends', `GET /${'a'.repeat(10_000)}`, 414],
  ['256 fields', `${GET}${'X: a\r\n'.repeat(255)}\r\n`, 200],
  ['257 fields', `${GET}${'X: a\r\n'.repeat(256)}\r\n`, 431],
]
for (const [name, bytes, status] of LIMITS) {
  test(`limits: ${name} → ${status}`, async () => {
    await using upstream = await RawUpstream.start()
    await using engine = await engineBefore([upstream], {
      limits: { maxHeadBytes: 4_096, maxTargetLength: 1_024 },
    })
    await using client = await engine.connect()
    client.write(bytes)
    assert.match((await client.readMessage()).head, new RegExp(`^HTTP/1\\.1 ${status} `))
    assert.equal(upstream.connections.length, status === 200 ? 1 : 0)
    if (status !== 200) assert.equal(await client.ended(), 'end')
  })
}

test('by default a head may have 64 KiB', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.write(ofLength(65_536))
  assert.match((await client.readMessage()).head, /^HTTP\/1\.1 200 /)
  client.write(ofLength(65_545))
  assert.match((await client.readMessage()).head, /^HTTP\/1\.1 431 /)
})
