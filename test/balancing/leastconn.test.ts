import assert from 'node:assert/strict'
import { test } from 'node:test'
import leastconn from '../../src/balancing/strategies/leastconn.ts'
import { Request } from '../../src/proxy/request.ts'
import { endpointsOf, seededRandom, simulatedEndpoint } from './simulated-pool.ts'

const REQUEST = new Request()

test('leastconn: the one with the fewest for its weight', () => {
  const strategy = leastconn.create(seededRandom(1))
  const [a, b, c] = endpointsOf({ a: 1, b: 2, c: 1 })
  const pool = [a!, b!, c!]
  Object.assign(a!, { inFlight: 3 })
  Object.assign(b!, { inFlight: 5 })
  Object.assign(c!, { inFlight: 4 })
  assert.equal(strategy.pick(pool, REQUEST), b)
  b!.inFlight = 7
  assert.equal(strategy.pick(pool, REQUEST), a)
})

test('leastconn: those with as few take turns by weight', () => {
  const strategy = leastconn.create(seededRandom(1))
  const pool = endpointsOf({ a: 1, b: 2, c: 1 })
  const picks = Array.from({ length: 400 }, () => strategy.pick(pool, REQUEST).key)
  const count = (key: string): number => picks.filter((picked) => picked === key).length
  assert.deepEqual([count('a'), count('b'), count('c')], [100, 200, 100])
})

test('leastconn: it is for newcomers alone that there is a limit: the only free one of a hanging pool gets all', () => {
  const strategy = leastconn.create(seededRandom(1))
  const pool = Array.from({ length: 5 }, (_, i) => simulatedEndpoint(`e${i}`))
  for (const endpoint of pool.slice(1)) endpoint.inFlight = 100
  for (let i = 0; i < 200; i++) assert.equal(strategy.pick(pool, REQUEST), pool[0])
})

test('leastconn: who was left out for a moment, as one that was tried, is no newcomer', () => {
  const strategy = leastconn.create(seededRandom(1))
  const pool = Array.from({ length: 5 }, (_, i) => simulatedEndpoint(`e${i}`))
  for (const endpoint of pool.slice(1)) endpoint.inFlight = 100
  for (let i = 0; i < 50; i++) {
    assert.equal(strategy.pick(pool, REQUEST), pool[0])
    strategy.pick(pool.slice(1), REQUEST)
  }
})
