import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineBefore, ownFields } from '../support/engine.ts'
import { answering, ok, RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

test('two requests on one connection use one connection to the endpoint', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  for (const path of ['/1', '/2']) {
    client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
    const { head, body } = await client.readMessage()
    assert.equal(head, 'HTTP/1.1 200 OK\r\nContent-Length: 2')
    assert.equal(body.toString(), 'ok')
  }
  assert.equal(upstream.connections.length, 1)
  assert.equal(
    upstream.text,
    `GET /1 HTTP/1.1\r\nHost: a\r\n${ownFields('a')}\r\nGET /2 HTTP/1.1\r\nHost: a\r\n${ownFields('a')}\r\n`,
  )
})

test('two clients share a connection to the endpoint, one after the other', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream])
  for (let i = 0; i < 3; i++) await engine.sendToEnd('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  assert.equal(upstream.connections.length, 1)
})

/** What the client says, and what the proxy does with the connection. */
const CLIENTS: readonly (readonly [head: string, said: string | undefined, fate: 'open' | 'end'])[] = [
  ['GET / HTTP/1.1\r\nHost: a\r\n', undefined, 'open'],
  ['GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n', undefined, 'open'],
  ['GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n', 'close', 'end'],
  ['GET / HTTP/1.1\r\nHost: a\r\nConnection: CLOSE\r\n', 'close', 'end'],
  ['GET / HTTP/1.1\r\nHost: a\r\nConnection: x, close\r\n', 'close', 'end'],
  ['GET / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: close\r\n', 'close', 'end'],
  ['GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n', 'close', 'end'],
  ['GET / HTTP/1.0\r\nHost: a\r\n', 'close', 'end'],
  ['GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n', 'keep-alive', 'open'],
  ['GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n', 'keep-alive', 'open'],
  ['GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive, close\r\n', 'close', 'end'],
]
for (const [head, said, fate] of CLIENTS) {
  test(`client: ${JSON.stringify(head)} → ${fate}`, async () => {
    await using upstream = await RawUpstream.start()
    await using engine = await engineBefore([upstream])
    await using client = await engine.connect()
    client.write(`${head}\r\n`)
    const answer = await client.readMessage()
    assert.equal(/^Connection: (.*)$/m.exec(answer.head)?.[1], said)
    if (fate === 'end') assert.equal(await client.ended(), 'end')
    else assert.match((await client.write(GET).readMessage()).head, /^HTTP\/1\.1 200 /)
    assert.doesNotMatch(upstream.text, /^connection:/im)
    assert.equal(upstream.connections.length, 1)
  })
}

/** What the endpoint says, and whether its connection is used again. */
const ENDPOINTS: readonly (readonly [answer: string, reused: boolean])[] = [
  [ok(), true],
  [ok('ok', 'Connection: keep-alive\r\n'), true],
  [ok('ok', 'Connection: close\r\n'), false],
  [ok('ok', 'Connection: x, Close\r\n'), false],
  ['HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok', false],
  ['HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok', true],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n', true],
  ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\r\n', false],
]
for (const [answer, reused] of ENDPOINTS) {
  test(`endpoint: ${JSON.stringify(answer)} → ${reused ? 'used again' : 'closed'}`, async () => {
    await using upstream = await RawUpstream.start(answering(answer))
    await using engine = await engineBefore([upstream])
    await using client = await engine.connect()
    for (let i = 0; i < 2; i++) {
      const { head, body } = await client.write(GET).readMessage()
      assert.match(head, /^HTTP\/1\.1 200 OK\r\n/)
      assert.doesNotMatch(head, /connection|keep-alive/i)
      assert.equal(body.toString(), 'ok')
    }
    assert.equal(upstream.connections.length, reused ? 1 : 2)
    if (!reused) await upstream.connections[0]!.ended()
  })
}

test('after keepAliveMaxRequests requests the connection is closed', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream], { limits: { keepAliveMaxRequests: 3 } })
  await using client = await engine.connect()
  for (let i = 1; i <= 3; i++) {
    const { head } = await client.write(GET).readMessage()
    assert.equal(head.endsWith('Connection: close'), i === 3)
  }
  assert.equal(await client.ended(), 'end')
})

test('after keepAliveMaxTime the next answer closes the connection', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream], { limits: { keepAliveMaxTime: 1 } })
  await using client = await engine.connect()
  const heads: string[] = []
  await until('an answer that closes the connection', async () => {
    const { head } = await client.write(GET).readMessage()
    heads.push(head)
    return head.endsWith('Connection: close')
  })
  assert.equal(await client.ended(), 'end')
})

test('an answer of unknown length ends with the connection for HTTP/1.0', async () => {
  await using upstream = await RawUpstream.start(
    answering(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n',
    ),
  )
  await using engine = await engineBefore([upstream])
  const { text, ending } = await engine.sendToEnd(
    'GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n',
  )
  assert.equal(text, 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nokabc')
  assert.equal(ending, 'end')
})
