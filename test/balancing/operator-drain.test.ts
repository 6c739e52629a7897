import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneService } from './one-service.ts'

test('an operator drains an endpoint, over every change of configuration, until he takes it back', () => {
  const it = oneService()
  it.name('a', 'b')
  assert.deepEqual(it.operator('drain', 'a', 'new disk'), ['a draining: drained by an operator: new disk'])
  it.name('a*5', 'b')
  assert.deepEqual(it.live(), ['a draining', 'b'])
  it.drained(1, 'a')
  assert.deepEqual(it.drained(2, 'a'), ['a gone: drained'])
  assert.deepEqual(it.live(), ['b'])
  assert.deepEqual(it.name('a', 'b'), [])
  assert.deepEqual(it.operator('undrain', 'a'), ['a ready: came back'])
  assert.deepEqual(it.live(), ['a', 'b'])
})

test('his word outlasts the endpoint: when it comes again, it drains', () => {
  const it = oneService()
  it.name('a')
  it.operator('drain', 'a')
  it.name()
  it.after(30_000)
  assert.deepEqual(it.cycle.endpoints, [])
  assert.deepEqual(it.name('a'), ['a draining: drained by an operator'])
  it.after(30_000)
  assert.deepEqual(it.operator('undrain', 'a'), ['a ready: came back'])
})

test('undrain does not call back what its source lets go', () => {
  const it = oneService()
  it.name('a')
  it.operator('drain', 'a')
  it.name('a!')
  assert.deepEqual(it.operator('undrain', 'a'), [])
  assert.deepEqual(it.live(), ['a draining'])
  assert.equal(it.cycle.endpoints[0]?.reason, 'terminating')
})

test('what is not known cannot be drained, and what is not drained not undrained', () => {
  const it = oneService()
  it.name('a')
  assert.equal(it.operator('drain', 'b'), false)
  assert.equal(it.operator('undrain', 'a'), false)
  assert.deepEqual(it.live(), ['a'])
})

test('the list of endpoints says who drains, since when and until when', () => {
  const it = oneService()
  it.name('a')
  it.operator('drain', 'a')
  it.now += 10_000
  it.cycle.drained(1, 'main', 'a', 99)
  const [{ drain } = {}] = it.cycle.endpoints
  assert.deepEqual(
    { ...drain, since: undefined },
    { since: undefined, endsIn: 20_000, finishedWorkers: 1, byOperator: true },
  )
  assert.ok(drain?.since instanceof Date)
})
