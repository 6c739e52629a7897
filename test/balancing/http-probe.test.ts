import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpQuestion, ProbeResult, ProbeTarget } from '../../src/balancing/health/check.ts'
import { probeHttp } from '../../src/balancing/health/http-probe.ts'
import { DEFAULT_TRANSPORT } from '../../src/proxy/upstream/transport.ts'
import { BlackHole } from '../support/black-hole.ts'
import { answering, RawUpstream, refusingPort } from '../support/raw-upstream.ts'
import type { Script } from '../support/raw-upstream.ts'

const QUESTION: HttpQuestion = {
  mode: 'http',
  scheme: undefined,
  port: undefined,
  path: '/health?deep',
  method: 'GET',
  status: 0,
  hostname: undefined,
  headers: {},
  followRedirects: true,
}

function target(port: number): ProbeTarget {
  return { address: '127.0.0.1', port, tls: false, authority: `shop.test:${port}` }
}

function probe(
  port: number,
  question: Partial<HttpQuestion> = {},
  signal = AbortSignal.timeout(10_000),
): Promise<ProbeResult> {
  return probeHttp(target(port), { ...QUESTION, ...question }, DEFAULT_TRANSPORT.tls, signal)
}

const ANSWERS: readonly (readonly [
  name: string,
  answer: string,
  question: Partial<HttpQuestion>,
  passed: boolean,
  found: RegExp,
])[] = [
  ['200', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', {}, true, /^probe answered 200$/],
  ['204', 'HTTP/1.1 204 No Content\r\n\r\n', {}, true, /204/],
  ['399', 'HTTP/1.1 399 Odd\r\nContent-Length: 0\r\n\r\n', {}, true, /399/],
  ['404', 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n', {}, false, /^probe answered 404$/],
  ['500', 'HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n', {}, false, /^probe answered 500$/],
  [
    'another status',
    'HTTP/1.1 200 OK\r\n\r\n',
    { status: 204 },
    false,
    /^probe answered 200 instead of 204$/,
  ],
  ['the status wanted', 'HTTP/1.1 418 Teapot\r\nContent-Length: 0\r\n\r\n', { status: 418 }, true, /418/],
  ['an interim answer first', 'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n', {}, true, /200/],
  ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n', {}, false, /^probe failed/],
  [
    'two lengths',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    {},
    false,
    /^probe failed/,
  ],
  ['a huge head', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`, {}, false, /too large a head/],
  ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', { method: 'HEAD' }, true, /200/],
]
for (const [name, answer, question, passed, found] of ANSWERS) {
  test(`answer: ${name}`, async () => {
    await using upstream = await RawUpstream.start(answering(answer))
    const result = await probe(upstream.port, question)
    assert.equal(result.passed, passed)
    assert.match(result.found, found)
  })
}

test('what is asked: the path, the host and the fields that are configured, on a connection that closes', async () => {
  await using upstream = await RawUpstream.start(answering('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
  await probe(upstream.port, { headers: { 'X-Probe': 'yes' } })
  assert.match(upstream.text, /^GET \/health\?deep HTTP\/1\.1\r\n/)
  assert.match(upstream.text, new RegExp(`\r\nhost: shop\\.test:${upstream.port}\r\n`, 'i'))
  assert.match(upstream.text, /\r\nX-Probe: yes\r\n/)
  await upstream.connections[0]!.ended()
  await probe(upstream.port, { hostname: 'other.test', method: 'OPTIONS' })
  assert.match(upstream.text, /OPTIONS .*\r\nhost: other\.test\r\n/is)
  assert.equal(upstream.connections.length, 2, 'nothing of one probe can answer for the next')
})

test('another port than that of the endpoint', async () => {
  await using upstream = await RawUpstream.start()
  const result = await probeHttp(
    target(refusingPort()),
    { ...QUESTION, port: upstream.port },
    DEFAULT_TRANSPORT.tls,
    AbortSignal.timeout(10_000),
  )
  assert.equal(result.passed, true)
})

test('a body without end is not read', async () => {
  const sent = Promise.withResolvers<void>()
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n')
    const chunk = Buffer.alloc(64 * 1024)
    while (peer.ending === undefined && !peer.socket.destroyed) await peer.send(chunk)
    sent.resolve()
  })
  assert.equal((await probe(upstream.port)).passed, true)
  await upstream.connections[0]!.ended()
  assert.ok(upstream.connections[0]!.socket.bytesWritten < 64 * 1024 * 1024)
})

const HANGING: readonly (readonly [name: string, script: Script])[] = [
  ['accepts and says nothing', () => {}],
  [
    'sends its head byte by byte',
    async (peer) => {
      peer.write('HTTP/1.1 200 OK\r\n')
      while (!peer.socket.destroyed) {
        await peer.dribble('X')
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    },
  ],
]
for (const [name, script] of HANGING) {
  test(`a probe that hangs has failed: the endpoint ${name}`, async () => {
    await using upstream = await RawUpstream.start(script)
    const given = new AbortController()
    const result = probe(upstream.port, {}, given.signal)
    await upstream.connection(0)
    given.abort()
    assert.deepEqual(await result, { passed: false, found: 'probe timed out' })
    await upstream.connections[0]!.ended()
  })
}

test('a probe that hangs has failed: the endpoint does not accept', async () => {
  await using hole = await BlackHole.open()
  assert.deepEqual(await probe(hole.port, {}, AbortSignal.timeout(100)), {
    passed: false,
    found: 'probe timed out',
  })
})

test('nobody there', async () => {
  assert.deepEqual(await probe(refusingPort()), {
    passed: false,
    found: 'probe was refused a connection',
  })
})

test('cut off before the answer', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.reset()
  })
  assert.deepEqual(await probe(upstream.port), { passed: false, found: 'probe was cut off' })
})

// ---- redirects ------------------------------------------------------------------------------------------------

const REDIRECTS: readonly (readonly [name: string, location: (port: number) => string, followed: boolean])[] =
  [
    ['a path', () => '/health/', true],
    ['a relative path', () => 'deeper', true],
    ['its own name, without a port', () => 'http://shop.test/health/', true],
    ['its own name and port', (port) => `http://shop.test:${port}/health/`, true],
    ['its address', (port) => `http://127.0.0.1:${port}/health/`, true],
    ['another host', () => 'http://elsewhere.test/', false],
    ['the metadata service', () => 'http://169.254.169.254/latest/meta-data/', false],
    ['another port', () => 'http://shop.test:1/', false],
    ['https', () => 'https://shop.test/', false],
    ['another scheme', () => 'ftp://shop.test/', false],
    ['nonsense', () => 'http://[', false],
  ]
for (const [name, location, followed] of REDIRECTS) {
  test(`a redirect to ${name} is ${followed ? 'followed' : 'not followed, and judged by its status'}`, async () => {
    let asked = 0
    await using upstream: RawUpstream = await RawUpstream.start(async (peer) => {
      await peer.readMessage()
      if (asked++ > 0) peer.write('HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n')
      else
        peer.write(`HTTP/1.1 302 Found\r\nLocation: ${location(upstream.port)}\r\nContent-Length: 0\r\n\r\n`)
    })
    const { found } = await probe(upstream.port)
    assert.equal(found, followed ? 'probe answered 500' : 'probe answered 302')
    assert.equal(asked, followed ? 2 : 1)
  })
}

test('redirects are followed no more than five times', async () => {
  await using upstream = await RawUpstream.start(
    answering('HTTP/1.1 307 Again\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n'),
  )
  assert.deepEqual(await probe(upstream.port), {
    passed: false,
    found: 'probe was redirected more than 5 times',
  })
  assert.equal(upstream.connections.length, 6)
})

test('redirects are not followed when that is switched off', async () => {
  await using upstream = await RawUpstream.start(
    answering('HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n'),
  )
  assert.equal((await probe(upstream.port, { followRedirects: false })).found, 'probe answered 301')
})
