import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { joinWires } from '../../src/proxy/tunnel.ts'
import { Wire } from '../../src/proxy/wire.ts'
import type { WireHandler } from '../../src/proxy/wire.ts'

const NOBODY: WireHandler = { onBytes() {}, onEnd() {}, onDrain() {}, onClose() {} }

/** A socket whose system takes nothing until `flush`. */
class StuckSocket extends Duplex {
  readonly taken: Buffer[] = []
  #flush: (() => void) | undefined = undefined

  constructor() {
    super({ allowHalfOpen: true })
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#flush = () => {
      this.taken.push(chunk)
      done()
    }
  }

  flush(): void {
    this.#flush?.()
  }
}

function wireOf(socket: Duplex): Wire {
  return Wire.tls(socket as unknown as TLSSocket, NOBODY)
}

const turns = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}

test('what the endpoint sent before it closed reaches a slow client, which had closed its side before', async () => {
  const client = new StuckSocket()
  const endpoint = new StuckSocket()
  const ended: number[] = []
  joinWires(wireOf(client), wireOf(endpoint), (...bytes) => ended.push(...bytes))
  client.push(null)
  endpoint.push(Buffer.from('the last words'))
  endpoint.push(null)
  await turns()
  assert.ok(endpoint.destroyed, 'it has ended both ways')
  assert.ok(!client.destroyed, 'it has not taken all of it yet')
  client.flush()
  await turns()
  assert.equal(Buffer.concat(client.taken).toString(), 'the last words')
  assert.ok(client.destroyed)
  assert.deepEqual(ended, [14, 0])
})

test('an end that is closed by force closes the other one, behind what was written', async () => {
  const client = new StuckSocket()
  const endpoint = new StuckSocket()
  let ended = 0
  joinWires(wireOf(client), wireOf(endpoint), () => ended++)
  endpoint.push(Buffer.from('the last words'))
  await turns()
  endpoint.destroy()
  await turns()
  assert.ok(!client.destroyed)
  client.flush()
  await turns()
  assert.ok(client.destroyed)
  assert.equal(ended, 1)
})
