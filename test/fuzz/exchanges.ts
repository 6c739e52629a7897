import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import fc from 'fast-check'
import { startEngine } from '../support/engine.ts'
import { until } from '../support/until.ts'
import { settled } from './memory-socket.ts'

/** One thing that one side does: it sends these bytes, or ends or resets its connection. */
type Act = readonly [who: 'client' | 'endpoint', does: string]

const CLIENT = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET / HTTP/1.0\r\n\r\n',
  'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET / HTTP/1.1\r\nHo',
  'st: a\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab',
  'PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n',
  'cde',
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
  '3\r\nabc\r\n',
  '0\r\n\r\n',
  'x\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  'x'.repeat(100_000),
]
const ENDPOINT = [
  'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab',
  'cde',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
  '3\r\nabc\r\n',
  '0\r\n\r\n',
  'x\r\n',
  'HTTP/1.1 200 OK\r\n\r\nuntil the end',
  'HTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  'HTTP/1.1 2',
  'x'.repeat(100_000),
]
/** Milliseconds. */
const LEFT_WITHIN = 3_000
const ENDS = ['end', 'reset']
const ACT: fc.Arbitrary<Act> = fc.oneof(
  fc.tuple(fc.constant('client' as const), fc.constantFrom(...CLIENT, ...ENDS)),
  fc.tuple(fc.constant('endpoint' as const), fc.constantFrom(...ENDPOINT, ...ENDS)),
)

/** Tidegate between a client and an endpoint that do whatever they like. */
export class ExchangeBench implements AsyncDisposable {
  readonly #endpoint: Server
  readonly #thrown: unknown[] = []
  #sockets: Socket[] = []

  private constructor() {
    this.#endpoint = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {}).resume()
      this.#sockets.push(socket)
    })
  }

  static async start(): Promise<ExchangeBench> {
    const bench = new ExchangeBench()
    bench.#endpoint.listen(0, '127.0.0.1')
    await once(bench.#endpoint, 'listening')
    // In a worker, what is thrown in a socket's event ends it, with all its connections.
    process.setUncaughtExceptionCaptureCallback((error) => bench.#thrown.push(error))
    return bench
  }

  /** Nothing is thrown, whatever happens when, and when both have left, nothing is left of them. */
  readonly holds = fc.asyncProperty(fc.array(ACT, { minLength: 1, maxLength: 12 }), async (acts) => {
    this.#thrown.length = 0
    const endpoints = { 0: { port: (this.#endpoint.address() as AddressInfo).port } }
    await using engine = await startEngine({ routers: { all: {} }, services: { main: { endpoints } } })
    const client = connect({ port: engine.port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    client.on('error', () => {}).resume()
    await once(client, 'connect')
    for (const [who, does] of acts) {
      const socket = who === 'client' ? client : this.#sockets.at(-1)
      if (socket) act(socket, does)
      await settled()
    }
    client.resetAndDestroy()
    // The endpoint of a tunnel has been told that its client has ended, and may go on for as long as it likes.
    if (acts.some(([, does]) => does.startsWith('HTTP/1.1 101'))) this.#resetEndpoint()
    await settled()
    await until('the client to be forgotten', () => engine.stats.connections === 0, LEFT_WITHIN)
    assert.deepEqual(this.#thrown, [])
    assert.deepEqual(engine.failures, [])
    await until('nothing to be in flight', () => engine.inFlight === 0, LEFT_WITHIN)
    this.#resetEndpoint()
  })

  #resetEndpoint(): void {
    for (const socket of this.#sockets.splice(0)) socket.resetAndDestroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.setUncaughtExceptionCaptureCallback(null)
    for (const socket of this.#sockets) socket.destroy()
    this.#endpoint.close()
  }
}

function act(socket: Socket, does: string): void {
  if (does === 'reset') socket.resetAndDestroy()
  else if (does === 'end') socket.end()
  else if (socket.writable) socket.write(does, 'latin1')
}
