import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Problem } from '../../src/config/problem.ts'
import { Discovery } from '../../src/discovery/discovery.ts'
import type { Instance } from '../../src/discovery/provider.ts'
import { Watcher } from '../../src/discovery/watcher.ts'
import { FakeClock, turns } from './fake-clock.ts'
import { FakeProvider, instance } from './fake-provider.ts'

const FAILURE: Problem = {
  code: 'E401',
  severity: 'error',
  message: 'the agent cannot be reached',
  origin: { source: 'consulcatalog' },
}

async function watching(throttle = 2_000) {
  const clock = new FakeClock()
  const provider = new FakeProvider()
  const lines: string[] = []
  const record =
    (level: string) =>
    (message: string): void =>
      void lines.push(`${level} ${message}`)
  const log = { info: record('info'), warn: record('warn'), error: record('error') }
  const watcher = new Watcher({ name: 'consulCatalog', create: provider.create, throttle, log, clock })
  /** Ids of the instances at each publication. */
  const published: string[][] = []
  const ids = (): string[] =>
    [...watcher.picture.parts.values()].flatMap(({ instances = [] }) => instances.map(({ id }) => id))
  watcher.start(() => void published.push(ids()))
  await turns()
  return {
    clock,
    provider,
    lines,
    watcher,
    published,
    ids,
    say: async (...instances: Instance[]) => {
      provider.yields({ instances })
      await turns()
    },
    [Symbol.asyncDispose]: () => watcher.stop(),
  }
}

test('appears in lower case', async () => {
  await using world = await watching()
  assert.equal(world.watcher.name, 'consulcatalog')
  assert.equal(world.provider.tools?.name, 'consulcatalog')
})

test('the first change after a quiet time is published at once, the next ones once per interval', async () => {
  await using world = await watching()
  await world.say(instance('a'))
  await world.say(instance('a'), instance('b'))
  await world.say(instance('a'), instance('b'), instance('c'))
  assert.deepEqual(world.published, [['a']])
  await world.clock.advance(1_999)
  assert.equal(world.published.length, 1)
  await world.clock.advance(1)
  assert.deepEqual(world.published, [['a'], ['a', 'b', 'c']])
  await world.clock.advance(10_000)
  await world.say(instance('a'))
  assert.deepEqual(world.published.at(-1), ['a'])
})

test('an interval begins anew with each publication', async () => {
  await using world = await watching()
  await world.say(instance('a'))
  await world.clock.advance(1_500)
  await world.say()
  assert.deepEqual(world.published, [['a'], []])
  await world.say(instance('b'))
  await world.clock.advance(500)
  assert.equal(world.published.length, 2)
  await world.clock.advance(1_500)
  assert.deepEqual(world.published.at(-1), ['b'])
})

const takesAway: [string, Instance[]][] = [
  ['an instance that left', [instance('b')]],
  ['an instance on its way out', [instance('a', { terminating: true }), instance('b')]],
  ['an instance that turned critical', [instance('a', { health: 'critical' }), instance('b')]],
  ['an instance that moved', [instance('a', { address: '10.0.0.9' }), instance('b')]],
  ['an instance whose port changed', [instance('a', { ports: [{ port: 81 }] }), instance('b')]],
]
for (const [name, next] of takesAway) {
  test(`${name} is published without waiting`, async () => {
    await using world = await watching()
    await world.say(instance('a'), instance('b'))
    await world.say(...next)
    assert.equal(world.published.length, 2)
  })
}

const waits: [string, Instance[]][] = [
  ['an instance that joined', [instance('a', { terminating: true }), instance('b')]],
  ['another weight', [instance('a', { terminating: true, weight: 3 })]],
  ['an instance that is missing without proof', [instance('a', { terminating: true, unproven: true })]],
  ['an instance that came back', [instance('a')]],
]
for (const [name, next] of waits) {
  test(`${name} waits for the interval`, async () => {
    await using world = await watching()
    await world.say(instance('a', { terminating: true }))
    await world.say(...next)
    assert.equal(world.published.length, 1)
    await world.clock.advance(2_000)
    assert.equal(world.published.length, 2)
  })
}

