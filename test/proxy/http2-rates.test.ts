import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ClientHttp2Stream } from 'node:http2'
import { test } from 'node:test'
import { setTimeout as patience } from 'node:timers/promises'
import type { Engine } from '../support/engine.ts'
import { fieldBlock, FLAG, frame, FRAME, FrameClient, REQUEST, uint32 } from '../support/http2-frames.ts'
import { ok, RawUpstream } from '../support/raw-upstream.ts'
import { answerOf, Http2Client, secureEngine } from '../support/tls.ts'
import { until } from '../support/until.ts'

const RATE = { bytes: 100, window: 200 }
const LARGE = 32_000_000
const WINDOW = 0x7fff_ffff

/** Answers the first connection with far more than fits anywhere, the others at once. */
async function largeFirst(): Promise<RawUpstream> {
  return await RawUpstream.start(async (peer, index) => {
    await peer.readMessage()
    peer.write(ok(index === 0 ? 'x'.repeat(LARGE) : 'ok'))
  })
}

/** Opens an answer of which nothing is read. */
async function unread(client: Http2Client): Promise<ClientHttp2Stream> {
  const stream = client.open({}, { endStream: true })
  await once(stream, 'response')
  stream.pause()
  return stream
}

async function lostTo(engine: Engine, why: string): Promise<void> {
  await until(`an exchange that ends with ${why}`, () => engine.finished.some((one) => one.why === why))
  assert.equal(engine.inFlight, 0)
}

test('a request body that drips is answered 408, although each byte comes in time', async () => {
  await using upstream = await RawUpstream.start(() => {})
  await using engine = await secureEngine([upstream], { limits: { requestRate: RATE, readTimeout: 0 } })
  await using client = new Http2Client(engine.port)
  const stream = client.open({ ':method': 'POST' })
  const drip = setInterval(() => stream.writable && stream.write('x'), 20)
  const { status, headers } = await answerOf(stream).finally(() => clearInterval(drip))
  assert.deepEqual([status, headers['tidegate-why']], [408, 'RT'])
  await (await upstream.connection(0)).ended()
  assert.equal(engine.inFlight, 0)
})

test('one that comes fast enough takes as long as it needs', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await secureEngine([upstream], { limits: { requestRate: RATE, readTimeout: 0 } })
  await using client = new Http2Client(engine.port)
  const stream = client.open({ ':method': 'POST' })
  const answer = answerOf(stream)
  for (let sent = 0; sent < 4_000; sent += 100) {
    stream.write(Buffer.alloc(100))
    await patience(20)
  }
  stream.end()
  assert.equal((await answer).status, 200)
})

test('one that stands still while another on its connection comes fast is forgiven', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await secureEngine([upstream], { limits: { requestRate: RATE, readTimeout: 0 } })
  await using client = new Http2Client(engine.port)
  const still = client.open({ ':method': 'POST' })
  still.write('x')
  const answer = answerOf(still)
  const moving = client.open({ ':method': 'POST' })
  for (let i = 0; i < 50; i++) {
    moving.write(Buffer.alloc(200))
    await patience(20)
  }
  still.end()
  moving.end()
  assert.equal((await answer).status, 200)
})

test('a client that is not asked for its body, or whose body is not read, is not called slow', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    peer.pause()
    await patience(1_000)
    peer.resume()
    await peer.readMessage()
    peer.write(ok())
  })
  await using engine = await secureEngine([upstream], { limits: { requestRate: RATE } })
  await using client = new Http2Client(engine.port)
  const stream = client.open({ ':method': 'POST', 'content-length': 16_000_000 })
  stream.end(Buffer.alloc(16_000_000))
  assert.equal((await answerOf(stream)).status, 200)
})

test('an answer that its client does not ask for is reset, and its endpoint free; the connection goes on', async () => {
  await using upstream = await largeFirst()
  await using engine = await secureEngine([upstream], { limits: { responseRate: RATE } })
  await using client = new Http2Client(engine.port)
  const slow = await unread(client)
  await lostTo(engine, 'SR')
  assert.equal((await client.get('/')).body, 'ok')
  slow.resume()
  assert.notEqual((await answerOf(slow)).code, 0, 'it must not look complete')
})

test('a client that asks for its answer and does not read its connection is cut off', async () => {
  await using upstream = await largeFirst()
  await using engine = await secureEngine([upstream], { limits: { responseRate: RATE } })
  await using client = await FrameClient.open(engine.port)
  const windows = [0, 1].map((stream) => frame(FRAME.window, 0, stream, uint32(WINDOW - 65_535)))
  const request = frame(FRAME.headers, FLAG.endStream | FLAG.endHeaders, 1, fieldBlock(REQUEST))
  client.send(request, ...windows)
  await client.frame(FRAME.headers, 1)
  client.peer.pause()
  await lostTo(engine, 'SR')
  await until('the connection to be closed', () => engine.stats.connections === 0)
})

test('a client that takes its answer slowly, and fast enough, gets it', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write(ok('x'.repeat(100_000)))
  })
  await using engine = await secureEngine([upstream], { limits: { responseRate: RATE } })
  await using client = await FrameClient.open(engine.port)
  client.request(1)
  const received = (): number =>
    client.frames.reduce((sum, { type, payload }) => sum + (type === FRAME.data ? payload.length : 0), 0)
  await until('what is allowed without asking', () => received() === 65_535)
  for (let i = 0; i < 50; i++) {
    client.send(...[0, 1].map((stream) => frame(FRAME.window, 0, stream, uint32(100))))
    await patience(20)
  }
  client.send(...[0, 1].map((stream) => frame(FRAME.window, 0, stream, uint32(100_000))))
  await until('the rest', () => received() === 100_000)
})

test('an endpoint that takes its time with an answer does not make its client slow', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no')
    await patience(1_000)
    peer.write('k')
  })
  await using engine = await secureEngine([upstream], { limits: { responseRate: RATE } })
  await using client = new Http2Client(engine.port)
  assert.equal((await client.get('/')).body, 'ok')
})

test('an answer that takes longer than it may is given up, and its endpoint free', async () => {
  await using upstream = await largeFirst()
  await using engine = await secureEngine([upstream], { limits: { writeTimeout: 300 } })
  await using client = new Http2Client(engine.port)
  await unread(client)
  await lostTo(engine, 'SR')
})
