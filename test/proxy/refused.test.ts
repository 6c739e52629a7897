import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineBefore } from '../support/engine.ts'
import { RawUpstream } from '../support/raw-upstream.ts'

/** What is refused, and what the access log is told of it: each refusal once, with its reason. */
const REFUSED: readonly (readonly [bytes: string, status: number, why: string, path: string])[] = [
  ['nonsense\r\n\r\n', 400, 'BR', '-'],
  ['GET / HTTP/1.1\r\n\r\n', 400, 'BR', '-'],
  ['GET / HTTP/3.0\r\nHost: a\r\n\r\n', 505, 'VN', '-'],
  ['CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', 405, 'MN', '-'],
  ['GET /x HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n', 417, 'EX', '-'],
  // The head was good: what is known of the request is told.
  ['POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 400, 'BR', '/x'],
]
for (const [bytes, status, why, path] of REFUSED) {
  test(`${JSON.stringify(bytes)} is told as ${status} ${why}`, async () => {
    await using upstream = await RawUpstream.start()
    await using engine = await engineBefore([upstream])
    const { text } = await engine.sendToEnd(bytes)
    assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `))
    const told = engine.finished.map((one) => ({ status: one.status, why: one.why, path: one.path }))
    assert.deepEqual(told, [{ status, why, path }])
  })
}
