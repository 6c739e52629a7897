import type { Case } from '../case.ts'
import { get, own, passed, post, refused, sent, sentGet, SMUGGLED } from '../case.ts'

const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const EMPTY = '0\r\n\r\n'
/** A body that is a request for whoever takes it for one. */
const HIDDEN = `GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n`

/** RFC 9112 §6: where a request ends. */
export const FRAMING: readonly Case[] = [
  // Both framings (§6.1).
  refused('CL and TE', post(`Content-Length: 5\r\n${CHUNKED}`, EMPTY)),
  refused('TE and CL', post(`${CHUNKED}Content-Length: 5\r\n`, EMPTY)),
  refused('CL and TE, closing', post(`Content-Length: 5\r\n${CHUNKED}Connection: close\r\n`, EMPTY)),
  refused('CL: 0 and TE', post(`Content-Length: 0\r\n${CHUNKED}`, EMPTY)),
  refused('CL that hides a request behind TE', post(`Content-Length: 39\r\n${CHUNKED}`, EMPTY + HIDDEN)),
  refused(
    'TE that hides a request in a chunk',
    post(`Content-Length: 4\r\n${CHUNKED}`, `21\r\n${HIDDEN}\r\n${EMPTY}`),
  ),
  refused('HEAD with CL and TE', `HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n${CHUNKED}\r\n${EMPTY}`),
  refused('CL and an unknown TE', post('Content-Length: 3\r\nTransfer-Encoding: x\r\n', 'abc'), 'TE'),

  // Content-Length (§6.2).
  ...[
    ['two equal CL', 'Content-Length: 3\r\nContent-Length: 3'],
    ['two different CL', 'Content-Length: 3\r\nContent-Length: 30'],
    ['CL list of equals', 'Content-Length: 3, 3'],
    ['CL list of different', 'Content-Length: 3, 30'],
    ['CL list of three', 'Content-Length: 3, 3, 3'],
    ['CL with plus', 'Content-Length: +3'],
    ['CL with minus', 'Content-Length: -3'],
    ['CL minus zero', 'Content-Length: -0'],
    ['empty CL', 'Content-Length:'],
    ['CL of blanks', 'Content-Length: \t '],
    ['CL 0x', 'Content-Length: 0x3'],
    ['CL 0o', 'Content-Length: 0o3'],
    ['CL with underscore', 'Content-Length: 1_0'],
    ['CL with a space inside', 'Content-Length: 3 0'],
    ['CL with a tab inside', 'Content-Length: 3\t0'],
    ['CL of letters', 'Content-Length: abc'],
    ['CL with a fraction', 'Content-Length: 3.0'],
    ['CL with an exponent', 'Content-Length: 3e0'],
    ['CL with a semicolon', 'Content-Length: 3;a'],
    ['CL with trailing comma', 'Content-Length: 3,'],
    ['CL of foreign digits', 'Content-Length: \xb3'],
    ['CL of 16 digits', 'Content-Length: 1000000000000000'],
    ['CL beyond 64 bits', 'Content-Length: 18446744073709551619'],
    ['CL and cl', 'Content-Length: 3\r\ncontent-length: 3'],
    ['space before the colon of CL', 'Content-Length : 3'],
    ['tab before the colon of CL', 'Content-Length\t: 3'],
    ['folded CL', 'Content-Length: 3\r\n 0'],
  ].map(([name, field]) => refused(name!, post(`${field}\r\n`, 'abc'))),
  ...[
    ['CL with leading zeros', 'Content-Length: 0003'],
    ['CL with blanks around', 'Content-Length: \t 3 \t'],
    ['CL without blank', 'Content-Length:3'],
    ['CL in capitals', 'CONTENT-LENGTH: 3'],
  ].map(([name, field]) =>
    passed(name!, post(`${field}\r\n`, 'abc'), sent('POST /', '', 'Content-Length: 3\r\n', 'abc')),
  ),
  passed('CL: 0', post('Content-Length: 0\r\n'), sent('POST /', '', 'Content-Length: 0\r\n')),
  passed('CL: 00', post('Content-Length: 00\r\n'), sent('POST /', '', 'Content-Length: 0\r\n')),
  passed('POST without CL and TE', post(''), sent('POST /', '', 'Content-Length: 0\r\n')),
  passed(
    'GET with a body',
    get('Content-Length: 3\r\n') + 'abc',
    sent('GET /', '', 'Content-Length: 3\r\n', 'abc'),
  ),
  passed(
    'GET whose body looks like a request',
    get('Content-Length: 33\r\n') + HIDDEN,
    sent('GET /', '', 'Content-Length: 33\r\n', HIDDEN),
  ),
  passed(
    'OPTIONS with a body',
    'OPTIONS / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc',
    sent('OPTIONS /', '', 'Content-Length: 3\r\n', 'abc'),
  ),
  {
    name: 'HEAD with a body',
    send: 'HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc',
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n',
    client: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n',
    upstream: sent('HEAD /', '', 'Content-Length: 3\r\n', 'abc'),
    fate: ['kept', 'kept'],
  },
  {
    name: 'a request in the bytes behind CL: 0 is one',
    send: post('Content-Length: 0\r\n') + get('', '/second'),
    client: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'.repeat(2),
    upstream: sent('POST /', '', 'Content-Length: 0\r\n') + sentGet('', '/second'),
    fate: ['kept', 'kept'],
  },
  {
    name: 'less body than CL, and the end',
    send: [
      ['client', 'sends', post('Content-Length: 5\r\n', 'abc')],
      ['upstream', 'gets', sent('POST /', '', 'Content-Length: 5\r\n', 'abc')],
      ['client', 'ends'],
    ],
    client: own('BR'),
    upstream: sent('POST /', '', 'Content-Length: 5\r\n', 'abc'),
    fate: ['closed', 'closed'],
  },

  // Transfer-Encoding (§6.1).
  ...[
    ['TE: gzip', 'gzip'],
    ['TE: gzip, chunked', 'gzip, chunked'],
    ['TE: chunked, gzip', 'chunked, gzip'],
    ['TE: chunked, chunked', 'chunked, chunked'],
    ['TE: chunked, identity', 'chunked, identity'],
    ['TE: identity', 'identity'],
    ['TE: xchunked', 'xchunked'],
    ['TE: chunkedx', 'chunkedx'],
    ['TE: chunke', 'chunke'],
    ['TE with parameters', 'chunked;q=1'],
    ['TE in quotes', '"chunked"'],
    ['TE with leading comma', ', chunked'],
    ['TE with trailing comma', 'chunked,'],
    ['empty TE', ''],
  ].map(([name, coding]) => refused(name!, post(`Transfer-Encoding: ${coding}\r\n`, EMPTY), 'TE')),
  refused('folded TE', post('Transfer-Encoding:\r\n chunked\r\n', EMPTY), 'TE'),
  refused(
    'folded TE of OPTIONS',
    `OPTIONS / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n${EMPTY}`,
    'TE',
  ),
  refused('TE folded behind its value', post('Transfer-Encoding: chunked\r\n \r\n', EMPTY)),
  refused('tab behind TE', post('Transfer-Encoding: chunked\t\r\n', EMPTY), 'TE'),
  refused('two TE', post(CHUNKED + CHUNKED, EMPTY)),
  refused('two TE, the second unknown', post(`${CHUNKED}Transfer-Encoding: x\r\n`, EMPTY)),
  refused('vertical tab before TE', post('Transfer-Encoding: \vchunked\r\n', EMPTY)),
  refused('form feed before TE', post('Transfer-Encoding: \fchunked\r\n', EMPTY)),
  refused('NUL behind TE', post('Transfer-Encoding: chunked\0\r\n', EMPTY)),
  refused('bare CR before TE', post('X: a\rTransfer-Encoding: chunked\r\n', EMPTY)),
  refused('space before the colon of TE', post('Transfer-Encoding : chunked\r\n', EMPTY)),
  refused('tab in the name of TE', post('Transfer-\tEncoding: chunked\r\n', EMPTY)),
  refused('TE in HTTP/1.0', `POST / HTTP/1.0\r\nHost: a\r\n${CHUNKED}\r\n${EMPTY}`),
  refused(
    'TE in HTTP/1.0, kept alive',
    `POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n${CHUNKED}\r\n${EMPTY}`,
  ),
  ...[
    ['TE in mixed case', 'TrAnSfEr-EnCoDiNg: ChUnKeD'],
    ['TE with blanks around', 'Transfer-Encoding: \t chunked  '],
    ['TE behind a tab', 'Transfer-Encoding:\tchunked'],
  ].map(([name, field]) =>
    passed(
      name!,
      post(`${field}\r\n`, `3\r\nabc\r\n${EMPTY}`),
      sent('POST /', '', CHUNKED, `3\r\nabc\r\n${EMPTY}`),
    ),
  ),
  // Look-alikes frame nothing, and are not passed on, where they might.
  passed('Content_Length', get('Content_Length: 5\r\n'), sentGet()),
  passed('Transfer_Encoding', get('Transfer_Encoding: chunked\r\n'), sentGet()),
  passed('Transfer-Encodin', get('Transfer-Encodin: chunked\r\n'), sentGet('Transfer-Encodin: chunked\r\n')),
  refused(
    'a request hidden behind Transfer_Encoding',
    post('Transfer_Encoding: chunked\r\nContent-Length: x\r\n', SMUGGLED),
  ),
]
