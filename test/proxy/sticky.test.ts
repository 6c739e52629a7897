import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stickyId } from '../../src/balancing/sticky-cookie.ts'
import type { StickyCookiePlan } from '../../src/server/plan.ts'
import { engineBefore } from '../support/engine.ts'
import type { Engine, EndpointSketch, ServiceSketch } from '../support/engine.ts'
import type { RawPeer } from '../support/raw-peer.ts'
import { answering, ok, RawUpstream, refusingPort } from '../support/raw-upstream.ts'
import { Http2Client, secureEngine } from '../support/tls.ts'
import { until } from '../support/until.ts'

const STICKY: StickyCookiePlan = { name: '_5e551', attributes: '; Path=/; HttpOnly' }

function idOf(port: number): string {
  return stickyId(`http://127.0.0.1:${port}`)
}

function setCookie(port: number): string {
  return `_5e551=${idOf(port)}; Path=/; HttpOnly`
}

function get(cookie = '', method = 'GET'): string {
  return `${method} / HTTP/1.1\r\nHost: a\r\n${cookie === '' ? '' : `Cookie: ${cookie}\r\n`}\r\n`
}

/** The value of the answer's Set-Cookie field, and what answered. */
async function ask(client: RawPeer, cookie = ''): Promise<{ set: string | undefined; body: string }> {
  const { head, body } = await client.write(get(cookie)).readMessage()
  return { set: setCookieOf(head), body: body.toString() }
}

function setCookieOf(head: string): string | undefined {
  return /^Set-Cookie: (.*?)\r?$/m.exec(head)?.[1]
}

function stickyService(
  endpoints: Readonly<Record<string, EndpointSketch>>,
  more: Partial<ServiceSketch> = {},
): Readonly<Record<string, ServiceSketch>> {
  return { main: { endpoints, sticky: STICKY, ...more } }
}

/** Three upstreams that say their index, behind one service with a sticky cookie. */
async function three(): Promise<{ upstreams: RawUpstream[]; engine: Engine } & AsyncDisposable> {
  const upstreams = await Promise.all(
    [0, 1, 2].map((index) => RawUpstream.start(answering(ok(String(index))))),
  )
  const endpoints = Object.fromEntries(upstreams.map(({ port }, i) => [i, { port }]))
  const engine = await engineBefore(upstreams, { services: stickyService(endpoints) })
  return {
    upstreams,
    engine,
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]()
      for (const upstream of upstreams) await upstream[Symbol.asyncDispose]()
    },
  }
}

test('sticky: the first answer says where, and later requests go there without being told again', async () => {
  await using all = await three()
  await using client = await all.engine.connect()
  const first = await ask(client)
  const { port } = all.upstreams[Number(first.body)]!
  assert.equal(first.set, setCookie(port))
  for (let i = 0; i < 10; i++)
    assert.deepEqual(await ask(client, `x=1; _5e551=${idOf(port)}`), { set: undefined, body: first.body })
})

test('sticky: the application’s own cookies stay, and it still sees ours', async () => {
  await using upstream = await RawUpstream.start(answering(ok('', 'Set-Cookie: own=1\r\n')))
  await using engine = await engineBefore([upstream], {
    services: stickyService({ 0: { port: upstream.port } }),
  })
  await using client = await engine.connect()
  const { head } = await client.write(get('_5e551=old')).readMessage()
  assert.deepEqual(
    [...head.matchAll(/^Set-Cookie: (.*?)\r?$/gm)].map(([, value]) => value),
    ['own=1', setCookie(upstream.port)],
  )
  assert.match(upstream.text, /^Cookie: _5e551=old\r$/m)
})

test('sticky: a cookie of nowhere counts as none', async () => {
  await using all = await three()
  await using client = await all.engine.connect()
  const seen = new Set<string>()
  for (let i = 0; i < 6; i++) {
    const { set, body } = await ask(client, '_5e551=0123456789abcdef')
    assert.equal(set, setCookie(all.upstreams[Number(body)]!.port))
    seen.add(body)
  }
  assert.equal(seen.size, 3)
})

for (const state of ['draining', 'unhealthy', 'ejected'] as const) {
  test(`sticky: a session of an endpoint that is ${state} moves on`, async () => {
    await using all = await three()
    await using client = await all.engine.connect()
    const { port } = all.upstreams[1]!
    const cookie = `_5e551=${idOf(port)}`
    assert.deepEqual(await ask(client, cookie), { set: undefined, body: '1' })
    await all.engine.apply({ services: stickyService({ 1: { port, state } }) })
    const moved = await ask(client, cookie)
    assert.notEqual(moved.body, '1')
    assert.equal(moved.set, setCookie(all.upstreams[Number(moved.body)]!.port))
    await all.engine.apply({ services: stickyService({ 1: { port, state: 'ready' } }) })
    assert.equal((await ask(client, cookie)).body, '1', 'who still has the old cookie is at home again')
  })
}