test('a part that is gone is published at once', async () => {
  await using world = await watching()
  world.provider.yields({ part: 'x', instances: [instance('a')] }, { part: 'y', instances: [instance('b')] })
  await turns()
  world.provider.yields({ part: 'x', gone: true })
  await turns()
  assert.deepEqual(world.published, [['a', 'b'], ['b']])
})

test('an identical picture is not published', async () => {
  await using world = await watching(0)
  await world.say(instance('a', { meta: { version: '1' } }))
  await world.say(instance('a', { meta: { version: '1' } }))
  assert.equal(world.published.length, 1)
  await world.say(instance('a', { meta: { version: '2' } }))
  assert.equal(world.published.length, 2)
})

test('a change that is taken back within the interval is not published', async () => {
  await using world = await watching()
  await world.say(instance('a'))
  await world.say(instance('a'), instance('b'))
  await world.say(instance('a'))
  await world.clock.advance(5_000)
  assert.deepEqual(world.published, [['a']])
})

test('what is yielded in one breath is one publication', async () => {
  await using world = await watching()
  const parts = Array.from({ length: 50 }, (_, i) => ({ part: `f${i}.yml`, instances: [instance(`i${i}`)] }))
  world.provider.yields(...parts)
  await turns()
  assert.equal(world.published.length, 1)
  assert.equal(world.published[0]?.length, 50)
})

test('a crash keeps the picture and starts the provider again, ever later, until it succeeds', async () => {
  await using world = await watching(0)
  await world.say(instance('a'))
  const delays: number[] = []
  for (let i = 0; i < 12; i++) {
    world.provider.throws('boom')
    await turns()
    delays.push(world.clock.asked.at(-1)!)
    await world.clock.advance(30_000)
  }
  assert.deepEqual(delays.slice(0, 4), [75, 150, 300, 600])
  assert.equal(delays.at(-1), 22_500)
  assert.equal(world.provider.starts, 13)
  assert.deepEqual(world.ids(), ['a'])
  await world.say(instance('a'), instance('b'))
  world.provider.throws('boom')
  await turns()
  assert.equal(world.clock.asked.at(-1), 75)
})

test('a crashed run is told to close', async () => {
  await using world = await watching()
  const { signal } = world.provider.tools!
  world.provider.throws('boom')
  await turns()
  assert.equal(signal.aborted, true)
})

test('a provider that ends by itself is started again', async () => {
  await using world = await watching()
  world.provider.ends()
  await turns()
  assert.equal(world.watcher.state.state, 'failing')
  await world.clock.advance(100)
  assert.equal(world.provider.starts, 2)
})

test('a failure is logged when it begins and when it heals, not at each retry', async () => {
  await using world = await watching(0)
  await world.say(instance('a'))
  for (let i = 0; i < 3; i++) {
    world.provider.throws(`boom ${i}`)
    await turns()
    await world.clock.advance(30_000)
  }
  world.provider.yields({ part: 'dc1', failure: FAILURE }, { part: 'dc1', failure: FAILURE })
  await turns()
  world.provider.yields({ part: 'dc1', instances: [] })
  await turns()
  assert.deepEqual(world.lines, [
    'error consulcatalog: the provider consulcatalog broke: boom 0; its last good picture keeps serving',
    'error consulcatalog (dc1): the agent cannot be reached',
    'info consulcatalog is back',
    'info consulcatalog (dc1) can be read again',
  ])
})

test('a part that fails keeps its own last good picture', async () => {
  await using world = await watching(0)
  world.provider.yields({ part: 'x', instances: [instance('a')] }, { part: 'y', instances: [instance('b')] })
  await turns()
  world.provider.yields({ part: 'x', failure: FAILURE })
  await turns()
  assert.deepEqual(world.ids(), ['a', 'b'])
  assert.equal(world.published.length, 1)
  const { state, parts, lastError } = world.watcher.state
  assert.equal(state, 'stale')
  assert.equal(lastError, FAILURE)
  assert.deepEqual(
    parts.map(({ part, instances, error }) => [part, instances, error]),
    [
      ['x', 1, FAILURE.message],
      ['y', 1, undefined],
    ],
  )
  assert.deepEqual(world.watcher.problems, [FAILURE])
})

