import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FileApp, routesTo } from '../support/file-app.ts'
import type { RawPeer } from '../support/raw-peer.ts'
import { answering, ok, RawUpstream, refusingPort } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

/** An endpoint whose health the test decides; `/health` is asked by probes. */
class Instance {
  well = true
  probes = 0
  upstream!: RawUpstream
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  static async start(name: string, well = true): Promise<Instance & AsyncDisposable> {
    const instance = new Instance(name)
    instance.well = well
    instance.upstream = await RawUpstream.start((peer) => instance.#serve(peer))
    return Object.assign(instance, {
      [Symbol.asyncDispose]: () => instance.upstream[Symbol.asyncDispose](),
    })
  }

  get port(): number {
    return this.upstream.port
  }

  async #serve(peer: RawPeer): Promise<void> {
    for (;;) {
      const { head } = await peer.readMessage()
      const probe = head.startsWith('GET /health ')
      if (probe) this.probes++
      if (probe && !this.well) peer.write('HTTP/1.1 503 Sick\r\nContent-Length: 0\r\n\r\n')
      else peer.write(ok(this.name))
    }
  }
}

const CHECK = { path: '/health', interval: '100ms', fall: 1, jitter: 0 }

test('an endpoint that fails its probes gets no requests, and gets them again when it passes', async () => {
  await using one = await Instance.start('one')
  await using two = await Instance.start('two')
  await using it = await FileApp.start({ routes: routesTo([one.port, two.port], { healthCheck: CHECK }) })
  await it.untilState(one.port, 'ready: probe answered 200')
  await it.untilState(two.port, 'ready')
  assert.deepEqual(new Set(await it.get(6)), new Set(['200 one', '200 two']))
  two.well = false
  await it.untilState(two.port, 'unhealthy: probe answered 503')
  assert.deepEqual(new Set(await it.get(6)), new Set(['200 one']))
  two.well = true
  await it.untilState(two.port, 'ready')
  assert.deepEqual(new Set(await it.get(6)), new Set(['200 one', '200 two']))
})

test('a change of configuration leaves health and the interval of probes as they are', async () => {
  await using one = await Instance.start('one')
  await using two = await Instance.start('two', false)
  const healthCheck = { ...CHECK, interval: '60s' }
  await using it = await FileApp.start({ routes: routesTo([one.port, two.port], { healthCheck }) })
  await it.untilState(one.port, 'ready')
  await it.untilState(two.port, 'unhealthy: probe answered 503')
  const since = it.app.endpoints.map((endpoint) => endpoint.since.getTime())
  await using three = await Instance.start('three')
  await it.write(routesTo([one.port, two.port, three.port], { healthCheck, passHostHeader: false }))
  await it.untilState(three.port, 'ready')
  assert.deepEqual([one.probes, two.probes, three.probes], [1, 1, 1])
  assert.equal(it.states()[two.port], 'unhealthy: probe answered 503')
  assert.deepEqual(
    it.app.endpoints.slice(0, 2).map((endpoint) => endpoint.since.getTime()),
    since,
  )
})

test('panic: when no endpoint is well, those that answer are better than none', async () => {
  await using one = await Instance.start('one', false)
  await using it = await FileApp.start({ routes: routesTo([one.port], { healthCheck: CHECK }) })
  await it.untilState(one.port, 'unhealthy: probe answered 503')
  assert.deepEqual(await it.get(3), ['200 one', '200 one', '200 one'])
})

test('a TCP check', async () => {
  await using one = await Instance.start('one')
  const gone = refusingPort()
  const healthCheck = { mode: 'tcp', interval: '100ms', fall: 1 }
  await using it = await FileApp.start({ routes: routesTo([one.port, gone], { healthCheck }) })
  await it.untilState(one.port, 'ready: probe connected')
  await it.untilState(gone, 'unhealthy: probe was refused a connection')
})

