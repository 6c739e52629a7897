import { ownFields } from '../../support/engine.ts'
import { ok } from '../../support/raw-upstream.ts'
import type { Case } from '../case.ts'
import { get, own, passed, post, refused, sent, sentGet, SMUGGLED } from '../case.ts'

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
const CLOSING_403 = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok'
const ASK = get('Upgrade: websocket\r\nConnection: Upgrade\r\n')
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
const ASKED = `GET / HTTP/1.1\r\nHost: a\r\n${ownFields('a').replace('Proto: http', 'Proto: ws')}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`

const EXPECT: readonly Case[] = [
  refused('an unknown expectation', post('Expect: a-miracle\r\nContent-Length: 3\r\n', 'abc'), 'EX'),
  refused(
    'an unknown expectation besides a known one',
    post('Expect: 100-continue\r\nExpect: x\r\nContent-Length: 3\r\n', 'abc'),
    'EX',
  ),
  {
    name: 'a client is asked for the body that it holds back',
    send: [
      ['client', 'sends', post('Expect: 100-Continue\r\nContent-Length: 3\r\n')],
      ['client', 'gets', CONTINUE],
      ['client', 'sends', 'abc'],
      ['upstream', 'gets', sent('POST /', '', 'Content-Length: 3\r\n', 'abc')],
      ['upstream', 'sends', ok()],
    ],
    client: CONTINUE + ok(),
    upstream: sent('POST /', '', 'Content-Length: 3\r\n', 'abc'),
    fate: ['kept', 'kept'],
  },
  {
    name: 'a body that nobody wants is not asked for',
    send: post('Expect: 100-continue\r\nContent-Length: 36\r\n') + SMUGGLED.slice(0, 20),
    engine: { routers: { all: { rule: 'Path(`/probe`)' } } },
    client: own('NR'),
    upstream: '',
    fate: ['closed', 'none'],
  },
  {
    name: 'an answer before the expected body: what comes late is no request',
    send: [
      ['client', 'sends', post('Expect: 100-continue\r\nContent-Length: 41\r\n')],
      ['client', 'gets', CONTINUE],
      ['upstream', 'gets', sent('POST /', '', 'Content-Length: 41\r\n')],
      ['upstream', 'sends', CLOSING_403],
      ['client', 'gets', CLOSING_403],
      ['client', 'sends', SMUGGLED],
    ],
    client: CONTINUE + CLOSING_403,
    upstream: sent('POST /', '', 'Content-Length: 41\r\n'),
    fate: ['closed', 'closed'],
  },
]

/** Asked for in a way that is no upgrade: the request goes on without, and what follows is the next request. */
const NO_UPGRADE: readonly (readonly [name: string, request: string, forwarded: string])[] = [
  [
    'h2c',
    get('Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n'),
    sentGet(),
  ],
  ['h2c and websocket', get('Upgrade: h2c, websocket\r\nConnection: Upgrade\r\n'), sentGet()],
  ['two Upgrades', get('Upgrade: websocket\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n'), sentGet()],
  ['an unknown protocol', get('Upgrade: foo\r\nConnection: Upgrade\r\n'), sentGet()],
  ['no Connection', get('Upgrade: websocket\r\n'), sentGet()],
  [
    'POST',
    post('Upgrade: websocket\r\nConnection: Upgrade\r\n'),
    sent('POST /', '', 'Content-Length: 0\r\n'),
  ],
  [
    'a body',
    get('Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 3\r\n') + 'abc',
    sent('GET /', '', 'Content-Length: 3\r\n', 'abc'),
  ],
  [
    'chunks',
    get('Upgrade: websocket\r\nConnection: Upgrade\r\nTransfer-Encoding: chunked\r\n') + '0\r\n\r\n',
    sent('GET /', '', 'Transfer-Encoding: chunked\r\n', '0\r\n\r\n'),
  ],
]

