import assert from 'node:assert/strict'
import { test } from 'node:test'
import leasttime from '../../src/balancing/strategies/leasttime.ts'
import type { Strategy } from '../../src/balancing/strategy.ts'
import { Request } from '../../src/proxy/request.ts'
import { endpointsOf, seededRandom, simulatedEndpoint, Traffic } from './simulated-pool.ts'

const REQUEST = new Request()

function create(): Strategy {
  return leasttime.create(seededRandom(1))
}

function answers(strategy: Strategy, endpoint: { key: string }, ...times: readonly number[]): void {
  for (const time of times) strategy.answered!(endpoint as never, time)
}

const SCORES: readonly (readonly [
  why: string,
  endpoints: Readonly<Record<string, { time: number; inFlight: number; weight?: number }>>,
  picked: string,
])[] = [
  ['the fastest', { a: { time: 20, inFlight: 0 }, b: { time: 10, inFlight: 0 } }, 'b'],
  ['requests on their way count', { a: { time: 20, inFlight: 0 }, b: { time: 10, inFlight: 2 } }, 'a'],
  [
    'weights count',
    { a: { time: 20, inFlight: 0, weight: 4 }, b: { time: 10, inFlight: 0, weight: 1 } },
    'a',
  ],
  ['all together', { a: { time: 20, inFlight: 5, weight: 4 }, b: { time: 10, inFlight: 2, weight: 1 } }, 'a'],
]
for (const [why, sketch, expected] of SCORES) {
  test(`leasttime: ${why}`, () => {
    const strategy = create()
    const pool = Object.entries(sketch).map(([key, { inFlight, weight = 1 }]) => ({
      ...simulatedEndpoint(key, weight),
      inFlight,
    }))
    for (const endpoint of pool) answers(strategy, endpoint, sketch[endpoint.key]!.time)
    assert.equal(strategy.pick(pool, REQUEST).key, expected)
  })
}

test('leasttime: the average is that of the last hundred answers', () => {
  const strategy = create()
  const pool = endpointsOf({ a: 1, b: 1 })
  answers(strategy, pool[0]!, ...Array.from({ length: 100 }, () => 100))
  answers(strategy, pool[1]!, 50)
  assert.equal(strategy.pick(pool, REQUEST).key, 'b')
  // 49 × 100 + 51 × 1, and one more.
  answers(strategy, pool[0]!, ...Array.from({ length: 51 }, () => 1))
  assert.equal(strategy.pick(pool, REQUEST).key, 'a')
})

test('leasttime: who has not answered yet counts as the average, not as nothing', () => {
  const strategy = create()
  const [a, b] = endpointsOf({ a: 1, b: 1 })
  const pool = [a!, b!]
  answers(strategy, a!, 10)
  answers(strategy, b!, 30)
  strategy.pick(pool, REQUEST)
  const newcomer = simulatedEndpoint('new')
  const traffic = new Traffic(strategy, 20)
  const counts = traffic.run([...pool, newcomer], 20)
  assert.ok(counts['new']! >= 1 && counts['new']! <= 12, `${counts['new']} of 20`)
})

test('leasttime: before anyone has answered they are even', () => {
  const counts = new Traffic(create(), 1_000).run(endpointsOf({ a: 1, b: 1, c: 2 }), 400)
  assert.ok(Math.abs(counts['a']! - 100) <= 2 && Math.abs(counts['b']! - 100) <= 2, JSON.stringify(counts))
})

test('leasttime: one that was slow once is asked again now and then, and comes back when it is fast', () => {
  const times: Record<string, number> = { a: 10, b: 500 }
  const traffic = new Traffic(create(), 1, ({ key }) => times[key]!)
  const pool = endpointsOf({ a: 1, b: 1 })
  const slow = traffic.run(pool, 2_000)
  assert.ok(slow['b']! >= 5 && slow['b']! <= 40, `${slow['b']} of 2,000`)
  times['b'] = 1
  const healed = traffic.run(pool, 40_000)
  assert.ok(healed['b']! > healed['a']!, `${healed['b']} of 40,000`)
})

test('leasttime: one that hangs is not asked again', () => {
  const strategy = create()
  const [a, b] = endpointsOf({ a: 1, b: 1 })
  answers(strategy, a!, 10)
  answers(strategy, b!, 500)
  b!.inFlight = 1
  for (let i = 0; i < 2_000; i++) assert.equal(strategy.pick([a!, b!], REQUEST), a)
})
