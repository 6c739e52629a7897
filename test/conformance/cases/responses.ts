import { ok } from '../../support/raw-upstream.ts'
import type { Case } from '../case.ts'
import { get, own, relayed, sent, sentGet } from '../case.ts'

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
const POISON = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'

/** Not valid, or not clear in where it ends: 502, and the connection is of no more use. */
const REFUSED: readonly (readonly [name: string, answer: string])[] = [
  ['CL and TE', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['TE and CL', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n'],
  ['two CL', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk'],
  ['two equal CL', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok'],
  ['CL list', 'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok'],
  ['CL with plus', 'HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok'],
  ['CL with minus', 'HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok'],
  ['empty CL', 'HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nok'],
  ['CL 0x', 'HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nok'],
  ['CL beyond 64 bits', 'HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551618\r\n\r\nok'],
  ['TE: gzip, chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
  ['TE: identity', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nok'],
  ['two TE', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['TE in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['LF for line ends', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
  ['LF behind a field', 'HTTP/1.1 200 OK\r\nX: a\nContent-Length: 2\r\n\r\nok'],
  ['LF behind the status line', 'HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok'],
  ['bare CR in a value', 'HTTP/1.1 200 OK\r\nX: a\rContent-Length: 2\r\n\r\nok'],
  ['bare CR in the reason', 'HTTP/1.1 200 O\rK\r\nContent-Length: 2\r\n\r\nok'],
  ['NUL in a value', 'HTTP/1.1 200 OK\r\nX: \0\r\nContent-Length: 2\r\n\r\nok'],
  ['NUL in the reason', 'HTTP/1.1 200 \0\r\nContent-Length: 2\r\n\r\nok'],
  ['folded field', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok'],
  ['space before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok'],
  ['empty name', 'HTTP/1.1 200 OK\r\n: a\r\nContent-Length: 2\r\n\r\nok'],
  ['no colon', 'HTTP/1.1 200 OK\r\nX\r\nContent-Length: 2\r\n\r\nok'],
  ['two Hosts', 'HTTP/1.1 200 OK\r\nHost: a\r\nHost: a\r\nContent-Length: 2\r\n\r\nok'],
  ['version 2.0', 'HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['version 1.2', 'HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['version in small letters', 'http/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['status of four digits', 'HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['status below 100', 'HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['status of letters', 'HTTP/1.1 2a0 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['two spaces before the status', 'HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['an interim status in HTTP/1.0', `HTTP/1.0 100 Continue\r\n\r\n${ok()}`],
  ['no status', 'HTTP/1.1\r\nContent-Length: 2\r\n\r\nok'],
  ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['no head', 'hello\r\n\r\n'],
  ['an empty line in front', `\r\n${ok()}`],
  ['a head of 65 KiB', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(66_000)}\r\n\r\n`],
  ['257 fields', `HTTP/1.1 200 OK\r\n${'X: a\r\n'.repeat(257)}\r\n`],
  ['no chunk size', `${CHUNKED}x\r\n`],
  ['LF behind a chunk size', `${CHUNKED}2\nok\r\n0\r\n\r\n`],
  [
    '101 that nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  ],
]

/** Broken off behind a good head: the client must see that. */
const TRUNCATED: readonly (readonly [name: string, answer: string, relayed: string])[] = [
  [
    'CL cut short',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel',
  ],
  [
    'no byte of the body',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
  ],
  ['chunks without the last', `${CHUNKED}3\r\nhel\r\n`, `${CHUNKED}3\r\nhel\r\n`],
  ['a chunk cut short', `${CHUNKED}5\r\nhel`, `${CHUNKED}3\r\nhel\r\n`],
  ['a last chunk cut short', `${CHUNKED}3\r\nhel\r\n0\r\n`, `${CHUNKED}3\r\nhel\r\n`],
]

function truncated([name, answer, got]: (typeof TRUNCATED)[number]): Case {
  return {
    name: `truncated answer, ${name}`,
    send: [
      ['client', 'sends', get()],
      ['upstream', 'gets', sentGet()],
      ['upstream', 'sends', answer],
      ['client', 'gets', got],
      ['upstream', 'ends'],
    ],
    client: got,
    upstream: sentGet(),
    fate: ['reset', 'closed'],
  }
}

/** Answers that have no body by their nature, and what becomes of the connection when there is one all the same. */
const BODILESS: readonly (readonly [
  name: string,
  method: string,
  answer: string,
  got: string,
  kept: boolean,
])[] = [
  ['204', 'GET', 'HTTP/1.1 204 No Content\r\n\r\n', 'HTTP/1.1 204 No Content\r\n\r\n', true],
  [
    '204 with CL',
    'GET',
    'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n',
    'HTTP/1.1 204 No Content\r\n\r\n',
    true,
  ],
  [
    '204 with a body',
    'GET',
    'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello',
    'HTTP/1.1 204 No Content\r\n\r\n',
    false,
  ],
  [
    '204 with chunks',
    'GET',
    'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 204 No Content\r\n\r\n',
    false,
  ],
  [
    '304 with CL',
    'GET',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: x\r\n\r\n',
    'HTTP/1.1 304 Not Modified\r\nETag: x\r\nContent-Length: 5\r\n\r\n',
    true,
  ],
  [
    '304 with a body',
    'GET',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
    false,
  ],
  [
    'HEAD',
    'HEAD',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    true,
  ],
  ['HEAD of chunks', 'HEAD', CHUNKED, 'HTTP/1.1 200 OK\r\n\r\n', true],
  ['HEAD with a body', 'HEAD', ok('hello'), 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', false],
]

export const RESPONSES: readonly Case[] = [
  ...REFUSED.map(([name, answer]) =>
    relayed(`answer with ${name}`, answer, own('UP', 'kept'), ['kept', 'closed']),
  ),
  ...TRUNCATED.map(truncated),
  ...BODILESS.map(([name, method, answer, client, kept]): Case => ({
    name: `bodiless: ${name}`,
    send: `${method} / HTTP/1.1\r\nHost: a\r\n\r\n`,
    answer,
    client,
    upstream: sent(`${method} /`),
    fate: ['kept', kept ? 'kept' : 'closed'],
  })),
  relayed(
    'a body up to the end',
    'HTTP/1.1 200 OK\r\n\r\nhel',
    `${CHUNKED}3\r\nhel\r\n0\r\n\r\n`,
    ['kept', 'closed'],
    'end',
  ),
  relayed('a second answer behind the first', ok('first') + POISON, ok('first'), ['kept', 'closed']),
  relayed('bytes behind the last chunk', `${CHUNKED}0\r\n\r\nx`, `${CHUNKED}0\r\n\r\n`, ['kept', 'closed']),
  relayed('an answer that closes', ok('ok', 'Connection: close\r\n'), ok(), ['kept', 'closed']),
  relayed('HTTP/1.0 closes', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok', ok(), ['kept', 'closed']),
  relayed(
    'HTTP/1.0 kept alive',
    'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok',
    ok(),
  ),
  relayed('an empty body', ok(''), ok('')),
  relayed('fresh chunks', `${CHUNKED}2;x=y\r\nok\r\n00\r\n\r\n`, `${CHUNKED}2\r\nok\r\n0\r\n\r\n`),
  relayed('no reason', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok', ok()),
  relayed('another reason', 'HTTP/1.1 200 Fine \xff\r\nContent-Length: 2\r\n\r\nok', ok()),
  relayed(
    'a status without a name',
    'HTTP/1.1 299 \r\nContent-Length: 2\r\n\r\nok',
    'HTTP/1.1 299 \r\nContent-Length: 2\r\n\r\nok',
  ),
  relayed(
    'trailers that nobody asked for',
    `${CHUNKED}2\r\nok\r\n0\r\nX: y\r\n\r\n`,
    `${CHUNKED}2\r\nok\r\n0\r\n\r\n`,
  ),
  {
    name: 'trailers for a client that takes them',
    send: get('TE: trailers\r\n'),
    answer: `${CHUNKED}2\r\nok\r\n0\r\nX: y\r\nSet-Cookie: a\r\n\r\n`,
    client: `${CHUNKED}2\r\nok\r\n0\r\nX: y\r\n\r\n`,
    upstream: sent('GET /', '', 'Connection: TE\r\nTE: trailers\r\n'),
    fate: ['kept', 'kept'],
  },
  {
    name: 'bytes on an idle connection',
    send: [
      ['client', 'sends', get('', '/1')],
      ['upstream', 'gets', sentGet('', '/1')],
      ['upstream', 'sends', ok('1')],
      ['client', 'gets', ok('1')],
      ['upstream', 'sends', POISON],
    ],
    client: ok('1'),
    upstream: sentGet('', '/1'),
    fate: ['kept', 'closed'],
  },
  // Interim answers (RFC 9110 §15.2).
  relayed(
    '103 goes through',
    `HTTP/1.1 103 Early Hints\r\nLink: x\r\nConnection: close\r\n\r\n${ok()}`,
    `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${ok()}`,
  ),
  relayed(
    '102 and 103, in order',
    `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n${ok()}`,
    `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n${ok()}`,
  ),
  relayed('100 that nobody asked for', `HTTP/1.1 100 Continue\r\n\r\n${ok()}`, ok()),
  relayed('33 interim answers', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(33) + ok(), own('UP', 'kept'), [
    'kept',
    'closed',
  ]),
  {
    name: 'HTTP/1.0 gets no interim answer',
    send: 'GET / HTTP/1.0\r\nHost: a\r\n\r\n',
    answer: `HTTP/1.1 103 Early Hints\r\n\r\n${ok()}`,
    client: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok',
    upstream: sentGet(),
    fate: ['closed', 'kept'],
  },
]