for (const workers of [undefined, 2]) {
  const where = workers === undefined ? 'in this thread' : `in ${workers} workers`
  test(`an endpoint that answers 500 is ejected after five in a row, ${where}`, async () => {
    await using bad = await RawUpstream.start(answering('HTTP/1.1 500 Oops\r\nContent-Length: 3\r\n\r\nbad'))
    await using good = await RawUpstream.start(answering(ok('good')))
    await using it = await FileApp.start({
      routes: routesTo([bad.port, good.port]),
      ...(workers === undefined ? {} : { workers }),
    })
    const answers: string[] = []
    await until('an ejection', async () => {
      answers.push(...(await it.get()))
      return it.states()[bad.port]?.startsWith('ejected')
    })
    assert.ok(answers.filter((answer) => answer === '500 bad').length >= 5)
    assert.match(it.states()[bad.port]!, /5 failures in a row, the last one: a status of 5xx; out for 10 s$/)
    await until('the workers to know', async () => (await it.get(4)).every((answer) => answer === '200 good'))
    assert.deepEqual(new Set(await it.get(20)), new Set(['200 good']))
    const ejections = it.app.endpoints.map(({ url, ejections }) => [new URL(url).port, ejections])
    assert.deepEqual(Object.fromEntries(ejections), { [bad.port]: 1, [good.port]: 0 })
  })
}

test('a dead endpoint costs no request, is ejected, and comes back after its time', async () => {
  await using good = await RawUpstream.start(answering(ok('good')))
  await using reborn = await RawUpstream.start(answering(ok('reborn')))
  const { port } = reborn
  await reborn[Symbol.asyncDispose]()
  const passiveHealthCheck = { failureWindow: '300ms', maxFailedAttempts: 2 }
  await using it = await FileApp.start({ routes: routesTo([good.port, port], { passiveHealthCheck }) })
  await until('an ejection', async () => {
    assert.deepEqual(await it.get(), ['200 good'])
    return it.states()[port]?.startsWith('ejected')
  })
  await it.untilState(port, 'ready: ejection over')
})

// ---- drains ---------------------------------------------------------------------------------------------------

const UPGRADE = 'GET /socket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'

/** Takes upgrades, and answers everything else. */
async function upgrading(peer: RawPeer): Promise<void> {
  const { head } = await peer.readMessage()
  if (head.startsWith('GET /socket'))
    peer.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  else peer.write(ok('plain'))
}

test('a tunnel of an endpoint that leaves ends at the drain time-out, on both sides, and not before', async () => {
  await using upstream = await RawUpstream.start(upgrading)
  await using it = await FileApp.start({ routes: routesTo([upstream.port], { drainTimeout: '500ms' }) })
  await using client = await it.connect()
  client.write(UPGRADE)
  await client.readUntil('\r\n\r\n')
  const endpoint = await upstream.connection(0)
  await it.write(routesTo([], { drainTimeout: '500ms' }))
  await it.untilState(upstream.port, 'draining: left the snapshot')
  const begun = performance.now()
  client.write('ping')
  await endpoint.readUntil('ping')
  endpoint.write('pong')
  await client.readUntil('pong')
  await Promise.all([client.ended(), endpoint.ended()])
  assert.ok(performance.now() - begun < 5_000)
  await until('the end of the endpoint', () => it.app.endpoints.length === 0)
})

test('a tunnel outlives the drain of its endpoint when that comes back in time', async () => {
  await using upstream = await RawUpstream.start(upgrading)
  const routes = routesTo([upstream.port], { drainTimeout: '300ms' })
  await using it = await FileApp.start({ routes })
  await using client = await it.connect()
  client.write(UPGRADE)
  await client.readUntil('\r\n\r\n')
  await it.write(routesTo([], { drainTimeout: '300ms' }))
  await it.untilState(upstream.port, 'draining')
  await it.write(routes)
  await it.untilState(upstream.port, 'ready: came back')
  // Nobody tells that a time-out has not come.
  await new Promise((resolve) => setTimeout(resolve, 500))
  client.write('ping')
  await (await upstream.connection(0)).readUntil('ping')
  client.reset()
})

test('slow start: an endpoint that joins is warming, then ready', async () => {
  await using one = await RawUpstream.start()
  await using it = await FileApp.start({ routes: routesTo([one.port], { slowStart: '400ms' }) })
  assert.equal(it.states()[one.port], 'warming: discovered')
  assert.deepEqual(await it.get(), ['200 ok'])
  await it.untilState(one.port, 'ready')
})
