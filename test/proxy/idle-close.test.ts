import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineBefore } from '../support/engine.ts'
import { RawUpstream } from '../support/raw-upstream.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

test('a request that has come when the idle time-out is found over is answered', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream], { limits: { idleTimeout: 300 } })
  await using client = await engine.connect()
  await client.write(GET).readMessage()
  client.write(GET)
  // The thread stands still, so that the request lies in the kernel while its time-out passes.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600)
  assert.match((await client.readMessage()).head, /^HTTP\/1\.1 200 /)
})
