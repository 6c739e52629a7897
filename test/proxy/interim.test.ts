import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineBefore } from '../support/engine.ts'
import { ok, RawUpstream } from '../support/raw-upstream.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nConnection: close\r\n\r\n'

const CASES: readonly (readonly [name: string, answer: string, got: string])[] = [
  ['103', HINTS + ok(), `HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n${ok()}`],
  [
    '102 and 103 in order',
    `HTTP/1.1 102 Processing\r\n\r\n${HINTS}${ok()}`,
    `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n${ok()}`,
  ],
  ['an unsolicited 100', `HTTP/1.1 100 Continue\r\n\r\n${ok()}`, ok()],
]
for (const [name, answer, got] of CASES) {
  for (const pace of ['in one piece', 'byte by byte'] as const) {
    test(`interim: ${name}, ${pace}`, async () => {
      await using upstream = await RawUpstream.start(async (peer) => {
        for (;;) {
          await peer.readMessage()
          if (pace === 'byte by byte') await peer.dribble(answer)
          else peer.write(answer)
        }
      })
      await using engine = await engineBefore([upstream])
      await using client = await engine.connect()
      for (let i = 0; i < 2; i++)
        assert.equal((await client.write(GET).read(got.length)).toString('latin1'), got)
      assert.equal(upstream.connections.length, 1)
    })
  }
}

test('HTTP/1.0 knows no interim answers', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write(HINTS + ok())
  })
  await using engine = await engineBefore([upstream])
  const { text } = await engine.sendToEnd('GET / HTTP/1.0\r\nHost: a\r\n\r\n')
  assert.equal(text, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
})

test('the final answer comes when it comes, long after the interim one', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write(HINTS)
    await peer.readUntil('go')
  })
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.write(GET)
  assert.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 103 /)
  ;(await upstream.connection(0)).write(ok())
  assert.match((await client.readMessage()).head, /^HTTP\/1\.1 200 /)
})

test('an endpoint that sends nothing but interim answers is given up', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write('HTTP/1.1 100 Continue\r\n\r\n'.repeat(1_000))
  })
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  assert.match((await client.write(GET).readMessage()).head, /^HTTP\/1\.1 502 .*Tidegate-Why: UP/s)
  assert.equal(await upstream.connections[0]!.ended(), 'end')
})
