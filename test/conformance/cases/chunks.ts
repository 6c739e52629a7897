import { ok } from '../../support/raw-upstream.ts'
import type { Case } from '../case.ts'
import { own, passed, post, sent, SMUGGLED } from '../case.ts'

const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const HEAD = sent('POST /', '', CHUNKED)
const FIRST = '2\r\nok\r\n'

/** Chunks that are not quite chunks; each stands behind a good one. */
const FAULTS: readonly (readonly [name: string, body: string])[] = [
  ['no digit', 'x\r\nabc\r\n0\r\n\r\n'],
  ['empty size', '\r\nabc\r\n0\r\n\r\n'],
  ['empty size as the last one', '\r\n\r\n'],
  ['an extension without a size', ';a\r\n\r\n'],
  ['0x', '0x3\r\nabc\r\n0\r\n\r\n'],
  ['plus', '+3\r\nabc\r\n0\r\n\r\n'],
  ['minus', '-3\r\nabc\r\n0\r\n\r\n'],
  ['space before the size', ' 3\r\nabc\r\n0\r\n\r\n'],
  ['space behind the size', '3 \r\nabc\r\n0\r\n\r\n'],
  ['tab behind the size', '3\t\r\nabc\r\n0\r\n\r\n'],
  ['underscore in the size', '1_0\r\nabcdefghijklmnop\r\n0\r\n\r\n'],
  ['13 digits', '0000000000003\r\nabc\r\n0\r\n\r\n'],
  ['size beyond 64 bits', '10000000000000003\r\nabc\r\n0\r\n\r\n'],
  ['LF behind the size', '3\nabc\r\n0\r\n\r\n'],
  ['CR behind the size', '3\rabc\r\n0\r\n\r\n'],
  ['another byte for LF behind the size', '3\rXabc\r\n0\r\n\r\n'],
  ['another byte for LF behind the data', '3\r\nabc\rX0\r\n\r\n'],
  ['another byte for CR behind the data', '3\r\nabcX\n0\r\n\r\n'],
  ['no CRLF behind the data', '3\r\nabc0\r\n\r\n'],
  ['LF behind the data', '3\r\nabc\n0\r\n\r\n'],
  ['CR behind the data', '3\r\nabc\r0\r\n\r\n'],
  ['other bytes for CRLF behind the data', '3\r\nabcXX0\r\n\r\n'],
  ['more data than announced', '2\r\nabc\r\n0\r\n\r\n'],
  ['CR in an extension', '3;a\rb\r\nabc\r\n0\r\n\r\n'],
  ['LF in an extension', '3;a\nabc\r\n0\r\n\r\n'],
  ['CRLF in a quoted extension', '3;a="\r\n"\r\nabc\r\n0\r\n\r\n'],
  ['NUL in an extension', '3;a\0\r\nabc\r\n0\r\n\r\n'],
  ['control byte in an extension', '3;a\x01\r\nabc\r\n0\r\n\r\n'],
  ['DEL in an extension', '3;a\x7f\r\nabc\r\n0\r\n\r\n'],
  ['a space before the extension', '3 ;a\r\nabc\r\n0\r\n\r\n'],
  ['a semicolon alone', '3;\r\nabc\r\n0\r\n\r\n'],
  ['two semicolons', '3;a;;b\r\nabc\r\n0\r\n\r\n'],
  ['an extension that is no token', '3;[=]\r\nabc\r\n0\r\n\r\n'],
  ['an extension without a value', '3;a=\r\nabc\r\n0\r\n\r\n'],
  ['an extension with an open quote', '3;a="b\r\nabc\r\n0\r\n\r\n'],
  ['bytes behind a quoted extension', '3;a="b"c\r\nabc\r\n0\r\n\r\n'],
  ['20 kB of extensions', `3;${'a'.repeat(20_000)}\r\nabc\r\n0\r\n\r\n`],
  ['LF behind the last chunk', '0\r\n\n'],
  ['LF for both ends of the last chunk', '0\n\n'],
  ['LF behind a trailer', '0\r\nX: a\n\r\n'],
  ['trailer without colon', '0\r\nX a\r\n\r\n'],
  ['space before a trailer’s colon', '0\r\nX : a\r\n\r\n'],
  ['folded trailer', '0\r\nX: a\r\n b\r\n\r\n'],
  ['NUL in a trailer', '0\r\nX: \0\r\n\r\n'],
  ['CL as a trailer', '0\r\nContent-Length: 3\r\n\r\n'],
  ['TE as a trailer', '0\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['two Hosts as trailers', '0\r\nHost: b\r\nHost: c\r\n\r\n'],
  ['20 kB of trailers', `0\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`],
]

function refusedChunk([name, body]: readonly [string, string]): Case[] {
  const client = own('BR')
  const whole = post(CHUNKED, FIRST + body + SMUGGLED)
  return [
    { name: `chunk, ${name}`, send: whole, client, upstream: '', fate: ['closed', 'none'] },
    {
      name: `chunk that comes later, ${name}`,
      send: [
        ['client', 'sends', post(CHUNKED, FIRST)],
        ['upstream', 'gets', HEAD + FIRST],
        ['client', 'sends', body + SMUGGLED],
      ],
      client,
      // Never an end: the upstream must not take the part for the whole.
      upstream: HEAD + FIRST,
      fate: ['closed', 'closed'],
    },
  ]
}

const THREE = '3\r\nabc\r\n0\r\n\r\n'

/** Good chunks: the upstream gets fresh ones. */
const GOOD: readonly (readonly [name: string, body: string, forwarded?: string])[] = [
  ['one chunk', THREE],
  ['no data', '0\r\n\r\n', '0\r\n\r\n'],
  ['two chunks in one read', '1\r\na\r\n2\r\nbc\r\n0\r\n\r\n'],
  ['capitals in the size', `A\r\n${'x'.repeat(10)}\r\n0\r\n\r\n`, `a\r\n${'x'.repeat(10)}\r\n0\r\n\r\n`],
  ['small letters in the size', `b\r\n${'x'.repeat(11)}\r\n0\r\n\r\n`, `b\r\n${'x'.repeat(11)}\r\n0\r\n\r\n`],
  ['zeros before the size', '003\r\nabc\r\n000\r\n\r\n'],
  ['an extension', '3;a=b\r\nabc\r\n0\r\n\r\n'],
  ['a quoted extension', '3;a="b;c"\r\nabc\r\n0;d\r\n\r\n'],
  ['an escape in a quoted extension', '3;a="\\"";b\r\nabc\r\n0\r\n\r\n'],
  ['data that looks like an end', '5\r\n0\r\n\r\n\r\n0\r\n\r\n', '5\r\n0\r\n\r\n\r\n0\r\n\r\n'],
  ['a trailer', '3\r\nabc\r\n0\r\nX: y\r\n\r\n', '3\r\nabc\r\n0\r\nX: y\r\n\r\n'],
  [
    'trailers that must not be ones',
    '3\r\nabc\r\n0\r\nHost: b\r\nAuthorization: x\r\nContent-Type: x/y\r\nX-Forwarded-For: 1.1.1.1\r\nCookie: c\r\n' +
      'Set-Cookie: c\r\nX_Forwarded_For: 1.1.1.1\r\nTE: x\r\nConnection: X\r\nX: y\r\n\r\n',
    '3\r\nabc\r\n0\r\nX: y\r\n\r\n',
  ],
]

/** RFC 9112 §7.1. */
export const CHUNKS: readonly Case[] = [
  ...FAULTS.flatMap(refusedChunk),
  ...GOOD.map(([name, body, forwarded = THREE]) =>
    passed(`chunks with ${name}`, post(CHUNKED, body), sent('POST /', '', CHUNKED, forwarded)),
  ),
  {
    name: 'chunks without the last one, and the end',
    send: [
      ['client', 'sends', post(CHUNKED, FIRST)],
      ['upstream', 'gets', HEAD + FIRST],
      ['client', 'ends'],
    ],
    client: own('BR'),
    upstream: HEAD + FIRST,
    fate: ['closed', 'closed'],
  },
  {
    name: 'chunks in pieces',
    send: [
      ['client', 'sends', post(CHUNKED)],
      ['upstream', 'gets', HEAD],
      ['client', 'sends', '3'],
      ['client', 'sends', '\r\na'],
      ['upstream', 'gets', '1\r\na\r\n'],
      ['client', 'sends', 'bc\r\n0\r\n\r'],
      ['upstream', 'gets', '2\r\nbc\r\n'],
      ['client', 'sends', '\n'],
      ['upstream', 'gets', '0\r\n\r\n'],
      ['upstream', 'sends', ok()],
    ],
    client: ok(),
    upstream: `${HEAD}1\r\na\r\n2\r\nbc\r\n0\r\n\r\n`,
    fate: ['kept', 'kept'],
  },
  {
    name: 'a later chunk of more than nine bytes',
    send: [
      ['client', 'sends', post(CHUNKED)],
      ['upstream', 'gets', HEAD],
      ['client', 'sends', 'a\r\n0123456789\r\n0\r\n\r\n'],
      ['upstream', 'gets', 'a\r\n0123456789\r\n0\r\n\r\n'],
      ['upstream', 'sends', ok()],
    ],
    client: ok(),
    upstream: `${HEAD}a\r\n0123456789\r\n0\r\n\r\n`,
    fate: ['kept', 'kept'],
  },
]