test('tells how it is doing', async () => {
  await using world = await watching()
  assert.equal(world.watcher.state.state, 'starting')
  world.provider.yields({ failure: FAILURE })
  await turns()
  assert.equal(world.watcher.state.state, 'failing')
  await world.say(instance('a'))
  await world.clock.advance(1_234)
  const { state, age, instances, lastError } = world.watcher.state
  assert.deepEqual(
    { state, age, instances, lastError },
    { state: 'ok', age: 1_234, instances: 1, lastError: FAILURE },
  )
})

test('an instance that is missing goes after ten minutes, at once', async () => {
  await using world = await watching(60 * 60_000)
  await world.say(instance('a'), instance('b', { unproven: true, address: '10.0.0.2' }))
  await world.clock.advance(10 * 60_000 - 1)
  assert.deepEqual(world.ids(), ['a', 'b'])
  await world.clock.advance(1)
  assert.deepEqual(world.published, [['a', 'b'], ['a']])
})

test('an instance that was missing and is seen again stays', async () => {
  await using world = await watching(0)
  await world.say(instance('a', { unproven: true }))
  await world.say(instance('a'))
  await world.clock.advance(20 * 60_000)
  assert.deepEqual(world.ids(), ['a'])
})

test('a refresh reaches the provider and ends the waiting time after a crash', async () => {
  await using world = await watching()
  let refreshed = 0
  world.provider.tools?.onRefresh(() => void refreshed++)
  world.watcher.refresh()
  assert.equal(refreshed, 1)
  world.provider.throws('boom')
  await turns()
  assert.equal(world.provider.starts, 1)
  world.watcher.refresh()
  await turns()
  assert.equal(world.provider.starts, 2)
  assert.equal(refreshed, 1)
})

test('a listener that throws breaks nothing', async () => {
  const provider = new FakeProvider()
  const lines: string[] = []
  const log = { info: () => undefined, warn: () => undefined, error: (line: string) => void lines.push(line) }
  await using watcher = new Watcher({
    name: 'x',
    create: provider.create,
    throttle: 0,
    log,
    clock: new FakeClock(),
  })
  watcher.start(() => {
    throw new Error('no table')
  })
  provider.yields({ instances: [instance('a')] })
  await turns()
  provider.yields({ instances: [instance('b')] })
  await turns()
  assert.equal(lines.length, 2)
  assert.match(lines[0]!, /no table/)
})

test('a provider that hangs does not hold up a stop', async () => {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const hanging = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) }
  const watcher = new Watcher({ name: 'x', create: () => hanging, throttle: 0, log, clock: new FakeClock() })
  watcher.start(() => undefined)
  await turns()
  await watcher.stop()
})

test('a provider whose start throws is tried again', async () => {
  const clock = new FakeClock()
  let starts = 0
  const create = (): never => {
    starts++
    throw new Error('no')
  }
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
  await using watcher = new Watcher({ name: 'x', create, throttle: 0, log, clock })
  watcher.start(() => undefined)
  await turns()
  await clock.advance(75)
  assert.equal(starts, 2)
})

test('all providers together are ready when each has said or failed something', async () => {
  await using one = await watching()
  await using two = await watching()
  const discovery = new Discovery([one.watcher, two.watcher], { clock: one.clock })
  let ready: boolean | undefined
  const waiting = discovery.ready(5_000).then((inTime) => (ready = inTime))
  await one.say(instance('a'))
  assert.equal(ready, undefined)
  two.provider.yields({ failure: FAILURE })
  await turns()
  assert.equal(await waiting, true)
  assert.deepEqual(
    discovery.pictures.map(({ parts }) => parts.size),
    [1, 0],
  )
  assert.deepEqual(discovery.problems, [FAILURE])
})

test('readiness is not waited for longer than told', async () => {
  await using world = await watching()
  const waiting = new Discovery([world.watcher], { clock: world.clock }).ready(5_000)
  await world.clock.advance(5_000)
  assert.equal(await waiting, false)
})

test('the first picture is published before the provider counts as heard', async () => {
  await using world = await watching()
  world.provider.yields({ instances: [instance('a')] })
  await world.watcher.heard
  assert.deepEqual(world.published, [['a']])
})
