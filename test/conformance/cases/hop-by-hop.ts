import { ok } from '../../support/raw-upstream.ts'
import type { Case } from '../case.ts'
import { get, own, passed, post, refused, relayed, sent, sentGet, SMUGGLED } from '../case.ts'

/** What a client sends that is not its business to have passed on. */
const DROPPED: readonly (readonly [name: string, fields: string, kept?: string])[] = [
  [
    'Connection and its kin',
    'Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\n',
  ],
  ['TE of codings', 'TE: gzip\r\nConnection: TE\r\n'],
  ['Trailer', 'Trailer: X\r\n'],
  ['Upgrade without Connection', 'Upgrade: websocket\r\n'],
  ['HTTP2-Settings', 'HTTP2-Settings: AAMAAABk\r\n'],
  ['Proxy-Authorization', 'Proxy-Authorization: Basic eDp5\r\n'],
  ['Proxy-Authenticate', 'Proxy-Authenticate: Basic\r\n'],
  ['Expect', 'Expect: 100-continue\r\n'],
  ['a nominated field', 'X: 1\r\nConnection: x\r\nY: 2\r\n', 'Y: 2\r\n'],
  ['two nominated fields, repeated', 'X: 1\r\nY: 2\r\nConnection: X,\tY \r\nx: 3\r\nZ: 4\r\n', 'Z: 4\r\n'],
  ['a field nominated in a second Connection', 'Connection: keep-alive\r\nX: 1\r\nConnection: X\r\n'],
  ['a nominated Authorization', 'Authorization: x\r\nConnection: Authorization\r\n', 'Authorization: x\r\n'],
  ['a nominated Cookie', 'Cookie: x\r\nConnection: cookie\r\n', 'Cookie: x\r\n'],
  ['nominated fields of ours', 'Connection: X-Forwarded-For, X-Forwarded-Proto, X-Real-Ip, Forwarded\r\n'],
  ['empty options', 'Connection: , ,\r\n'],
]

/** Fields that only a trusted proxy may set, and what a service might take for them. */
const SPOOFED = [
  'X-Forwarded-For: 6.6.6.6',
  'x-forwarded-for: 6.6.6.6',
  'X-Forwarded-Host: evil',
  'X-Forwarded-Port: 6',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Server: evil',
  'X-Forwarded-Uri: /evil',
  'X-Forwarded-Method: PUT',
  'X-Forwarded-Prefix: /evil',
  'X-Forwarded-Scheme: https',
  'X-Forwarded-Tls-Client-Cert: evil',
  'X-Forwarded-Tls-Client-Cert-Info: evil',
  'X-Scheme: https',
  'X-Real-Ip: 6.6.6.6',
  'Forwarded: for=6.6.6.6',
  'X_Forwarded_For: 6.6.6.6',
  'X-Forwarded_Proto: https',
  'X_Real_Ip: 6.6.6.6',
  'X_SCHEME: https',
]
/** Names that a CGI-like service would take for fields that frame or belong to the hop. */
const LOOK_ALIKES = [
  'Content_Length: 5',
  'Transfer_Encoding: chunked',
  'Proxy_Connection: x',
  'Keep_Alive: 5',
]

const OWN_ONLY = get(SPOOFED.map((line) => `${line}\r\n`).join(''))
const TRUSTED = { forwarded: { trustedIPs: ['127.0.0.0/8'] } }

export const HOP_BY_HOP: readonly Case[] = [
  ...DROPPED.map(([name, fields, kept]) => passed(`request with ${name}`, get(fields), sentGet(kept))),
  ...['Host', 'content-length', 'Transfer-Encoding', 'x, HOST'].map((name) =>
    refused(`Connection nominates ${name}`, get(`X: 1\r\nConnection: ${name}\r\n`)),
  ),
  refused(
    'Connection nominates the framing in use',
    post('Content-Length: 3\r\nConnection: Content-Length\r\n', 'abc'),
  ),
  {
    name: 'what follows Connection: close is no request',
    send: get('Connection: close\r\n') + SMUGGLED,
    client: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok',
    upstream: sentGet(),
    fate: ['closed', 'kept'],
  },
  {
    name: 'Connection: close among other options',
    send: get('Connection: x, CLOSE\r\n'),
    client: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok',
    upstream: sentGet(),
    fate: ['closed', 'kept'],
  },
  passed(
    'TE: trailers',
    get('TE: trailers\r\nConnection: TE\r\n'),
    sent('GET /', '', 'Connection: TE\r\nTE: trailers\r\n'),
  ),
  passed(
    'TE: trailers among codings',
    get('TE: gzip , Trailers\r\n'),
    sent('GET /', '', 'Connection: TE\r\nTE: trailers\r\n'),
  ),

  // Who says where a request comes from.
  ...[...SPOOFED, ...LOOK_ALIKES].map((line) => passed(`spoofed ${line}`, get(`${line}\r\n`), sentGet())),
  passed('everything spoofed at once', OWN_ONLY, sentGet()),
  passed('a name with underscores that is like no other', get('My_Field: 1\r\n'), sentGet('My_Field: 1\r\n')),
  {
    name: 'a trusted proxy’s X-Forwarded-For is appended to',
    send: get('X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2\r\n'),
    engine: TRUSTED,
    client: ok(),
    upstream: sentGet().replace('X-Forwarded-For: 127.0.0.1', 'X-Forwarded-For: 1.1.1.1, 2.2.2.2, 127.0.0.1'),
    fate: ['kept', 'kept'],
  },
  {
    name: 'a trusted proxy is believed, its look-alikes are not',
    send: get('X-Real-Ip: 1.1.1.1\r\nX_Real_Ip: 6.6.6.6\r\nTransfer_Encoding: x\r\n'),
    engine: TRUSTED,
    client: ok(),
    upstream: sent('GET /', 'X-Real-Ip: 1.1.1.1\r\n').replace('X-Real-Ip: 127.0.0.1\r\n', ''),
    fate: ['kept', 'kept'],
  },
  passed('others than the trusted are not believed', get('X-Forwarded-For: 6.6.6.6\r\n'), sentGet(), {
    forwarded: { trustedIPs: ['10.0.0.0/8', '::1'] },
  }),
  {
    name: 'names with underscores are refused where that is asked for',
    send: get('My_Field: 1\r\n'),
    engine: { forwarded: { underscores: 'reject' } },
    client: own('BR', 'kept'),
    upstream: '',
    fate: ['kept', 'none'],
  },

  // The upstream's hop.
  ...[
    [
      'fields of its connection',
      'Connection: keep-alive\r\nKeep-Alive: timeout=60\r\nProxy-Connection: x\r\nTrailer: X\r\nUpgrade: h2c\r\n',
      '',
    ],
    ['Proxy-Authenticate', 'Proxy-Authenticate: Basic\r\n', ''],
    ['a nominated field', 'X: 1\r\nConnection: X\r\nY: 2\r\n', 'Y: 2\r\n'],
    [
      'order, case, repetition and bytes',
      'Set-Cookie: a\r\nx-B: \xff\r\nset-cookie: b\r\nE:\r\n',
      'Set-Cookie: a\r\nx-B: \xff\r\nset-cookie: b\r\nE: \r\n',
    ],
  ].map(([name, fields, kept]) => relayed(`answer with ${name}`, ok('ok', fields), ok('ok', kept))),
  {
    ...relayed(
      'answer that nominates its framing',
      ok('ok', 'Connection: Content-Length, Transfer-Encoding\r\n'),
      ok(),
    ),
  },
]
