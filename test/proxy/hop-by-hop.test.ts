import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineBefore, ownFields } from '../support/engine.ts'
import { answering, RawUpstream } from '../support/raw-upstream.ts'

/** What a client sends beside Host, and what of it travels on. */
const REQUESTS: readonly (readonly [name: string, sent: readonly string[], kept: readonly string[]])[] = [
  [
    'fields of the connection',
    ['Connection: keep-alive', 'Keep-Alive: timeout=5', 'Proxy-Connection: keep-alive', 'Trailer: X'],
    [],
  ],
  ['fields for proxies', ['Proxy-Authorization: Basic eDp5', 'Proxy-Authenticate: Basic'], []],
  ['TE of codings', ['TE: gzip, deflate;q=0.5', 'Connection: TE'], []],
  ['Upgrade alone', ['Upgrade: websocket'], []],
  ['Expect', ['Expect: 100-continue'], []],
  ['a nominated field', ['X-Secret: 1', 'Connection: x-secret', 'X-Other: 2'], ['X-Other: 2']],
  ['several nominated fields', ['A: 1', 'B: 2', 'Connection: a , B', 'a: 3', 'C: 4'], ['C: 4']],
  ['nominated behind close', ['A: 1', 'Connection: close, A'], []],
  ['nominated in a second field', ['Connection: keep-alive', 'A: 1', 'Connection: A'], []],
  ['empty options', ['Connection: ,, ,', 'A: 1'], ['A: 1']],
  // What holds for the whole way, a client cannot have dropped.
  ['a nominated Authorization', ['Authorization: x', 'Connection: Authorization'], ['Authorization: x']],
  ['a nominated Cookie', ['Cookie: a=b', 'Connection: cookie'], ['Cookie: a=b']],
  [
    'nominated fields of ours',
    ['Connection: X-Forwarded-For, X-Real-Ip, X-Forwarded-Host, X-Forwarded-Proto, Forwarded'],
    [],
  ],
]
for (const [name, sent, kept] of REQUESTS) {
  test(`request: ${name}`, async () => {
    await using upstream = await RawUpstream.start()
    await using engine = await engineBefore([upstream])
    await using client = await engine.connect()
    client.write(`GET / HTTP/1.1\r\nHost: a\r\n${sent.join('\r\n')}\r\n\r\n`)
    assert.match((await client.readMessage()).head, /^HTTP\/1\.1 200 /)
    const lines = kept.map((line) => `${line}\r\n`).join('')
    assert.equal(upstream.text, `GET / HTTP/1.1\r\nHost: a\r\n${lines}${ownFields('a')}\r\n`)
  })
}

test('names that an operator keeps travel on although a client nominates them', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream], { limits: { keptNominated: ['x-kept'] } })
  await engine.sendToEnd('GET / HTTP/1.1\r\nHost: a\r\nX-Kept: 1\r\nConnection: X-Kept, close\r\n\r\n')
  assert.match(upstream.text, /\r\nX-Kept: 1\r\n/)
})

/** What an endpoint sends, and what of it travels on. */
const RESPONSES: readonly (readonly [name: string, sent: readonly string[], kept: readonly string[]])[] = [
  [
    'fields of the connection',
    [
      'Connection: keep-alive',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: keep-alive',
      'Trailer: X',
      'Upgrade: h2c',
    ],
    [],
  ],
  ['fields for proxies', ['Proxy-Authenticate: Basic'], []],
  ['a nominated field', ['X-Hop: 1', 'Connection: x-hop', 'X-Other: 2'], ['X-Other: 2']],
  ['framing fields that are nominated', ['Connection: Transfer-Encoding, Content-Length', 'X: 1'], ['X: 1']],
  [
    'order, case and repetition',
    ['Set-Cookie: a', 'x-B: 1', 'set-cookie: b', 'Empty:'],
    ['Set-Cookie: a', 'x-B: 1', 'set-cookie: b', 'Empty: '],
  ],
]
for (const [name, sent, kept] of RESPONSES) {
  test(`response: ${name}`, async () => {
    const answer = `HTTP/1.1 200 OK\r\n${sent.join('\r\n')}\r\nContent-Length: 2\r\n\r\nok`
    await using upstream = await RawUpstream.start(answering(answer))
    await using engine = await engineBefore([upstream])
    await using client = await engine.connect()
    const { head } = await client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n').readMessage()
    assert.equal(head, ['HTTP/1.1 200 OK', ...kept, 'Content-Length: 2'].join('\r\n'))
  })
}
