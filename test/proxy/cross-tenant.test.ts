import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { engineBefore } from '../support/engine.ts'
import type { Engine } from '../support/engine.ts'
import type { RawPeer } from '../support/raw-peer.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

/**
 * All connections of a thread read into one buffer. If bytes of it were ever written without being copied, a client
 * that is slow to take its answer would get what others have read meanwhile (seen while this was designed).
 */
const CLIENTS = 40
const ROUNDS = 6
const SIZES = [0, 1, 100, 3_000, 70_000, 400_000, 3_000_000]

const secretOf = (client: number): string => createHash('sha256').update(`client ${client}`).digest('hex')

/** A body that holds nothing but its owner's secret. */
function bodyOf(secret: string, size: number): Buffer {
  return Buffer.alloc(size, secret)
}

function framed(body: Buffer, chunked: boolean): string | Buffer {
  if (!chunked) return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body])
  const parts: Buffer[] = [Buffer.from('Transfer-Encoding: chunked\r\n\r\n')]
  for (let at = 0; at < body.length; at += 10_007) {
    const piece = body.subarray(at, at + 10_007)
    parts.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'))
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}

/** Checks that every request holds its sender's secret alone, and answers with as much of it as is asked for. */
function checkingUpstream(wrong: string[]): Promise<RawUpstream> {
  return RawUpstream.start(async (peer) => {
    peer.keepsHistory = false
    for (;;) {
      const { head, body } = await peer.readMessage()
      const [, client = '', size = '', chunked = ''] = /^POST \/(\d+)\/(\d+)\/(\w+) /.exec(head) ?? []
      const secret = secretOf(Number(client))
      if (/^X-Secret: (.*)$/m.exec(head)?.[1] !== secret) wrong.push(`head: ${head}`)
      if (!body.equals(bodyOf(secret, body.length))) wrong.push(`body of client ${client}`)
      const answer = `HTTP/1.1 200 OK\r\nX-Secret: ${secret}\r\nX-Got: ${body.length}\r\n`
      await peer.send(
        Buffer.concat([
          Buffer.from(answer),
          Buffer.from(framed(bodyOf(secret, Number(size)), chunked === 'chunked')),
        ]),
      )
    }
  })
}

async function client(engine: Engine, index: number, wrong: string[]): Promise<void> {
  await using peer = await engine.connect()
  peer.keepsHistory = false
  const secret = secretOf(index)
  for (let round = 0; round < ROUNDS; round++) {
    const [up, down] = [
      SIZES[(index + round) % SIZES.length]!,
      SIZES[(index * 3 + round * 5) % SIZES.length]!,
    ]
    const slow = (index + round) % 3 === 0
    const [chunkedUp, chunkedDown] = [(index + round) % 2 === 0, round % 2 === 0]
    if (slow) peer.pause()
    const head = `POST /${index}/${down}/${chunkedDown ? 'chunked' : 'counted'} HTTP/1.1\r\nHost: a\r\nX-Secret: ${secret}\r\n`
    await peer.send(Buffer.concat([Buffer.from(head), Buffer.from(framed(bodyOf(secret, up), chunkedUp))]))
    // Others are served while this one does not read.
    if (slow) for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    if (slow) peer.resume()
    await check(peer, { index, secret, up, down }, wrong)
  }
}

async function check(
  peer: RawPeer,
  sent: { index: number; secret: string; up: number; down: number },
  wrong: string[],
): Promise<void> {
  const { head, body } = await peer.readMessage()
  if (/^X-Secret: (.*)$/m.exec(head)?.[1] !== sent.secret)
    wrong.push(`client ${sent.index} got the head ${head}`)
  if (!body.equals(bodyOf(sent.secret, sent.down)))
    wrong.push(`client ${sent.index} got a body of ${body.length} bytes of others`)
  if (/^X-Got: (.*)$/m.exec(head)?.[1] !== String(sent.up)) wrong.push(`client ${sent.index}: ${head}`)
}

test(`${CLIENTS} clients with secrets: nobody ever receives a byte of another`, async () => {
  const wrong: string[] = []
  await using upstream = await checkingUpstream(wrong)
  await using engine = await engineBefore([upstream])
  await Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(engine, index, wrong)))
  assert.deepEqual(wrong.slice(0, 3), [])
  assert.equal(engine.finished.length, CLIENTS * ROUNDS)
  assert.ok(upstream.connections.length <= CLIENTS, 'connections to the endpoint are shared')
})

test('tunnels of many clients, all of them slow: nobody ever receives a byte of another', async () => {
  const size = 24 * 1024 * 1024
  await using upstream = await RawUpstream.start(async (peer) => {
    peer.keepsHistory = false
    const head = await peer.readUntil('\r\n\r\n')
    peer.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    const piece = bodyOf(secretOf(Number(/^GET \/(\d+)/.exec(head)?.[1])), 64 * 1024)
    for (let sent = 0; sent < size; sent += piece.length) await peer.send(piece)
  })
  await using engine = await engineBefore([upstream])
  const peers = await Promise.all(Array.from({ length: 6 }, () => engine.connect()))
  for (const [index, peer] of peers.entries()) {
    peer.keepsHistory = false
    peer.write(`GET /${index} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`)
    await peer.readUntil('\r\n\r\n')
    peer.pause()
  }
  // More is under way to each than its system takes, so bytes of all of them wait in the proxy together.
  let written = 0
  let looks = 0
  await until('all to be stopped', () => {
    const now = upstream.connections.reduce((sum, { socket }) => sum + socket.bytesWritten, 0)
    looks = now === written ? looks + 1 : 0
    written = now
    return looks >= 20
  })
  assert.ok(upstream.connections.every(({ socket }) => socket.writableLength > 0))
  for (const peer of peers) peer.resume()
  const wrong: number[] = []
  for (const [index, peer] of peers.entries()) {
    const expected = bodyOf(secretOf(index), 64 * 1024)
    for (let got = 0; got < size; got += expected.length) {
      if (!(await peer.read(expected.length)).equals(expected)) wrong.push(index)
    }
    await peer[Symbol.asyncDispose]()
  }
  assert.deepEqual(wrong, [])
})
