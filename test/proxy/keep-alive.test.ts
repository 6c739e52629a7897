import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineBefore, ownFields } from '../support/engine.ts'
import { RawUpstream } from '../support/raw-upstream.ts'

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
