import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { engineBefore } from '../support/engine.ts'
import type { Engine, EngineSketch } from '../support/engine.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { secureEngine } from '../support/tls.ts'
import { until } from '../support/until.ts'

/** Milliseconds within which nothing may be left of an aborted request; a handful are usual. */
const AT_ONCE = 500
/** Announces five bytes of a body, and sends three. */
const HALF = { method: 'POST', length: 5, body: 'abc' }

interface Ask {
  readonly method?: string
  readonly length?: number
  readonly body?: string
}

/** A client with one request. */
interface Client {
  ask(ask: Ask): void
  /** Of the answer's body. */
  readonly received: string
  /** Bytes that it has sent and the system has not taken. */
  readonly unsent: number
  /** Goes away in the middle of it, whatever it is. */
  leave(): void
}

interface Protocol {
  readonly name: string
  readonly engine: (upstreams: readonly RawUpstream[], sketch?: EngineSketch) => Promise<Engine>
  readonly client: (port: number) => Promise<Client>
}

const PROTOCOLS: readonly Protocol[] = [
  { name: 'HTTP/1.1', engine: engineBefore, client: async (port) => onSocket(await opened(port)) },
  {
    name: 'HTTP/1.1 over TLS',
    engine: secureEngine,
    client: async (port) => {
      const below = await opened(port)
      return onSocket(await secured(below, 'http/1.1'), below)
    },
  },
  { name: 'HTTP/2, its stream', engine: secureEngine, client: (port) => onStream(port, false) },
  { name: 'HTTP/2, its connection', engine: secureEngine, client: (port) => onStream(port, true) },
]

interface Moment {
  readonly name: string
  readonly ask: Ask
  /** What the endpoint does with a whole request head. */
  readonly answer?: string
  /** The client leaves when the endpoint, or the client itself, has got this. */
  readonly upstreamHas?: string
  readonly clientHas?: string
}

const MOMENTS: readonly Moment[] = [
  { name: 'while it waits for the answer', ask: {}, upstreamHas: '\r\n\r\n' },
  { name: 'within the request body', ask: HALF, upstreamHas: 'abc' },
  {
    name: 'within the answer',
    ask: {},
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nabc',
    clientHas: 'abc',
  },
  {
    name: 'within both bodies',
    ask: HALF,
    answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
    clientHas: 'abc',
  },
]
for (const protocol of PROTOCOLS) {
  for (const { name, ask, answer, upstreamHas, clientHas } of MOMENTS) {
    test(`${protocol.name}: a client that leaves ${name} is given up at the endpoint at once`, async (t) => {
      await using upstream = await RawUpstream.start(async (peer) => {
        await peer.readUntil('\r\n\r\n')
        if (answer !== undefined) peer.write(answer)
      })
      await using engine = await protocol.engine([upstream])
      const client = await protocol.client(engine.port)
      client.ask(ask)
      const peer = await upstream.connection(0)
      await until('its moment', () =>
        clientHas === undefined ? peer.text.includes(upstreamHas!) : client.received.includes(clientHas),
      )
      const begun = performance.now()
      client.leave()
      await peer.ended()
      const took = performance.now() - begun
      t.diagnostic(`the endpoint knew ${took.toFixed(1)} ms later`)
      assert.ok(took < AT_ONCE, `${took} ms`)
      assert.equal(engine.inFlight, 0)
      await until('the exchange to be over', () => engine.finished.length === 1)
      assert.equal(engine.finished[0]!.why, 'DC')
    })
  }

  test(`${protocol.name}: a client that leaves the queue makes room, and no endpoint hears of it`, async () => {
    await using upstream = await RawUpstream.start(() => {})
    const limits = { maxConnections: 1, maxQueue: 1, queueTimeout: 0 }
    const services = { main: { endpoints: { 0: { port: upstream.port } }, limits } }
    await using engine = await protocol.engine([upstream], { services })
    const served = await protocol.client(engine.port)
    served.ask({})
    await until('one in flight', () => engine.inFlight === 1)
    const others = [await protocol.client(engine.port), await protocol.client(engine.port)]
    for (const client of others) client.ask({})
    // One waits, and so the other finds the queue full, whichever came first.
    const refused = await until('a full queue', () =>
      others.find(({ received }) => received.includes('Service Unavailable')),
    )
    const waiting = others.find((client) => client !== refused)!
    waiting.leave()
    await until('the exchange to be over', () => engine.stats.why['DC'] === 1)
    assert.equal(upstream.connections.length, 1)
    assert.equal(upstream.text.split('GET').length - 1, 1)
    served.leave()
    await until('none in flight', () => engine.inFlight === 0)
    refused.leave()
  })
}

