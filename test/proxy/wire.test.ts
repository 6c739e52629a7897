import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { Wire } from '../../src/proxy/wire.ts'
import { RawPeer } from '../support/raw-peer.ts'
import { until } from '../support/until.ts'

interface Pair extends AsyncDisposable {
  readonly wire: Wire
  readonly peer: RawPeer
  /** How often the wire told that it has closed. */
  readonly closes: () => number
}

async function connected(): Promise<Pair> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  let closes = 0
  const ready = Promise.withResolvers<void>()
  const handler = {
    onBytes: () => {},
    onEnd: () => {},
    onDrain: () => {},
    onClose: () => void closes++,
  }
  const wire = Wire.connect('127.0.0.1', (server.address() as AddressInfo).port, handler, ready.resolve)
  await ready.promise
  const [socket] = await accepted
  return {
    wire,
    peer: new RawPeer(socket),
    closes: () => closes,
    async [Symbol.asyncDispose]() {
      wire.destroy()
      socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const openSockets = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length

const inTheSameTurn = {
  'at once': (act: () => void) => act(),
  'at the next tick': (act: () => void) => process.nextTick(act),
}
for (const [when, later] of Object.entries(inTheSameTurn))
  test(`a reset ${when} behind an end closes, and leaves no descriptor open`, async () => {
    await using pair = await connected()
    const { wire, peer } = pair
    wire.write('all')
    await peer.read(3)
    wire.end()
    later(() => wire.reset())
    await peer.ended()
    await until('the close', () => pair.closes() === 1)
    assert.ok(wire.socket.destroyed)
    peer.socket.destroy()
    await until('all sockets to be closed', () => openSockets() === 0)
  })

test('a reset behind an end that still waits for the peer to read is a reset', async () => {
  await using pair = await connected()
  pair.peer.pause()
  pair.peer.keepsHistory = false
  while (pair.wire.write(Buffer.alloc(1024 * 1024)) || pair.wire.backlog < 8 * 1024 * 1024);
  pair.wire.end()
  pair.wire.reset()
  pair.peer.resume()
  assert.equal(await pair.peer.ended(), 'reset')
  await until('the close', () => pair.closes() === 1)
})
