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
import { certificateFor, Http2Client, tlsWith } from '../support/tls.ts'
import { until } from '../support/until.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes of heap that may come and go by themselves: far less than 1,000 requests hold. */
const SLACK = 400_000
/** Descriptors. */
const SOME = 10
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const HALF_POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc'
const HALF_ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nabc'

interface Way {
  readonly name: string
  /** What the endpoint says to each request. */
  readonly answer?: string
  readonly secure?: boolean
  /** Begins a hundred requests; what it gives ends their clients. */
  readonly begin: (port: number) => () => void
}

const WAYS: readonly Way[] = [
  { name: 'while they wait', begin: (port) => sockets(port, GET) },
  { name: 'within their bodies', begin: (port) => sockets(port, HALF_POST) },
  { name: 'within the answers', answer: HALF_ANSWER, begin: (port) => sockets(port, GET) },
  { name: 'within both', answer: HALF_ANSWER, begin: (port) => sockets(port, HALF_POST) },
  { name: 'on HTTP/2 connections', answer: HALF_ANSWER, secure: true, begin: sessions },
]
for (const { name, answer = '', secure = false, begin } of WAYS) {
  test(`after 1,000 aborts ${name} nothing is in flight within a second, descriptors and heap are as before`, async (t) => {
    // Nothing is kept of what comes: the memory is to be the engine's alone.
    const endpoint = createServer((socket) => {
      socket.resume().on('error', () => {})
      if (answer !== '') socket.once('data', () => socket.write(answer))
    })
    endpoint.listen(0, '127.0.0.1')
    t.after(() => endpoint.close())
    await once(endpoint, 'listening')
    const endpoints = { 0: { port: (endpoint.address() as AddressInfo).port } }
    await using engine = await startEngine({
      routers: { all: { tls: secure } },
      services: { main: { endpoints } },
      ...(secure && { tls: tlsWith({ local: certificateFor('local.test') }) }),
    })
    // The first rounds load code and fill pools.
    for (let i = 0; i < 2; i++) await abort(engine, 1_000, begin)
    const marks = [await footprint(engine)]
    for (let i = 0; i < 2; i++) {
      await abort(engine, 1_000, begin)
      marks.push(await footprint(engine))
    }
    const [before, between, after] = marks as [Footprint, Footprint, Footprint]
    // One or two may still be closing at either moment; what leaks, leaks by the hundred.
    assert.ok(
      after.descriptors <= before.descriptors + SOME,
      `${after.descriptors} descriptors, ${before.descriptors} before`,
    )
    // What leaks, leaks with every thousand; what is compiled or kept for the next time is so once.
    const growth = [between.heap - before.heap, after.heap - between.heap]
    assert.ok(Math.min(...growth) < SLACK, `${growth.join(' and then ')} bytes more`)
  })
}

function sockets(port: number, request: string): () => void {
  const clients = Array.from({ length: 100 }, () => connect(port, '127.0.0.1'))
  for (const client of clients) client.on('error', () => {}).write(request)
  return () => {
    for (const client of clients) client.resetAndDestroy()
  }
}

/** Ten streams on each. */
function sessions(port: number): () => void {
  const clients = Array.from({ length: 10 }, () => new Http2Client(port))
  for (const client of clients)
    for (let i = 0; i < 10; i++) client.open({ ':method': 'POST' }, { endStream: false }).write('abc')
  return () => {
    for (const { session } of clients) session.destroy()
  }
}

async function abort(engine: Engine, count: number, begin: Way['begin']): Promise<void> {
  for (let done = 0; done < count; done += 100) {
    const leave = begin(engine.port)
    await until('all in flight', () => engine.inFlight === 100)
    const begun = performance.now()
    leave()
    await until('none in flight', () => engine.inFlight === 0)
    assert.ok(performance.now() - begun < 1_000)
  }
  assert.deepEqual(engine.failures, [])
  engine.finished.length = 0
}

interface Footprint {
  readonly descriptors: number
  readonly heap: number
}

async function footprint(engine: Engine): Promise<Footprint> {
  await until('the connections to be forgotten', () => engine.stats.connections === 0)
  const descriptors = await until('descriptors to settle', settledDescriptors)
  // What a collection finds dead may hold more, which the next turn lets go.
  for (let i = 0; i < 3; i++) {
    collectGarbage()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { descriptors, heap: process.memoryUsage().heapUsed }
}

/** Both ends of a connection are in this process, and the far one is closed a moment later. */
async function settledDescriptors(): Promise<number | undefined> {
  const count = readdirSync('/proc/self/fd').length
  await new Promise((resolve) => setTimeout(resolve, 50))
  return readdirSync('/proc/self/fd').length === count ? count : undefined
}
