import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Engine } from '../support/engine.ts'
import { fieldBlock, FLAG, frame, FRAME, FrameClient, REQUEST, uint32 } from '../support/http2-frames.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { Http2Client, secureEngine } from '../support/tls.ts'
import { until } from '../support/until.ts'

const PROTOCOL_ERROR = 1

/** An upstream that takes requests and never answers. */
const silent = (): Promise<RawUpstream> => RawUpstream.start(async (peer) => void (await peer.readMessage()))

async function stillServes(engine: Engine): Promise<void> {
  await using upstream = await RawUpstream.start()
  await engine.apply({
    routers: { probe: { rule: 'Path(`/probe`)', tls: true, service: 'probe', priority: 99 } },
    services: { probe: { endpoints: { a: { port: upstream.port } } } },
  })
  await using client = new Http2Client(engine.port)
  assert.equal((await client.get('/probe')).status, 200)
}

const odd = (stream: number): number => stream * 2 + 1

const floods: [name: string, most: number, frames: (i: number) => Buffer[]][] = [
  [
    'rapid reset (CVE-2023-44487)',
    150,
    (i) => [
      frame(FRAME.headers, FLAG.endStream | FLAG.endHeaders, odd(i), fieldBlock(REQUEST)),
      frame(FRAME.reset, 0, odd(i), uint32(8)),
    ],
  ],
  [
    'made you reset: window update of 0 (CVE-2025-8671)',
    100,
    (i) => [
      frame(FRAME.headers, FLAG.endStream | FLAG.endHeaders, odd(i), fieldBlock(REQUEST)),
      frame(FRAME.window, 0, odd(i), uint32(0)),
    ],
  ],
  [
    'made you reset: a window that overflows',
    100,
    (i) => [
      frame(FRAME.headers, FLAG.endStream | FLAG.endHeaders, odd(i), fieldBlock(REQUEST)),
      frame(FRAME.window, 0, odd(i), uint32(2 ** 31 - 1)),
    ],
  ],
  [
    'made you reset: DATA behind the end',
    100,
    (i) => [
      frame(FRAME.headers, FLAG.endStream | FLAG.endHeaders, odd(i), fieldBlock(REQUEST)),
      frame(FRAME.data, 0, odd(i), Buffer.from('x')),
    ],
  ],
  [
    'made you reset: priority of 4 bytes',
    100,
    (i) => [
      frame(FRAME.headers, FLAG.endStream | FLAG.endHeaders, odd(i), fieldBlock(REQUEST)),
      frame(FRAME.priority, 0, odd(i), uint32(0)),
    ],
  ],
  [
    'made you reset: more than the length says',
    150,
    (i) => [
      frame(FRAME.headers, FLAG.endHeaders, odd(i), fieldBlock([...REQUEST, ['content-length', '1']])),
      frame(FRAME.data, 0, odd(i), Buffer.from('too much')),
    ],
  ],
  [
    'made you reset: a second head',
    150,
    (i) => [
      frame(FRAME.headers, FLAG.endHeaders, odd(i), fieldBlock(REQUEST)),
      frame(FRAME.headers, FLAG.endHeaders, odd(i), fieldBlock(REQUEST)),
    ],
  ],
  [
    'CONTINUATION without an end (CVE-2024-27983)',
    0,
    (i) => [
      i === 0
        ? frame(FRAME.headers, 0, 1, fieldBlock(REQUEST))
        : frame(FRAME.continuation, 0, 1, fieldBlock([[`x-${i}`, 'y'.repeat(200)]])),
    ],
  ],
]
for (const [name, most, frames] of floods) {
  test(`flood: ${name}`, async () => {
    await using upstream = await silent()
    await using engine = await secureEngine([upstream])
    await using client = await FrameClient.open(engine.port)
    for (let i = 0; i < 3_000 && client.peer.ending === undefined; i += 50) {
      client.send(...Array.from({ length: 50 }, (_, k) => frames(i + k)).flat())
      await new Promise((resolve) => setImmediate(resolve))
    }
    await client.ended()
    assert.ok(upstream.connections.length <= most, `${upstream.connections.length} requests`)
    await until('everything to be over', () => engine.inFlight === 0 && engine.stats.connections === 0)
    await stillServes(engine)
  })
}

const unanswered: [name: string, one: Buffer][] = [
  ['pings', frame(FRAME.ping, 0, 0, Buffer.alloc(8))],
  ['settings', frame(FRAME.settings, 0, 0)],
]
for (const [name, one] of unanswered) {
  test(`flood: ${name} whose answers are not read`, async () => {
    await using engine = await secureEngine([])
    await using client = await FrameClient.open(engine.port)
    client.send(...Array.from({ length: 20_000 }, () => one))
    await until('the connection to close', () => engine.stats.connections === 0)
    await stillServes(engine)
  })
}

