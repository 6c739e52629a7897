import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Composition } from '../../../src/server/plan.ts'
import { startEngine } from '../../support/engine.ts'
import type { Engine, ServiceSketch } from '../../support/engine.ts'
import { answering, ok, RawUpstream, refusingPort } from '../../support/raw-upstream.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

function weighted(shares: Record<string, number>): Composition {
  return { kind: 'weighted', services: Object.entries(shares).map(([name, weight]) => ({ name, weight })) }
}

function balanced(...ports: readonly number[]): ServiceSketch {
  return { endpoints: Object.fromEntries(ports.map((port, i) => [String(i), { port }])) }
}

/** How many of so many answers had this body. */
async function answers(engine: Engine, requests: number): Promise<Record<string, number>> {
  await using client = await engine.connect()
  const counts: Record<string, number> = {}
  for (let i = 0; i < requests; i++) {
    const { head, body } = await client.write(GET).readMessage()
    const key = head.includes(' 200 ') ? body.toString() : head.split(' ')[1]!
    counts[key] = (counts[key] ?? 0) + 1
  }
  return counts
}

test('requests are divided by weight, exactly', async () => {
  await using one = await RawUpstream.start(answering(ok('one')))
  await using two = await RawUpstream.start(answering(ok('two')))
  await using engine = await startEngine({
    routers: { all: {} },
    services: {
      one: balanced(one.port),
      two: balanced(two.port),
      main: weighted({ one: 95, two: 5, off: 0 }),
    },
  })
  assert.deepEqual(await answers(engine, 200), { one: 190, two: 10 })
})

test('nested in several layers, and shared between them', async () => {
  await using one = await RawUpstream.start(answering(ok('one')))
  await using two = await RawUpstream.start(answering(ok('two')))
  await using engine = await startEngine({
    routers: { all: {} },
    services: {
      one: balanced(one.port),
      two: balanced(two.port),
      inner: weighted({ one: 1, two: 1 }),
      outer: weighted({ inner: 1, one: 1 }),
      main: weighted({ outer: 1 }),
    },
  })
  assert.deepEqual(await answers(engine, 40), { one: 30, two: 10 })
})

test('a service without an endpoint that may be used is passed over, whatever its weight', async () => {
  await using one = await RawUpstream.start(answering(ok('one')))
  await using two = await RawUpstream.start(answering(ok('two')))
  await using engine = await startEngine({
    routers: { all: {} },
    services: { one: balanced(one.port), two: balanced(two.port), main: weighted({ one: 1, two: 1 }) },
  })
  await engine.apply({ services: { one: { endpoints: { 0: { port: one.port, state: 'draining' } } } } })
  assert.deepEqual(await answers(engine, 10), { two: 10 })
  await engine.apply({ services: { one: { endpoints: { 0: { port: one.port } } } } })
  assert.deepEqual(await answers(engine, 10), { one: 5, two: 5 })
})

test('none of them can answer: 503', async () => {
  await using engine = await startEngine({
    routers: { all: {} },
    services: { one: balanced(), main: weighted({ one: 1, missing: 1 }) },
  })
  await using client = await engine.connect()
  const { head } = await client.write(GET).readMessage()
  assert.match(head, / 503 /)
  assert.match(head, /Tidegate-Why: UH/)
})

test('a service that is replaced under its name is seen at once', async () => {
  await using one = await RawUpstream.start(answering(ok('one')))
  await using two = await RawUpstream.start(answering(ok('two')))
  await using engine = await startEngine({
    routers: { all: {} },
    services: { child: balanced(one.port), other: balanced(two.port), main: weighted({ child: 1 }) },
  })
  assert.deepEqual(await answers(engine, 2), { one: 2 })
  await engine.apply({ services: { child: weighted({ other: 1 }) } })
  assert.deepEqual(await answers(engine, 2), { two: 2 })
  await engine.apply({ services: { child: null } })
  assert.deepEqual(await answers(engine, 1), { 503: 1 })
  await engine.apply({ services: { child: balanced(one.port) } })
  assert.deepEqual(await answers(engine, 2), { one: 2 })
})