const UPGRADE: readonly Case[] = [
  ...NO_UPGRADE.map(([name, request, forwarded]) => passed(`no upgrade, ${name}`, request, forwarded)),
  {
    name: 'no upgrade, HTTP/1.0',
    send: 'GET / HTTP/1.0\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    client: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok',
    upstream: sentGet(),
    fate: ['closed', 'kept'],
  },
  {
    name: 'an agreed upgrade is a tunnel',
    send: [
      ['client', 'sends', ASK],
      ['upstream', 'gets', ASKED],
      ['upstream', 'sends', SWITCH],
      ['client', 'gets', SWITCH],
      ['client', 'sends', SMUGGLED],
      ['upstream', 'gets', SMUGGLED],
      ['upstream', 'sends', '\0\xff\r\n'],
      ['client', 'gets', '\0\xff\r\n'],
      ['client', 'ends'],
      ['upstream', 'ends'],
    ],
    client: `${SWITCH}\0\xff\r\n`,
    upstream: ASKED + SMUGGLED,
    fate: ['closed', 'closed'],
  },
  {
    name: 'a refused upgrade: bytes sent ahead are the next request',
    send: [
      ['client', 'sends', ASK + get('', '/second')],
      ['upstream', 'gets', ASKED],
      ['upstream', 'sends', ok('no', 'Upgrade: websocket\r\nConnection: Upgrade\r\n')],
      ['client', 'gets', ok('no')],
      ['upstream', 'gets', sentGet('', '/second')],
      ['upstream', 'sends', ok()],
    ],
    client: ok('no') + ok(),
    upstream: ASKED + sentGet('', '/second'),
    fate: ['kept', 'kept'],
  },
  ...[
    ['another protocol', SWITCH.replace('websocket', 'h2c')],
    ['no protocol', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ].map(([name, answer]): Case => ({
    name: `an upgrade agreed to ${name}`,
    send: ASK,
    answer: answer!,
    client: own('UP', 'kept'),
    upstream: ASKED,
    fate: ['kept', 'closed'],
  })),
]

/** Who waits for whom, and who leaves first. */
const ORDER: readonly Case[] = [
  {
    name: 'pipelined requests go out one by one',
    send: [
      ['client', 'sends', get('', '/1') + get('', '/2') + get('', '/3')],
      ['upstream', 'gets', sentGet('', '/1')],
      ['upstream', 'sends', ok('1')],
      ['upstream', 'gets', sentGet('', '/2')],
      ['upstream', 'sends', ok('2')],
      ['upstream', 'gets', sentGet('', '/3')],
      ['upstream', 'sends', ok('3')],
    ],
    client: ok('1') + ok('2') + ok('3'),
    upstream: sentGet('', '/1') + sentGet('', '/2') + sentGet('', '/3'),
    fate: ['kept', 'kept'],
  },
  {
    name: 'a request behind a body is read where the body ends',
    send: [
      ['client', 'sends', post('Content-Length: 5\r\n', 'abc')],
      ['upstream', 'gets', sent('POST /', '', 'Content-Length: 5\r\n', 'abc')],
      ['client', 'sends', `de${get('', '/2')}`],
      ['upstream', 'gets', 'de'],
      ['upstream', 'sends', ok('1')],
      ['upstream', 'gets', sentGet('', '/2')],
      ['upstream', 'sends', ok('2')],
    ],
    client: ok('1') + ok('2'),
    upstream: sent('POST /', '', 'Content-Length: 5\r\n', 'abcde') + sentGet('', '/2'),
    fate: ['kept', 'kept'],
  },
  {
    name: 'an answer while the body is still coming',
    send: [
      ['client', 'sends', post('Content-Length: 1000000\r\n', 'abc')],
      ['upstream', 'gets', sent('POST /', '', 'Content-Length: 1000000\r\n', 'abc')],
      ['upstream', 'sends', CLOSING_403.replace('Connection: close\r\n', '')],
      ['client', 'gets', CLOSING_403],
      ['client', 'sends', SMUGGLED],
    ],
    client: CLOSING_403,
    upstream: sent('POST /', '', 'Content-Length: 1000000\r\n', 'abc'),
    fate: ['closed', 'closed'],
  },
  {
    name: 'a client that ends its side gets its answer',
    send: [
      ['client', 'sends', get()],
      ['client', 'ends'],
      ['upstream', 'gets', sentGet()],
      ['upstream', 'sends', ok()],
    ],
    client: ok(),
    upstream: sentGet(),
    fate: ['closed', 'kept'],
  },
  {
    name: 'a client that goes away takes its request with it',
    send: [
      ['client', 'sends', get()],
      ['upstream', 'gets', sentGet()],
      ['client', 'resets'],
    ],
    client: '',
    upstream: sentGet(),
    fate: ['left', 'closed'],
  },
]

/** Connections that end under a request (RFC 9110 §9.2.2). */
const STALE: readonly Case[] = [
  {
    name: 'a stale connection: GET goes again',
    send: [
      ['client', 'sends', get()],
      ['upstream', 'gets', sentGet()],
      ['upstream', 'sends', ok('1')],
      ['client', 'gets', ok('1')],
      ['client', 'sends', get('', '/2')],
      ['upstream', 'gets', sentGet('', '/2')],
      ['upstream', 'ends'],
      ['upstream', 'next'],
      ['upstream', 'gets', sentGet('', '/2')],
      ['upstream', 'sends', ok('2', 'Connection: close\r\n')],
    ],
    client: ok('1') + ok('2'),
    upstream: sentGet() + sentGet('', '/2').repeat(2),
    fate: ['kept', 'closed'],
  },
  {
    name: 'a stale connection: POST that was sent does not',
    send: [
      ['client', 'sends', get()],
      ['upstream', 'gets', sentGet()],
      ['upstream', 'sends', ok('1')],
      ['client', 'gets', ok('1')],
      ['client', 'sends', post('Content-Length: 3\r\n', 'abc')],
      ['upstream', 'gets', sent('POST /', '', 'Content-Length: 3\r\n', 'abc')],
      ['upstream', 'resets'],
    ],
    client: ok('1') + own('UC', 'kept'),
    upstream: sentGet() + sent('POST /', '', 'Content-Length: 3\r\n', 'abc'),
    fate: ['kept', 'closed'],
  },
  {
    name: 'half an answer is not asked for again',
    send: [
      ['client', 'sends', get()],
      ['upstream', 'gets', sentGet()],
      ['upstream', 'sends', 'HTTP/1.1 200 OK\r\nX'],
      ['upstream', 'ends'],
    ],
    client: own('UC', 'kept'),
    upstream: sentGet(),
    fate: ['kept', 'closed'],
  },
]

const LIMITS = { limits: { maxHeadBytes: 300, maxTargetLength: 100 } }
const filled = (length: number): string => {
  const empty = get('X: \r\n').length
  return `X: ${'a'.repeat(length - empty)}\r\n`
}

/** `refused` and `passed` at the edge of what an entry point allows. */
const SIZES: readonly Case[] = [
  passed('a head of 304 bytes, its empty line not counted', get(filled(304)), sentGet(filled(304)), LIMITS),
  refused('a head of 305 bytes', get(filled(305)), 'HL', LIMITS),
  refused('a head that never ends', get().slice(0, -2) + `X: ${'a'.repeat(1_000)}`, 'HL', LIMITS),
  refused('a name of 100 kB', get(`${'a'.repeat(100_000)}: b\r\n`), 'HL'),
  refused('a value of 100 kB', get(`X: ${'a'.repeat(100_000)}\r\n`), 'HL'),
  passed('a target of 100 bytes', get('', `/${'a'.repeat(99)}`), sentGet('', `/${'a'.repeat(99)}`), LIMITS),
  refused('a target of 101 bytes', get('', `/${'a'.repeat(100)}`), 'UL', LIMITS),
]

export const EXCHANGES: readonly Case[] = [...EXPECT, ...UPGRADE, ...ORDER, ...STALE, ...SIZES]
