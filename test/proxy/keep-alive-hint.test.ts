import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineBefore } from '../support/engine.ts'
import { answering, ok, RawUpstream } from '../support/raw-upstream.ts'

const CLOSING = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

/** What the endpoint says, and how many connections two requests after one another take. */
const HINTS: readonly (readonly [field: string, connections: number])[] = [
  ['', 1],
  ['Keep-Alive: timeout=5\r\n', 1],
  ['Keep-Alive: timeout=5, max=100\r\n', 1],
  ['Keep-Alive: max=100\r\n', 1],
  ['Keep-Alive: nonsense\r\n', 1],
  // Less a second, nothing is left of these.
  ['Keep-Alive: timeout=1\r\n', 2],
  ['Keep-Alive: max=100, timeout=0\r\n', 2],
]
for (const [field, connections] of HINTS) {
  test(`endpoint: ${JSON.stringify(field)} → ${connections} connections`, async () => {
    await using upstream = await RawUpstream.start(answering(ok('ok', field)))
    await using engine = await engineBefore([upstream])
    for (let i = 0; i < 2; i++) await engine.sendToEnd(CLOSING)
    assert.equal(upstream.connections.length, connections)
    assert.doesNotMatch(upstream.text, /keep-alive/i)
  })
}

test('an idle connection is closed before the endpoint would close it', async () => {
  await using upstream = await RawUpstream.start(answering(ok('ok', 'Keep-Alive: timeout=2\r\n')))
  await using engine = await engineBefore([upstream])
  await engine.sendToEnd(CLOSING)
  const answered = performance.now()
  const connection = await upstream.connection(0)
  assert.equal(await connection.ended(), 'end')
  assert.ok(performance.now() - answered < 2_000, 'a second ahead of its time')
})