test('sticky: while it drains, the answer to a request under way binds nobody', async () => {
  await using upstream = await RawUpstream.start(() => {})
  await using engine = await engineBefore([upstream], {
    services: stickyService({ 0: { port: upstream.port } }),
  })
  await using client = await engine.connect()
  client.write(get())
  const peer = await upstream.connection(0)
  await peer.readUntil('\r\n\r\n')
  await engine.apply({ services: stickyService({ 0: { port: upstream.port, state: 'draining' } }) })
  peer.write(ok())
  assert.doesNotMatch((await client.readMessage()).head, /Set-Cookie/)
})

test('sticky: in panic, sessions stay where they are', async () => {
  await using all = await three()
  await using client = await all.engine.connect()
  const endpoints = Object.fromEntries(
    all.upstreams.map(({ port }, i) => [i, { port, state: 'unhealthy' as const }]),
  )
  await all.engine.apply({ services: stickyService(endpoints) })
  for (let i = 0; i < 5; i++)
    assert.deepEqual(await ask(client, `_5e551=${idOf(all.upstreams[2]!.port)}`), {
      set: undefined,
      body: '2',
    })
})

test('sticky: who is answered by another endpoint after a failure belongs to that one', async () => {
  const dead = refusingPort()
  await using upstream = await RawUpstream.start(answering(ok('alive')))
  await using engine = await engineBefore([upstream], {
    services: stickyService({ dead: { port: dead }, alive: { port: upstream.port } }),
  })
  await using client = await engine.connect()
  assert.deepEqual(await ask(client, `_5e551=${idOf(dead)}`), {
    set: setCookie(upstream.port),
    body: 'alive',
  })
  assert.equal(engine.stats.retries, 1)
})

test('sticky: who finds its endpoint full is served by another, and stays there', async () => {
  await using busy = await RawUpstream.start(() => {})
  await using free = await RawUpstream.start(answering(ok('free')))
  await using engine = await engineBefore([busy, free], {
    services: stickyService(
      { 0: { port: busy.port }, 1: { port: free.port } },
      { limits: { maxConnections: 1, maxQueue: 10, queueTimeout: 5_000 } },
    ),
  })
  await using waiting = await engine.connect()
  const cookie = `_5e551=${idOf(busy.port)}`
  waiting.write(get(cookie))
  await (await busy.connection(0)).readUntil('\r\n\r\n')
  await using client = await engine.connect()
  assert.deepEqual(await ask(client, cookie), { set: setCookie(free.port), body: 'free' })
})

test('sticky: HEAD', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readUntil('\r\n\r\n')
    peer.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n')
  })
  await using engine = await engineBefore([upstream], {
    services: stickyService({ 0: { port: upstream.port } }),
  })
  await using client = await engine.connect()
  const head = await client.write(get('', 'HEAD')).readUntil('\r\n\r\n')
  assert.equal(setCookieOf(head), setCookie(upstream.port))
})

test('sticky: the answer that opens a WebSocket carries it', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readUntil('\r\n\r\n')
    peer.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  })
  await using engine = await engineBefore([upstream], {
    services: stickyService({ 0: { port: upstream.port } }),
  })
  await using client = await engine.connect()
  client.write('GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
  const head = await client.readUntil('\r\n\r\n')
  assert.match(head, / 101 /)
  assert.equal(setCookieOf(head), setCookie(upstream.port))
  client.end()
  await (await upstream.connection(0)).ended()
  upstream.connections[0]!.end()
  await until('the tunnel to be closed', () => engine.inFlight === 0)
})

test('sticky: over HTTP/2, cookies in one field or in several', async () => {
  await using one = await RawUpstream.start(answering(ok('one')))
  await using other = await RawUpstream.start(answering(ok('other')))
  const endpoints = { 0: { port: one.port }, 1: { port: other.port } }
  await using engine = await secureEngine([one, other], { services: stickyService(endpoints) })
  await using client = new Http2Client(engine.port)
  const first = await client.get('/')
  const { port } = first.body === 'one' ? one : other
  assert.deepEqual(first.headers['set-cookie'], [setCookie(port)])
  for (const cookie of [`_5e551=${idOf(port)}`, `a=1; _5e551=${idOf(port)}`]) {
    for (let i = 0; i < 3; i++) {
      const split = await client.get('/', { cookie: ['x=1', cookie, 'y=2'] })
      assert.deepEqual([split.body, split.headers['set-cookie']], [first.body, undefined])
    }
  }
})

test('sticky: answers of the proxy’s own bind nobody', async () => {
  await using engine = await engineBefore([], {
    services: stickyService({ 0: { port: refusingPort() } }),
  })
  await using client = await engine.connect()
  const { head } = await client.write(get()).readMessage()
  assert.match(head, /^HTTP\/1\.1 502 /)
  assert.equal(setCookieOf(head), undefined)
})

test('sticky: switched on, renamed and off while it serves', async () => {
  await using upstream = await RawUpstream.start()
  const endpoints = { 0: { port: upstream.port } }
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  const steps: readonly (readonly [StickyCookiePlan | undefined, string | undefined])[] = [
    [undefined, undefined],
    [STICKY, setCookie(upstream.port)],
    [{ name: 'x', attributes: '' }, `x=${idOf(upstream.port)}`],
    [undefined, undefined],
  ]
  for (const [sticky, expected] of steps) {
    await engine.apply({ services: { main: { endpoints, ...(sticky && { sticky }) } } })
    assert.equal((await ask(client)).set, expected)
  }
})