test('empty DATA frames without end cost nobody else anything', async () => {
  await using upstream = await silent()
  await using engine = await secureEngine([upstream])
  await using client = await FrameClient.open(engine.port)
  client.request(1, FLAG.endHeaders)
  for (let i = 0; i < 5_000; i++) client.send(frame(FRAME.data, 0, 1))
  await stillServes(engine)
})

const malformed: [name: string, fields: readonly (readonly [string, string])[]][] = [
  ['connection', [...REQUEST, ['connection', 'close']]],
  ['transfer-encoding', [...REQUEST, ['transfer-encoding', 'chunked']]],
  ['upgrade', [...REQUEST, ['upgrade', 'h2c']]],
  ['te', [...REQUEST, ['te', 'gzip']]],
  ['a name in upper case', [...REQUEST, ['X-A', '1']]],
  ['two lengths', [...REQUEST, ['content-length', '0'], ['content-length', '1']]],
  ['a length and no body', [...REQUEST, ['content-length', '5']]],
  ['a path with a space', REQUEST.map(([name, value]) => [name, name === ':path' ? '/ HTTP/1.1' : value])],
  ['a path with a line', REQUEST.map(([name, value]) => [name, name === ':path' ? '/\r\nX-A: 1' : value])],
  ['an absolute path', REQUEST.map(([name, value]) => [name, name === ':path' ? 'http://evil/' : value])],
  ['an empty path', REQUEST.map(([name, value]) => [name, name === ':path' ? '' : value])],
  ['a path without a slash', REQUEST.map(([name, value]) => [name, name === ':path' ? 'a' : value])],
  ['a star path', REQUEST.map(([name, value]) => [name, name === ':path' ? '*' : value])],
  [
    'an authority with a user',
    REQUEST.map(([name, value]) => [name, name === ':authority' ? 'u@local.test' : value]),
  ],
  ['an authority with a path', REQUEST.map(([name, value]) => [name, name === ':authority' ? 'a/b' : value])],
  ['a method with a space', REQUEST.map(([name, value]) => [name, name === ':method' ? 'GET /x' : value])],
  ['an odd scheme', REQUEST.map(([name, value]) => [name, name === ':scheme' ? 'ftp' : value])],
  ['an unknown pseudo-header', [...REQUEST, [':protocol', 'websocket']]],
  ['a pseudo-header twice', [...REQUEST, [':path', '/']]],
  ['no method', REQUEST.slice(1)],
]
for (const [name, fields] of malformed) {
  test(`refused, and nobody is asked: ${name}`, async () => {
    await using upstream = await RawUpstream.start()
    await using engine = await secureEngine([upstream])
    await using client = await FrameClient.open(engine.port)
    client.request(1, undefined, fields)
    const found = await until('a refusal', () =>
      client.frames.find(({ stream, type }) => stream === 1 || type === FRAME.goaway),
    )
    if (found.type === FRAME.reset) assert.equal(found.payload.readUInt32BE(0), PROTOCOL_ERROR)
    else if (found.type === FRAME.headers) await client.frame(FRAME.data, 1)
    assert.equal(upstream.text, '')
    assert.equal(engine.stats.why['UC'], undefined)
  })
}

const dropped: [name: string, field: readonly [string, string]][] = [
  ['a value with a line', ['x-a', '1\r\nX-Evil: 1']],
  ['a value with NUL', ['x-a', 'a\0b']],
  ['a name with a colon', ['x-a:', 'X-Evil: 1']],
  ['a name with a space', ['x-evil a', '1']],
  ['an empty name', ['', 'X-Evil: 1']],
]
for (const [name, field] of dropped) {
  test(`never reaches an upstream: ${name}`, async () => {
    await using upstream = await RawUpstream.start()
    await using engine = await secureEngine([upstream])
    await using client = await FrameClient.open(engine.port)
    client.request(1, undefined, [...REQUEST, field])
    await until('an answer', () =>
      client.frames.find(({ stream, type }) => stream === 1 || type === FRAME.goaway),
    )
    assert.doesNotMatch(upstream.text, /evil|\0/i)
  })
}

test('random frames: the process lives and nothing stays open', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await secureEngine([upstream])
  let seed = 12_345
  const random = (below: number): number => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % below
  for (let round = 0; round < 100; round++) {
    await using client = await FrameClient.open(engine.port)
    for (let i = 0; i < 100; i++) {
      const payload = Buffer.from(Array.from({ length: random(40) }, () => random(256)))
      client.send(frame(random(12), random(256), random(10), random(3) === 0 ? fieldBlock(REQUEST) : payload))
    }
    client.peer.socket.end()
    await until('an end', () => client.peer.ending !== undefined)
  }
  await until('everything to be over', () => engine.inFlight === 0 && engine.stats.connections === 0)
  await stillServes(engine)
})
