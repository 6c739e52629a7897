import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { startEngine } from '../support/engine.ts'
import type { Engine } from '../support/engine.ts'
import { until } from '../support/until.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes of heap that may come and go by themselves: far less than 1,000 requests hold. */
const SLACK = 400_000
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

test('after 1,000 aborts nothing is in flight within a second, and descriptors and heap are as before', async () => {
  // Nothing is kept of what comes: the memory is to be the engine's alone.
  const silent = createServer((socket) => socket.resume().on('error', () => {})).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const endpoints = { 0: { port: (silent.address() as AddressInfo).port } }
  await using engine = await startEngine({ routers: { all: {} }, services: { main: { endpoints } } })
  // The first rounds load code and fill pools.
  for (let i = 0; i < 2; i++) await abort(engine, 1_000)
  const before = await footprint(engine)
  await abort(engine, 1_000)
  const after = await footprint(engine)
  assert.equal(after.descriptors, before.descriptors)
  assert.ok(after.heap - before.heap < SLACK, `${after.heap - before.heap} bytes more`)
  silent.close()
})

async function abort(engine: Engine, count: number): Promise<void> {
  for (let done = 0; done < count; done += 100) {
    const clients = Array.from({ length: 100 }, () => connect(engine.port, '127.0.0.1'))
    for (const client of clients) client.on('error', () => {}).write(GET)
    await until('all in flight', () => engine.inFlight === 100)
    const begun = performance.now()
    for (const client of clients) client.resetAndDestroy()
    await until('none in flight', () => engine.inFlight === 0)
    assert.ok(performance.now() - begun < 1_000)
  }
  engine.finished.length = 0
}

async function footprint(engine: Engine): Promise<{ descriptors: number; heap: number }> {
  await until('the connections to be forgotten', () => engine.stats.connections === 0)
  const descriptors = await until('descriptors to settle', settledDescriptors)
  collectGarbage()
  return { descriptors, heap: process.memoryUsage().heapUsed }
}

/** Both ends of a connection are in this process, and the far one is closed a moment later. */
async function settledDescriptors(): Promise<number | undefined> {
  const count = readdirSync('/proc/self/fd').length
  await new Promise((resolve) => setTimeout(resolve, 50))
  return readdirSync('/proc/self/fd').length === count ? count : undefined
}
