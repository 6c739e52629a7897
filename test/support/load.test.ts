import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { test } from 'node:test'
import { startLoad } from './load.ts'
import type { Tally } from './load-tally.ts'
import { startOrigin } from './origins.ts'
import { until } from './until.ts'

const SHARED = { rate: 400, hosts: ['a.test', 'b.test'] } as const

test('nothing fails at an origin that behaves; half are POST, half on new connections', async () => {
  await using origin = await startOrigin()
  const tally = await run({ port: origin.port, requests: 80 })
  assert.equal(tally.failed, 0, String(tally))
  assert.deepEqual([tally.causes.get('GET ok'), tally.causes.get('POST ok'), tally.fresh], [40, 40, 40])
  assert.equal(origin.ledger.size, 80)
  assert.deepEqual(origin.ledger.repeated('POST'), [])
})

test('requests are sent when they are due, not when the server has time', async () => {
  await using origin = await startOrigin()
  const tally = await run({ port: origin.port, requests: 40, path: '/?wait=200' })
  assert.equal(tally.failed, 0, String(tally))
  // One after the other they would have taken eight seconds.
  assert.ok(tally.latencies.max < 2_000, String(tally))
})

test('connections that the server closes while they are idle are no failures', async () => {
  await using origin = await startOrigin()
  await using load = startLoad({ ...SHARED, port: origin.port, fresh: 0 })
  await until('answers', () => load.tally.ended > 10)
  const { port } = origin
  const tally = await load.stop()
  await origin.stop()
  await origin.start(port)
  assert.equal(tally.failed, 0, String(tally))
  assert.equal(tally.fresh, 0)
})

test('a killed origin is seen as resets in flight and refusals after', async () => {
  await using origin = await startOrigin()
  await using load = startLoad({ ...SHARED, port: origin.port, path: '/?wait=60000', requests: 40 })
  await until('requests in flight', () => origin.waiting >= 5)
  origin.kill()
  await load.done
  const causes = new Set([...load.tally.causes.keys()].map((name) => name.split(' ')[1]))
  assert.deepEqual(causes, new Set(['ECONNRESET', 'ECONNREFUSED']))
  assert.equal(load.tally.failed, 40)
  assert.equal(load.tally.failures.length, 20, 'of the failures, the first are kept')
})

test('a stall counts for every request that was due meanwhile', async () => {
  let release!: () => void
  const released = new Promise<void>((resolve) => (release = resolve))
  await using server = await listenRaw((socket, answer) => void released.then(() => socket.write(answer)))
  await using load = startLoad({ ...SHARED, port: server.port, requests: 40 })
  setTimeout(release, 400)
  await load.done
  assert.equal(load.tally.failed, 0, String(load.tally))
  // The last one was due after 100 ms, so all of them waited for 300 ms or more.
  assert.ok(load.tally.latencies.quantile(0.01) >= 290, String(load.tally))
})

const answers: [name: string, change: (answer: string) => string, cause: RegExp][] = [
  [
    'another request’s answer',
    (answer) => answer.replace(/Id: \w+/, 'Id: x'),
    /answer to another request \(x\)/,
  ],
  ['an error status', (answer) => answer.replace('200 OK', '502 Bad Gateway'), /^GET 502$/],
  ['a why-code', (answer) => answer.replace('200 OK', '502 No\r\nTidegate-Why: UC'), /^GET 502 \(UC\)$/],
  [
    'no length',
    (answer) => answer.replace(/Content-Length: \d+\r\n/, ''),
    /malformed response: no announced length/,
  ],
  [
    'two lengths',
    (answer) => answer.replace('\r\n', '\r\nTransfer-Encoding: chunked\r\n'),
    /malformed response: both/,
  ],
  ['bytes too many', (answer) => `${answer}!`, /malformed response: bytes after the end/],
  [
    'a folded field',
    (answer) => answer.replace('\r\n', '\r\nA: b\r\n c\r\n'),
    /malformed response: field line/,
  ],
  ['a bare line feed', (answer) => answer.replace('\r\n', '\n'), /malformed response: status line/],
]
for (const [name, change, cause] of answers) {
  test(`a response with ${name} is a failure`, async () => {
    await using server = await listenRaw((socket, answer) => socket.write(change(answer)))
    const tally = await run({ port: server.port, requests: 2, posts: 0, fresh: 1 })
    assert.equal(tally.failed, 2, String(tally))
    assert.match([...tally.causes.keys()].join(), cause)
  })
}

const breaks: [name: string, act: (socket: Socket, answer: string) => void, cause: string][] = [
  ['before it', (socket) => socket.end(), 'GET EOF before the response'],
  ['within it', (socket, answer) => socket.end(answer.slice(0, -1)), 'GET EOF in the middle of the response'],
  ['by a reset', (socket) => socket.resetAndDestroy(), 'GET ECONNRESET'],
  ['never, in silence', () => {}, 'GET time-out'],
]
for (const [name, act, cause] of breaks) {
  test(`a response that breaks off ${name} is a failure`, async () => {
    await using server = await listenRaw(act)
    const tally = await run({ port: server.port, requests: 2, posts: 0, fresh: 1, timeout: 300 })
    assert.deepEqual([...tally.causes], [[cause, 2]])
  })
}

test('chunked responses and interim answers are read', async () => {
  await using server = await listenRaw((socket, answer) => {
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    const chunked = head.replace(/Content-Length: \d+/, 'Transfer-Encoding: chunked')
    socket.write(
      `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${chunked}\r\n\r\n${body.length.toString(16)};x=y\r\n`,
    )
    setImmediate(() => socket.write(`${body}\r\n0\r\nTrailer: yes\r\n\r\n`))
  })
  const tally = await run({ port: server.port, requests: 8 })
  assert.equal(tally.failed, 0, String(tally))
})

test('load that is disposed of ends at once, and says so', async () => {
  await using origin = await startOrigin()
  const load = startLoad({ ...SHARED, port: origin.port, path: '/?wait=60000' })
  await until('requests in flight', () => origin.waiting > 2)
  await load[Symbol.asyncDispose]()
  assert.match([...load.tally.causes.keys()].join(), /given up/)
  assert.equal(load.inFlight, 0)
})

async function run(options: Partial<Parameters<typeof startLoad>[0]> & { port: number }): Promise<Tally> {
  await using load = startLoad({ ...SHARED, ...options })
  await load.done
  return load.tally
}

/** A server that lets `act` decide what becomes of the answer to each request; it reads no bodies. */
async function listenRaw(
  act: (socket: Socket, answer: string) => void,
): Promise<AsyncDisposable & { port: number }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      const id = /Request-Id: (\w+)/.exec(chunk.toString('latin1'))?.[1]
      if (id !== undefined)
        act(socket, `HTTP/1.1 200 OK\r\nRequest-Id: ${id}\r\nContent-Length: 5\r\n\r\nhello`)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
