import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneService, told } from './one-service.ts'

test('endpoints join ready', () => {
  const it = oneService()
  assert.deepEqual(it.name('a', 'b'), ['a ready: discovered', 'b ready: discovered'])
  assert.deepEqual(it.live(), ['a', 'b'])
  assert.deepEqual(it.name('a', 'b'), [])
  assert.equal(it.cycle.nextDeadline, undefined)
})

test('what leaves drains, and is gone when every worker has nothing in flight', () => {
  const it = oneService()
  it.name('a', 'b')
  assert.deepEqual(it.name('b'), ['a draining: left the snapshot'])
  assert.deepEqual(it.live(), ['a draining', 'b'])
  assert.deepEqual(it.drained(1, 'a'), [])
  assert.deepEqual(it.drained(1, 'a'), [], 'twice the same worker is one worker')
  assert.deepEqual(it.drained(2, 'a'), ['a gone: drained'])
  assert.deepEqual(it.live(), ['b'])
})

test('what does not drain in time is gone all the same', () => {
  const it = oneService({ drainTimeout: 5_000 })
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
  const it = oneService()
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
  const it = oneService()
  it.name('a')
  assert.deepEqual(it.name('a!'), ['a draining: terminating'])
  assert.deepEqual(it.name('a!'), [])
  it.drained(1, 'a')
  assert.deepEqual(it.drained(2, 'a'), ['a gone: drained'])
  assert.deepEqual(it.live(), [])
  assert.deepEqual(it.name('a!'), [], 'it is known still, and so does not join')
  assert.equal(it.cycle.endpoints.length, 1)
  assert.deepEqual(it.name(), [])
  assert.equal(it.cycle.endpoints.length, 0)
})

test('what is terminating for longer than the drain time-out is cut, and may come back', () => {
  const it = oneService({ drainTimeout: 5_000 })
  it.name('a')
  it.name('a!')
  it.now += 5_000
  assert.deepEqual(it.sweep(), ['a gone: drain timeout'])
  assert.deepEqual(it.live(), [])
  assert.equal(it.cycle.nextDeadline, undefined)
  assert.deepEqual(it.name('a'), ['a ready: came back'])
  assert.deepEqual(it.live(), ['a'])
})

test('what joins terminating never gets a request', () => {
  const it = oneService()
  assert.deepEqual(it.name('a!'), ['a draining: terminating'])
  assert.deepEqual(it.live(), ['a draining'])
})

test('a worker that died is not waited for, and one that came is', () => {
  const it = oneService()
  it.name('a')
  it.name()
  it.drained(1, 'a')
  it.workers = [1, 3]
  assert.deepEqual(it.sweep(), [])
  assert.deepEqual(it.drained(3, 'a'), ['a gone: drained'])
})

test('a change of weight is a new plan for that endpoint alone', () => {
  const it = oneService()
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
  const it = oneService()
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
  const it = oneService()
  assert.deepEqual(it.drained(1, 'a'), [])
  it.name('a')
  assert.deepEqual(it.drained(1, 'a'), [])
  assert.deepEqual(it.live(), ['a'])
})

test('with draining switched off, what leaves is gone at once', () => {
  const it = oneService({ draining: false })
  it.name('a', 'b')
  assert.deepEqual(it.name('b'), ['a gone: left the snapshot'])
  assert.deepEqual(it.live(), ['b'])
})