test('a load balancer that becomes weighted finishes what it has, and reports that it has drained', async () => {
  await using slow = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
  })
  await using two = await RawUpstream.start(answering(ok('two')))
  await using engine = await startEngine({ routers: { all: {} }, services: { main: balanced(slow.port) } })
  await using waiting = await engine.connect()
  waiting.write(GET)
  const upstream = await slow.connection(0)
  await upstream.received(1)
  const draining = { 0: { port: slow.port, state: 'draining' } } as const
  await engine.apply({
    services: { two: balanced(two.port), main: { ...weighted({ two: 1 }), draining } },
  })
  assert.deepEqual(await answers(engine, 2), { two: 2 })
  assert.deepEqual(engine.stats.inFlight['main'], { 0: 1 })
  assert.deepEqual(engine.drained, [])
  upstream.write(ok('slow'))
  assert.equal((await waiting.readMessage()).body.toString(), 'slow')
  assert.deepEqual(engine.drained, ['main/0'])
  await engine.apply({ services: { main: { ...weighted({ two: 1 }), draining: { 0: null } } } })
  assert.deepEqual(engine.stats.inFlight['main'], undefined)
  assert.deepEqual([...engine.plane.names.services].map(([name]) => name).toSorted(), ['main', 'two'])
})

test('sessions stick to a service as long as it can answer, and move on for good when it cannot', async () => {
  await using one = await RawUpstream.start(answering(ok('one')))
  await using two = await RawUpstream.start(answering(ok('two')))
  const sticky = { name: 'where', attributes: '; Path=/' }
  await using engine = await startEngine({
    routers: { all: {} },
    services: {
      one: balanced(one.port),
      two: balanced(two.port),
      main: { kind: 'weighted', services: ['one', 'two'].map((name) => ({ name, weight: 1 })), sticky },
    },
  })
  await using client = await engine.connect()
  const asked = async (cookie = ''): Promise<[body: string, cookie: string | undefined]> => {
    const fields = cookie === '' ? '' : `Cookie: other=1; ${cookie}\r\n`
    const { head, body } = await client.write(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`).readMessage()
    return [body.toString(), /^Set-Cookie: (where=\w+); Path=\/$/m.exec(head)?.[1]]
  }
  const [first, bound] = await asked()
  assert.ok(bound !== undefined)
  for (let i = 0; i < 4; i++) assert.deepEqual(await asked(bound), [first, undefined])
  const drained = first === 'one' ? one : two
  await engine.apply({
    services: { [first]: { endpoints: { 0: { port: drained.port, state: 'draining' } } } },
  })
  const [second, moved] = await asked(bound)
  assert.notEqual(second, first)
  assert.ok(moved !== undefined && moved !== bound)
  await engine.apply({ services: { [first]: balanced(drained.port) } })
  assert.deepEqual(await asked(moved), [second, undefined])
})

test('endpoints that fail their checks: other services are asked first, and they when none is better', async () => {
  await using one = await RawUpstream.start(answering(ok('one')))
  await using two = await RawUpstream.start(answering(ok('two')))
  const unfit = { endpoints: { 0: { port: one.port, state: 'unhealthy' } } } as const
  await using engine = await startEngine({
    routers: { all: {} },
    services: { one: unfit, two: balanced(two.port), main: weighted({ one: 1, two: 1 }) },
  })
  assert.deepEqual(await answers(engine, 4), { two: 4 })
  await engine.apply({ services: { two: { endpoints: { 0: null } } } })
  assert.deepEqual(await answers(engine, 4), { one: 4 })
})

test('highest random weight: a client stays with its service, and others move when one goes', async () => {
  await using one = await RawUpstream.start(answering(ok('one')))
  await using two = await RawUpstream.start(answering(ok('two')))
  const shares = ['one', 'two'].map((name) => ({ name, weight: 1 }))
  await using engine = await startEngine({
    forwarded: { insecure: true },
    routers: { all: {} },
    services: {
      one: balanced(one.port),
      two: balanced(two.port),
      main: { kind: 'highestRandomWeight', services: shares },
    },
  })
  const [own, ...others] = Object.keys(await answers(engine, 10))
  assert.deepEqual(others, [])
  const gone = own === 'one' ? one : two
  await engine.apply({ services: { [own!]: { endpoints: { 0: { port: gone.port, state: 'draining' } } } } })
  assert.equal((await answers(engine, 4))[own!], undefined)
  await engine.apply({ services: { [own!]: balanced(gone.port) } })
  assert.deepEqual(await answers(engine, 4), { [own!]: 4 })
})

test('failures within the chosen service are its own: they go to another of its endpoints', async () => {
  await using one = await RawUpstream.start(answering(ok('one')))
  await using engine = await startEngine({
    routers: { all: {} },
    services: { one: balanced(refusingPort(), one.port), main: weighted({ one: 1 }) },
  })
  assert.deepEqual(await answers(engine, 4), { one: 4 })
})
