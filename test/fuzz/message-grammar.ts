import fc from 'fast-check'

/** Bytes as latin1 text, in the pieces in which they are sent. */
export interface Stream {
  readonly pieces: readonly string[]
}

const CRLF = '\r\n'

const METHOD = fc.constantFrom(
  'GET',
  'POST',
  'HEAD',
  'PUT',
  'DELETE',
  'OPTIONS',
  'PATCH',
  'M-SEARCH',
  'get',
  'CONNECT',
)
const TARGET = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('/', '/a', '/a/b?c=d', '/%41%2f', '/a;b', '/?', '/a//b/../c', '/a%'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '*',
      'http://a/',
      'http://b/x?y',
      'http://a',
      'HTTP://a:80/z',
      'a:80',
      '/a#b',
      '',
    ),
  },
)
const VERSION = fc.oneof(
  { weight: 12, arbitrary: fc.constant('HTTP/1.1') },
  { weight: 1, arbitrary: fc.constantFrom('HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/0.9', 'http/1.1') },
)
const FIELD = fc.oneof(
  fc.constantFrom(
    'X: y',
    'x:',
    'Accept: */*',
    'Cookie: a=b; c',
    'X-Forwarded-For: 1.1.1.1',
    'X:\t a b \t',
    '_: x',
    'X: \x80\xff',
    'Content_Length: 3',
  ),
  fc.constantFrom(
    'Connection: keep-alive',
    'Connection: close',
    'Connection: X',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Upgrade: h2c',
    'TE: trailers',
    'Trailer: X',
    'Expect: 100-continue',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: close',
    'Host: b',
    'Expect: x',
  ),
)
const LENGTH_FORM = fc.oneof(
  { weight: 8, arbitrary: fc.constant((length: number) => String(length)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<(length: number) => string>(
      (n) => `+${n}`,
      (n) => `0${n}`,
      (n) => ` ${n} `,
      (n) => `${n}, ${n}`,
      (n) => `0x${n}`,
      (n) => String(n + 1),
      (n) => `${n}\t`,
      (n) => `${n} ${n}`,
      () => '',
      () => '-0',
      () => '18446744073709551617',
      (n) => `${n}\v`,
    ),
  },
)
const CODING = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('chunked', 'Chunked', '\tchunked ') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'gzip, chunked',
      'chunked, chunked',
      'xchunked',
      'identity',
      '',
      'chunked;a',
      ',chunked',
      '\vchunked',
    ),
  },
)
const DATA = fc.oneof(
  fc.constantFrom('', 'a', 'abc', '0\r\n\r\n', 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n'),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
)
const SIZE_FORM = fc.oneof(
  { weight: 10, arbitrary: fc.constant((length: number) => length.toString(16)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<(length: number) => string>(
      (n) => n.toString(16).toUpperCase(),
      (n) => `00${n.toString(16)}`,
      (n) => `${n.toString(16)};a=b`,
      (n) => `${n.toString(16)};a="b"`,
      (n) => `0x${n.toString(16)}`,
      (n) => `${n.toString(16)} `,
      (n) => ` ${n.toString(16)}`,
      (n) => (n + 1).toString(16),
      (n) => `+${n.toString(16)}`,
      (n) => `${n.toString(16)};`,
      (n) => `${n.toString(16)}\t;a`,
      (n) => `${n.toString(16)};a\n`,
      (n) => `1000000000000000${n.toString(16)}`,
    ),
  },
)
const TRAILERS = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'X: y\r\n',
      'Content-Length: 3\r\n',
      'X: y\r\n z\r\n',
      'X\r\n',
      'X: y\n',
      'Host: a\r\nHost: b\r\n',
    ),
  },
)

const CHUNKED_BODY = fc
  .tuple(fc.array(fc.tuple(DATA, SIZE_FORM), { maxLength: 3 }), TRAILERS)
  .map(([chunks, trailers]) => {
    const coded = chunks
      .filter(([data]) => data !== '')
      .map(([data, form]) => form(data.length) + CRLF + data + CRLF)
    return `${coded.join('')}0${CRLF}${trailers}${CRLF}`
  })

interface Framed {
  readonly fields: readonly string[]
  readonly body: string
}

const FRAMED: fc.Arbitrary<Framed> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ fields: [], body: '' }) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(DATA, LENGTH_FORM)
      .map(([body, form]) => ({ fields: [`Content-Length: ${form(body.length)}`], body })),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(CHUNKED_BODY, CODING)
      .map(([body, coding]) => ({ fields: [`Transfer-Encoding: ${coding}`], body })),
  },
  {
    weight: 1,
    arbitrary: CHUNKED_BODY.map((body) => ({
      fields: [`Content-Length: ${body.length}`, 'Transfer-Encoding: chunked'],
      body,
    })),
  },
)

/** Fields in any order, framing and Host among them. */
function shuffled(fields: readonly string[], order: readonly number[]): string {
  const left = [...fields]
  let text = ''
  for (let i = 0; left.length > 0; i++) text += left.splice((order[i] ?? 0) % left.length, 1)[0]! + CRLF
  return text
}

const ORDER = fc.array(fc.nat(5), { maxLength: 4 })

export const REQUEST: fc.Arbitrary<string> = fc
  .record({
    method: METHOD,
    target: TARGET,
    version: VERSION,
    fields: fc.array(FIELD, { maxLength: 3 }),
    framed: FRAMED,
    order: ORDER,
  })
  .map(({ method, target, version, fields, framed, order }) => {
    const lines = shuffled(['Host: a', ...framed.fields, ...fields], order)
    return `${method} ${target} ${version}${CRLF}${lines}${CRLF}${framed.body}`
  })

const STATUS_LINE = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.constantFrom(
      'HTTP/1.1 200 OK',
      'HTTP/1.1 404 Not Found',
      'HTTP/1.1 200 ',
      'HTTP/1.0 200 OK',
      'HTTP/1.1 500 \xe9',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom('HTTP/1.1 204 No Content', 'HTTP/1.1 304 Not Modified', 'HTTP/1.1 299'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'HTTP/1.2 200 OK',
      'HTTP/2.0 200 OK',
      'HTTP/1.1 99 OK',
      'HTTP/1.1 2000 OK',
      'HTTP/1.1  200 OK',
      'http/1.1 200 OK',
      'HTTP/1.1 600 OK',
    ),
  },
)
const INTERIM = fc.oneof(
  { weight: 8, arbitrary: fc.constant('') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'HTTP/1.1 100 Continue\r\n\r\n',
      'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n',
      'HTTP/1.1 101 Switching Protocols\r\n\r\n',
    ),
  },
)

/** What an endpoint sends for one GET before it closes. */
export const RESPONSE: fc.Arbitrary<string> = fc
  .record({
    interim: INTERIM,
    line: STATUS_LINE,
    fields: fc.array(FIELD, { maxLength: 3 }),
    framed: FRAMED,
    order: ORDER,
  })
  .map(
    ({ interim, line, fields, framed, order }) =>
      `${interim}${line}${CRLF}${shuffled([...framed.fields, ...fields], order)}${CRLF}${framed.body}`,
  )
