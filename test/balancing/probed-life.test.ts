import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneService } from './one-service.ts'

const CHECK = { rise: 2, fall: 3, initiallyUp: false }

test('a probed endpoint is not ready before its first probe has passed', () => {
  const it = oneService({ check: CHECK })
  assert.deepEqual(it.name('a'), ['a unhealthy: not probed yet'])
  assert.deepEqual(it.live(), ['a unhealthy'])
  assert.deepEqual(it.probe('a', true), ['a ready: probe answered 200'], 'whatever `rise` is')
})

test('the first probe fails: the endpoint then needs as many as one that was down', () => {
  const it = oneService({ check: CHECK })
  it.name('a')
  assert.deepEqual(it.probe('a', false), [])
  assert.equal(it.cycle.endpoints[0]?.reason, 'probe answered 500')
  assert.deepEqual(it.probe('a', true), [])
  assert.deepEqual(it.probe('a', true), ['a ready: probe answered 200'])
})

test('down after `fall` failures in a row, up after `rise` passes in a row', () => {
  const it = oneService({ check: CHECK })
  it.name('a')
  const results = 'pffpfffpfpp'.split('').map((result) => it.probe('a', result === 'p').join())
  assert.deepEqual(
    results.flatMap((result, i) => (result === '' ? [] : [`${i} ${result}`])),
    ['0 a ready: probe answered 200', '6 a unhealthy: probe answered 500', '10 a ready: probe answered 200'],
  )
})

test('with `initialState: healthy` it is ready at once, and down after `fall` failures', () => {
  const it = oneService({ check: { ...CHECK, initiallyUp: true } })
  assert.deepEqual(it.name('a'), ['a ready: discovered'])
  assert.deepEqual([it.probe('a', false), it.probe('a', false)], [[], []])
  assert.deepEqual(it.probe('a', false), ['a unhealthy: probe answered 500'])
})

test('a check that comes later finds an endpoint that serves, and leaves it so until it fails', () => {
  const it = oneService()
  it.name('a')
  it.settings = { ...it.settings, check: CHECK }
  assert.deepEqual(it.name('a'), [])
  assert.deepEqual(it.live(), ['a'])
  for (const expected of [[], [], ['a unhealthy: probe answered 500']])
    assert.deepEqual(it.probe('a', false), expected)
})

test('a changed check keeps the state until its next result', () => {
  const it = oneService({ check: CHECK })
  it.name('a')
  it.settings = { ...it.settings, check: { ...CHECK, fall: 1 } }
  assert.deepEqual(it.name('a'), [])
  assert.deepEqual(it.live(), ['a unhealthy'])
})

test('when the check is removed, nobody could say that an endpoint is well again: it serves', () => {
  const it = oneService({ check: CHECK })
  it.name('a')
  it.settings = { ...it.settings, check: undefined }
  assert.deepEqual(it.name('a'), ['a ready: no longer probed'])
  assert.deepEqual(it.probe('a', false), [], 'a late result')
})

test('health is kept over a drain that is called off, but not over one that is over', () => {
  const it = oneService({ check: CHECK })
  it.name('a', 'b')
  it.probe('b', true)
  it.name('b')
  assert.deepEqual(it.name('a', 'b'), ['a unhealthy: not probed yet'])
  it.name('a', 'b!')
  it.after(30_000)
  assert.deepEqual(it.name('a', 'b'), ['b unhealthy: not probed yet'])
})

test('what drains is not probed', () => {
  const it = oneService({ check: CHECK })
  it.name('a', 'b', 'c!')
  it.name('a', 'c!')
  it.operator('drain', 'a')
  assert.deepEqual(it.cycle.probeable('main'), [])
  it.operator('undrain', 'a')
  assert.deepEqual(
    it.cycle.probeable('main').map(({ key, up }) => `${key} ${up}`),
    ['a false'],
  )
})

test('slow start: an endpoint that comes up is warming for its time', () => {
  const it = oneService({ slowStart: 10_000 })
  assert.deepEqual(it.name('a'), ['a warming: discovered'])
  assert.equal(it.cycle.live.get('main')?.get('a')?.warmingSince, 1_000)
  assert.equal(it.cycle.nextDeadline, 10_000)
  assert.deepEqual(it.after(9_999), [])
  assert.deepEqual(it.after(1), ['a ready: discovered'])
  assert.equal(it.cycle.live.get('main')?.get('a')?.warmingSince, undefined)
  assert.equal(it.cycle.nextDeadline, undefined)
})

test('slow start: begins with the first probe that passes, and anew when it has been down', () => {
  const it = oneService({ slowStart: 10_000, check: { ...CHECK, rise: 1, fall: 1 } })
  it.name('a')
  it.after(5_000)
  assert.deepEqual(it.probe('a', true), ['a warming: probe answered 200'])
  assert.deepEqual(it.after(10_000), ['a ready: probe answered 200'])
  it.probe('a', false)
  assert.deepEqual(it.probe('a', true), ['a warming: probe answered 200'])
})

test('slow start: what comes back during its drain has never been away', () => {
  const it = oneService({ slowStart: 10_000 })
  it.name('a', 'b')
  it.after(10_000)
  it.name('b')
  assert.deepEqual(it.name('a', 'b'), ['a ready: came back'])
})
