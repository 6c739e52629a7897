import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joinWires } from '../../src/proxy/tunnel.ts'
import type { WireHandler } from '../../src/proxy/wire.ts'
import { StuckSocket } from '../support/stuck-socket.ts'

const NOBODY: WireHandler = { onBytes() {}, onEnd() {}, onDrain() {}, onClose() {} }

const turns = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}

test('what the endpoint sent before it closed reaches a slow client, which had closed its side before', async () => {
  const client = new StuckSocket()
  const endpoint = new StuckSocket()
  const ended: number[] = []
  joinWires(client.wire(NOBODY), endpoint.wire(NOBODY), (...bytes) => ended.push(...bytes))
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
  joinWires(client.wire(NOBODY), endpoint.wire(NOBODY), () => ended++)
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