test('HTTP/1.1: a client that leaves within its head is forgotten', async () => {
  await using engine = await engineBefore([])
  const socket = await opened(engine.port)
  await new Promise((resolve) => socket.write('GET / HTTP/1.1\r\nHost', resolve))
  await until('the connection', () => engine.stats.connections === 1)
  socket.resetAndDestroy()
  await until('the connection to be forgotten', () => engine.stats.connections === 0)
})

/** More than is read ahead of an endpoint that takes nothing. */
const LARGE = 'x'.repeat(16_000_000)
const AHEAD: readonly (readonly [name: string, ask: Ask, answer: string])[] = [
  ['of a body that its endpoint does not take', { method: 'POST', length: LARGE.length, body: LARGE }, ''],
  ['behind its request', { body: LARGE }, ''],
  [
    'behind its request, with the answer under way',
    { body: LARGE },
    'HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nabc',
  ],
]
for (const { name: protocol, engine: start, client: open } of PROTOCOLS.slice(0, 2)) {
  for (const [name, ask, answer] of AHEAD) {
    test(`${protocol}: a client that leaves is noticed although so much has come ${name} that nothing is read`, async () => {
      await using upstream = await RawUpstream.start(async (peer) => {
        await peer.readUntil('\r\n\r\n')
        peer.pause()
        if (answer !== '') peer.write(answer)
      })
      await using engine = await start([upstream])
      const client = await open(engine.port)
      client.ask(ask)
      await leftWaiting(client)
      const begun = performance.now()
      client.leave()
      await until('nothing to be in flight', () => engine.inFlight === 0)
      assert.ok(performance.now() - begun < 3_000, 'it is asked for every second')
      await until('the exchange to be over', () => engine.stats.why['DC'] === 1)
    })
  }
}

/** Nothing of what it sends moves any more: it was looked at so many times. */
async function leftWaiting(client: Client): Promise<void> {
  let before = 0
  let still = 0
  await until('the client to be left waiting', () => {
    still = client.unsent > 0 && client.unsent === before ? still + 1 : 0
    before = client.unsent
    return still === 20
  })
}

function unsentOf(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { _handle: { readonly writeQueueSize: number } | null }
  return handle?.writeQueueSize ?? 0
}

async function opened(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

async function secured(below: Socket, protocol: string): Promise<Socket> {
  const options = { socket: below, rejectUnauthorized: false, servername: 'local.test' }
  const socket = connectTls({ ...options, ALPNProtocols: [protocol] })
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  return socket
}

/** `below`: what carries it, which is what can be reset. */
function onSocket(socket: Socket, below = socket): Client {
  let received = ''
  socket.setEncoding('latin1').on('data', (text: string) => (received += text))
  return {
    ask({ method = 'GET', length, body = '' }) {
      const framing = length === undefined ? '' : `Content-Length: ${length}\r\n`
      socket.write(`${method} / HTTP/1.1\r\nHost: local.test\r\n${framing}\r\n${body}`)
    },
    get received() {
      return received.slice(received.indexOf('\r\n\r\n'))
    },
    get unsent() {
      return unsentOf(below)
    },
    leave: () => void below.resetAndDestroy(),
  }
}

async function onStream(port: number, whole: boolean): Promise<Client> {
  const below = await opened(port)
  const socket = await secured(below, 'h2')
  const session = connectHttp2('https://local.test', { createConnection: () => socket })
  session.on('error', () => {})
  let received = ''
  const streams = new Set<ReturnType<typeof session.request>>()
  return {
    ask({ method = 'GET', length, body = '' }) {
      const fields = {
        ':method': method,
        ':path': '/',
        ...(length !== undefined && { 'content-length': length }),
      }
      const stream = session.request(fields, { endStream: length === undefined })
      stream.setEncoding('latin1').on('data', (text: string) => (received += text))
      stream.on('error', () => {})
      if (body !== '') stream.write(body)
      streams.add(stream)
    },
    get received() {
      return received
    },
    get unsent() {
      return unsentOf(below)
    },
    leave() {
      if (whole) below.resetAndDestroy()
      else for (const stream of streams) stream.close(8)
      if (!whole) setImmediate(() => session.close())
    },
  }
}
