import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneService } from './one-service.ts'
import type { OneService } from './one-service.ts'

function fourEndpoints(settings: Parameters<typeof oneService>[0] = {}): OneService {
  const it = oneService(settings)
  it.name('a', 'b', 'c', 'd')
  return it
}

const EJECTED = 'a ejected: 5 failures in a row, the last one: no connection; out for'

test('five failures in a row, over all workers, and an endpoint is out for ten seconds', () => {
  const it = fourEndpoints()
  assert.deepEqual(it.fails('a', 2), [])
  assert.deepEqual(it.fails('a', 2), [])
  assert.deepEqual(it.fails('a', 1), [`${EJECTED} 10 s`])
  assert.deepEqual(it.live(), ['a ejected', 'b', 'c', 'd'])
  assert.equal(it.cycle.nextDeadline, 10_000)
  assert.equal(it.cycle.endpoints[0]?.returnsIn, 10_000)
  assert.deepEqual(it.after(9_999), [])
  assert.deepEqual(it.after(1), ['a ready: ejection over'])
})

test('a success in between begins the count anew', () => {
  const it = fourEndpoints()
  it.fails('a', 4)
  it.succeeds('a')
  assert.deepEqual(it.fails('a', 4), [])
  assert.deepEqual(it.outcome('a', { succeeded: true, answered: true, failures: 4, unanswered: 4 }), [])
  assert.deepEqual(it.fails('a', 1), [`${EJECTED} 10 s`])
})

test('workers are asked to watch once failures begin, and when an endpoint returns', () => {
  const it = fourEndpoints()
  it.fails('a', 1)
  it.fails('a', 1)
  assert.deepEqual(it.asked, ['watch a'])
  it.succeeds('a')
  it.fails('a', 5)
  it.after(10_000)
  assert.deepEqual(
    it.asked.filter((ask) => ask === 'watch a'),
    ['watch a', 'watch a', 'watch a'],
  )
})

test('each ejection in a row is longer, up to five minutes', () => {
  const it = fourEndpoints()
  const lasted: number[] = []
  for (let i = 0; i < 32; i++) {
    it.fails('a', 5)
    lasted.push(it.cycle.nextDeadline! / 1_000)
    assert.deepEqual(it.after(it.cycle.nextDeadline!), ['a ready: ejection over'])
  }
  assert.deepEqual(lasted.slice(0, 4), [10, 20, 30, 40])
  assert.deepEqual(lasted.slice(-3), [300, 300, 300])
  assert.equal(it.cycle.endpoints[0]?.ejections, 32)
})

test('answers after the return, for as long as it was out: the next ejection is a first one', () => {
  const it = fourEndpoints()
  it.fails('a', 5)
  it.after(10_000)
  it.succeeds('a')
  it.after(5_000)
  it.fails('a', 5)
  assert.equal(it.cycle.nextDeadline, 20_000, 'answered, but not for long')
  it.after(20_000)
  it.after(60_000)
  it.fails('a', 5)
  assert.equal(it.cycle.nextDeadline, 30_000, 'long, but it was never seen to answer')
  it.after(30_000)
  it.succeeds('a')
  it.after(30_000)
  it.fails('a', 5)
  assert.equal(it.cycle.nextDeadline, 10_000)
})

test('never more than half of the endpoints are out, and never the last one that serves', () => {
  const it = fourEndpoints()
  it.name('a', 'b', 'c', 'd', 'e')
  for (const key of ['a', 'b', 'c', 'd', 'e']) it.fails(key, 5)
  assert.deepEqual(it.live(), ['a ejected', 'b ejected', 'c', 'd', 'e'])
  const two = oneService()
  two.name('a', 'b!', 'c*0')
  assert.deepEqual(two.fails('a', 9), [])
  const one = oneService()
  one.name('a')
  assert.deepEqual(one.fails('a', 9), [])
})

