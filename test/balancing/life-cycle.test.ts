import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LifeCycle } from '../../src/balancing/life-cycle.ts'
import type { Transition, WantedEndpoint, WantedService } from '../../src/balancing/life-cycle.ts'

interface Fixture {
  readonly cycle: LifeCycle
  now: number
  workers: number[]
  /** Tells what discovery names now, as `key`, `key!` when it is terminating, or `key*5` for a weight. */
  name(...endpoints: readonly string[]): string[]
  drained(worker: number, key: string, version?: number): string[]
  sweep(): string[]
  /** What the data plane shall hold, as `key` or `key draining`. */
  live(): string[]
}

function fixture(options: { draining?: boolean; drainTimeout?: number } = {}): Fixture {
  const { draining = true, drainTimeout = 30_000 } = options
  let version = 0
  const it: Fixture = {
    cycle: new LifeCycle({ draining, now: () => it.now, workers: () => it.workers }),
    now: 1_000,
    workers: [1, 2],
    name: (...endpoints) => {
      const service: WantedService = { drainTimeout, endpoints: new Map(endpoints.map(wanted)) }
      return told(it.cycle.update(new Map([['main', service]]), ++version))
    },
    drained: (worker, key, at = version) => told(it.cycle.drained(worker, 'main', key, at)),
    sweep: () => told(it.cycle.sweep()),
    live: () =>
      [...(it.cycle.live.get('main') ?? [])].map(([key, { state }]) =>
        state === 'ready' ? key : `${key} ${state}`,
      ),
  }
  return it
}

function wanted(text: string): [key: string, endpoint: WantedEndpoint] {
  const [, key = '', weight = '1'] = /^(\w+)(?:\*(\d+))?/.exec(text) ?? []
  const endpoint = {
    url: `http://${key}`,
    tls: false,
    address: '10.0.0.1',
    port: 80,
    authority: key,
    pathPrefix: '',
  }
  return [key, { ...endpoint, weight: Number(weight), terminating: text.endsWith('!') }]
}

function told(transitions: readonly Transition[]): string[] {
  return transitions.map(({ key, to, reason }) => `${key} ${to}: ${reason}`)
}

test('endpoints join ready', () => {
  const it = fixture()
  assert.deepEqual(it.name('a', 'b'), ['a ready: discovered', 'b ready: discovered'])
  assert.deepEqual(it.live(), ['a', 'b'])
  assert.deepEqual(it.name('a', 'b'), [])
  assert.equal(it.cycle.nextDeadline, undefined)
})

test('what leaves drains, and is gone when every worker has nothing in flight', () => {
  const it = fixture()
  it.name('a', 'b')
  assert.deepEqual(it.name('b'), ['a draining: left the snapshot'])
  assert.deepEqual(it.live(), ['a draining', 'b'])
  assert.deepEqual(it.drained(1, 'a'), [])
  assert.deepEqual(it.drained(1, 'a'), [], 'twice the same worker is one worker')
  assert.deepEqual(it.drained(2, 'a'), ['a gone: drained'])
  assert.deepEqual(it.live(), ['b'])
})

test('what does not drain in time is gone all the same', () => {
  const it = fixture({ drainTimeout: 5_000 })
  it.name('a')
  it.name()
  assert.equal(it.cycle.nextDeadline, 5_000)
  it.now += 4_999
  assert.deepEqual(it.sweep(), [])
  assert.equal(it.cycle.nextDeadline, 1)
  it.now += 1
  assert.equal(it.cycle.nextDeadline, 0)
  assert.deepEqual(it.sweep(), ['a gone: drain timeout'])
  assert.equal(it.cycle.nextDeadline, undefined)
  assert.deepEqual(it.live(), [])
})

test('what comes back during its drain is ready again, and old reports do not count for its next drain', () => {
  const it = fixture()
  it.name('a')
  it.name()
  it.drained(1, 'a')
  assert.deepEqual(it.name('a'), ['a ready: came back'])
  assert.deepEqual(it.live(), ['a'])
  assert.deepEqual(it.drained(2, 'a', 2), [], 'late, of the first drain')
  assert.deepEqual(it.name(), ['a draining: left the snapshot'])
  assert.deepEqual(it.drained(1, 'a', 2), [], 'late, of the first drain')
  assert.deepEqual(it.drained(2, 'a'), [])
  assert.deepEqual(it.drained(1, 'a'), ['a gone: drained'])
})

test('what its source calls terminating drains, and stays known until the source no longer names it', () => {
  const it = fixture()
  it.name('a')
  assert.deepEqual(it.name('a!'), ['a draining: terminating'])
  assert.deepEqual(it.name('a!'), [])
  it.drained(1, 'a')
  assert.deepEqual(it.drained(2, 'a'), [])
  assert.deepEqual(it.live(), ['a draining'])
  it.now += 60_000
  assert.deepEqual(it.sweep(), [])
  it.name()
  assert.deepEqual(it.sweep(), ['a gone: drained'])
})

test('what joins terminating never gets a request', () => {
  const it = fixture()
  assert.deepEqual(it.name('a!'), ['a draining: terminating'])
  assert.deepEqual(it.live(), ['a draining'])
})

test('a worker that died is not waited for, and one that came is', () => {
  const it = fixture()
  it.name('a')
  it.name()
  it.drained(1, 'a')
  it.workers = [1, 3]
  assert.deepEqual(it.sweep(), [])
  assert.deepEqual(it.drained(3, 'a'), ['a gone: drained'])
})

test('a change of weight is a new plan for that endpoint alone', () => {
  const it = fixture()
  it.name('a', 'b')
  const before = it.cycle.live.get('main')!
  it.name('a*5', 'b')
  const after = it.cycle.live.get('main')!
  assert.equal(after.get('a')?.weight, 5)
  assert.equal(after.get('b'), before.get('b'))
  it.name('a*5', 'b')
  assert.equal(it.cycle.live.get('main'), after, 'what has not changed is the same map')
})

test('a service that is no longer named has all its endpoints drained', () => {
  const it = fixture()
  it.name('a', 'b')
  assert.deepEqual(told(it.cycle.update(new Map(), 9)), [
    'a draining: left the snapshot',
    'b draining: left the snapshot',
  ])
  it.now += 30_000
  it.sweep()
  assert.equal(it.cycle.live.get('main')?.size ?? 0, 0)
})

test('reports of what is not known are passed over', () => {
  const it = fixture()
  assert.deepEqual(it.drained(1, 'a'), [])
  it.name('a')
  assert.deepEqual(it.drained(1, 'a'), [])
  assert.deepEqual(it.live(), ['a'])
})

test('with draining switched off, what leaves is gone at once', () => {
  const it = fixture({ draining: false })
  it.name('a', 'b')
  assert.deepEqual(it.name('b'), ['a gone: left the snapshot'])
  assert.deepEqual(it.live(), ['b'])
})
