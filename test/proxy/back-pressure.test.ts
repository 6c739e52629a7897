import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { engineBefore } from '../support/engine.ts'
import type { RawPeer } from '../support/raw-peer.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

/** More than all buffers of the system between two sockets of this machine take. */
const SIZE = 48 * 1024 * 1024
const PIECE = Buffer.from(Array.from({ length: 64 * 1024 }, (_, i) => (i * 7 + (i >> 8)) & 255))
const PIECES = SIZE / PIECE.length
const DIGEST = createHash('sha1')
for (let i = 0; i < PIECES; i++) DIGEST.update(PIECE)
const EXPECTED = DIGEST.digest('hex')

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes that live buffers of this process hold, outside of the system's own. */
async function heldBytes(): Promise<number> {
  // Array buffers are freed behind the collection that finds them dead.
  for (let i = 0; i < 3; i++) {
    collectGarbage()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { external, arrayBuffers } = process.memoryUsage()
  return external + arrayBuffers
}

/** Writes the whole body as fast as the other side takes it. */
async function sendBody(
  socket: Socket,
  framing: 'counted' | 'chunked',
  sent: { pieces: number },
): Promise<void> {
  for (let i = 0; i < PIECES; i++) {
    const piece =
      framing === 'counted' ? PIECE : Buffer.concat([Buffer.from('10000\r\n'), PIECE, Buffer.from('\r\n')])
    await new Promise<void>((resolve) => socket.write(piece, () => resolve()))
    sent.pieces++
  }
  if (framing === 'chunked') socket.write('0\r\n\r\n')
}

/** Reads a body of `SIZE` bytes without keeping it, and gives its digest. */
async function digestOf(peer: RawPeer, framing: 'counted' | 'chunked'): Promise<string> {
  const digest = createHash('sha1')
  if (framing === 'counted') {
    for (let left = SIZE; left > 0;) {
      const piece = await peer.read(Math.min(left, PIECE.length))
      digest.update(piece)
      left -= piece.length
    }
    return digest.digest('hex')
  }
  for (;;) {
    const size = Number.parseInt(await peer.readUntil('\r\n'), 16)
    digest.update(await peer.read(size))
    assert.equal(await peer.readUntil('\r\n'), '\r\n')
    if (size === 0) return digest.digest('hex')
  }
}

const FRAMINGS = { counted: `Content-Length: ${SIZE}`, chunked: 'Transfer-Encoding: chunked' } as const

for (const framing of ['counted', 'chunked'] as const) {
  test(`a slow reader of a big ${framing} answer: what the proxy holds is bounded, and nothing is lost`, async () => {
    const sent = { pieces: 0 }
    await using upstream = await RawUpstream.start(async (peer) => {
      await peer.readMessage()
      peer.write(`HTTP/1.1 200 OK\r\n${FRAMINGS[framing]}\r\n\r\n`)
      await sendBody(peer.socket, framing, sent)
    })
    await using engine = await engineBefore([upstream])
    await using client = await engine.connect()
    client.keepsHistory = false
    client.pause()
    const before = await heldBytes()
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await until(
      'the endpoint to be stopped',
      standsStill(() => sent.pieces),
    )
    assert.ok(sent.pieces < PIECES)
    const held = (await heldBytes()) - before
    assert.ok(held < 1024 * 1024, `${held} bytes held`)
    client.resume()
    await client.readUntil('\r\n\r\n')
    assert.equal(await digestOf(client, framing), EXPECTED)
  })

  test(`a slow endpoint of a big ${framing} upload: what the proxy holds is bounded, and nothing is lost`, async () => {
    await using upstream = await RawUpstream.start((peer) => {
      peer.keepsHistory = false
      peer.pause()
    })
    await using engine = await engineBefore([upstream])
    await using client = await engine.connect()
    const sent = { pieces: 0 }
    const before = await heldBytes()
    client.write(`POST / HTTP/1.1\r\nHost: a\r\n${FRAMINGS[framing]}\r\n\r\n`)
    const sending = sendBody(client.socket, framing, sent)
    const peer = await upstream.connection(0)
    await until(
      'the client to be stopped',
      standsStill(() => sent.pieces),
    )
    assert.ok(sent.pieces < PIECES)
    const held = (await heldBytes()) - before
    assert.ok(held < 1024 * 1024, `${held} bytes held`)
    peer.resume()
    await peer.readUntil('\r\n\r\n')
    assert.equal(await digestOf(peer, framing), EXPECTED)
    await sending
    peer.write('HTTP/1.1 204 No Content\r\n\r\n')
    assert.match((await client.readMessage({ bodiless: true })).head, / 204 /)
  })
}

test('the last answer of a connection is not cut off for a slow reader', async () => {
  const body = Buffer.alloc(8 * 1024 * 1024, 'x')
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`).write(body)
  })
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.pause()
  client.write('GET / HTTP/1.0\r\nHost: a\r\n\r\n')
  // Longer than a closing connection waits for its client to close.
  const begun = performance.now()
  await until('two seconds', () => performance.now() - begun > 2_000)
  client.resume()
  const { text, ending } = await client.readToEnd()
  assert.equal(text.length - text.indexOf('\r\n\r\n') - 4, body.length)
  assert.equal(ending, 'end')
})

/** Whether a number has not changed over twenty looks. */
function standsStill(read: () => number): () => boolean {
  let before = -1
  let times = 0
  return () => {
    const now = read()
    times = now === before && now > 0 ? times + 1 : 0
    before = now
    return times >= 20
  }
}