test('others that are down by their probes do not make the rest expendable', () => {
  const it = oneService({ check: { rise: 1, fall: 1, initiallyUp: true } })
  it.name('a', 'b', 'c', 'd')
  for (const key of ['b', 'c', 'd']) it.probe(key, false)
  assert.deepEqual(it.fails('a', 5), [])
  it.probe('b', true)
  assert.equal(it.fails('a', 1).length, 1, 'its failures were not forgotten')
})

test('when others leave, those come back that would be too many', () => {
  const it = fourEndpoints()
  it.fails('a', 5)
  it.after(1_000)
  it.fails('b', 5)
  assert.deepEqual(it.name('a', 'b', 'd'), [
    'a ready: ejection over, too many others were out',
    'c draining: left the snapshot',
  ])
  assert.deepEqual(it.live(), ['a', 'b ejected', 'c draining', 'd'])
})

test('failures of what drains, or is out already, are no news', () => {
  const it = fourEndpoints()
  it.name('a!', 'b', 'c', 'd')
  it.fails('a', 20)
  it.fails('b', 20)
  it.fails('b', 20)
  it.name('a', 'b', 'c', 'd')
  assert.deepEqual(it.live(), ['a', 'b ejected', 'c', 'd'])
  it.after(10_000)
  assert.deepEqual(it.fails('b', 4), [])
})

test('an ejection is kept over a drain that is called off', () => {
  const it = fourEndpoints()
  it.fails('a', 5)
  it.name('b', 'c', 'd')
  assert.deepEqual(it.name('a', 'b', 'c', 'd'), [`${EJECTED} 10 s`])
})

test('with an active check, an ejected endpoint comes back with the first probe after its time that passes', () => {
  const it = fourEndpoints({ check: { rise: 1, fall: 3, initiallyUp: true } })
  it.fails('a', 5)
  assert.deepEqual(it.probe('a', true), [], 'not before its time')
  assert.deepEqual(it.after(10_000), [])
  assert.equal(it.asked.at(-1), 'probe a')
  assert.match(it.cycle.endpoints[0]!.reason, /waits for a probe to pass$/)
  assert.deepEqual(it.probe('a', false), [])
  assert.deepEqual(it.probe('a', true), ['a ready: ejection over, probe answered 200'])
})

test('an ejected endpoint that waits for a probe comes back when the check is removed', () => {
  const it = fourEndpoints({ check: { rise: 1, fall: 3, initiallyUp: true } })
  it.fails('a', 5)
  it.after(10_000)
  it.settings = { ...it.settings, check: undefined }
  it.name('a', 'b', 'c', 'd')
  assert.deepEqual(it.sweep(), ['a ready: ejection over'])
})

test('failures within a window, as Traefik counts them', () => {
  const window = { failures: 3, window: 10_000, base: 10_000, longest: 10_000, maxPercent: 50 }
  const it = fourEndpoints({ ejection: window })
  it.fails('a', 2)
  it.after(10_000)
  assert.deepEqual(it.fails('a', 2), [], 'the first two are too long ago')
  it.after(5_000)
  assert.equal(it.fails('a', 1).length, 1)
  for (const lasts of [10_000, 10_000]) {
    assert.equal(it.cycle.nextDeadline, lasts)
    it.after(lasts)
    it.fails('a', 3)
  }
})

test('with `maxEjectionPercent: 0` nothing is ever out', () => {
  const it = fourEndpoints({
    ejection: { failures: 1, window: 1_000, base: 1_000, longest: 1_000, maxPercent: 0 },
  })
  assert.deepEqual(it.fails('a', 100), [])
})

test('attempts that are not answered are told apart from bad answers', () => {
  const it = oneService()
  it.name('a')
  it.outcome('a', { failures: 9, answered: true, by: 'status' })
  it.fails('a', 4)
  assert.deepEqual(it.asked, ['watch a'])
  it.fails('a', 1)
  it.fails('a', 1)
  it.outcome('a', { failures: 1, answered: true, by: 'status' })
  assert.deepEqual(it.asked, ['watch a', 'unanswered a true', 'unanswered a false'])
})
