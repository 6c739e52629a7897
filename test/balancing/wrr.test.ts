import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Candidate } from '../../src/balancing/strategy.ts'
import wrr from '../../src/balancing/strategies/wrr.ts'
import { Request } from '../../src/proxy/request.ts'

const REQUEST = new Request()

function candidate(key: string, weight: number): Candidate {
  return { key, hashName: key, weight, inFlight: 0 }
}

function counts(picks: readonly string[]): Record<string, number> {
  const counted: Record<string, number> = {}
  for (const key of picks) counted[key] = (counted[key] ?? 0) + 1
  return counted
}

const DISTRIBUTIONS: readonly (readonly [weights: Record<string, number>, rounds: number])[] = [
  [{ a: 1 }, 5],
  [{ a: 1, b: 1 }, 7],
  [{ a: 3, b: 3, c: 3 }, 4],
  [{ a: 5, b: 1, c: 1 }, 10],
  [{ a: 1, b: 2 }, 100],
  [{ a: 999, b: 1 }, 3],
  [{ a: 0.5, b: 1.5 }, 50],
]
for (const [weights, rounds] of DISTRIBUTIONS) {
  for (const random of [0, 0.4, 0.999]) {
    test(`wrr: ${JSON.stringify(weights)} from ${random}: each exactly by its weight`, () => {
      const strategy = wrr.create(() => random)
      const candidates = Object.entries(weights).map(([key, weight]) => candidate(key, weight))
      const sum = candidates.reduce((total, { weight }) => total + weight, 0)
      const picks = Array.from({ length: sum * rounds }, () => strategy.pick(candidates, REQUEST).key)
      for (const [key, weight] of Object.entries(weights)) {
        const equal = new Set(Object.values(weights)).size === 1
        const expected = equal ? (sum * rounds) / candidates.length : weight * rounds
        assert.ok(
          Math.abs((counts(picks)[key] ?? 0) - expected) <= 1,
          `${key}: ${counts(picks)[key]} of ${picks.length}`,
        )
      }
    })
  }
}

test('wrr: heavy endpoints are spread evenly', () => {
  const strategy = wrr.create(() => 0)
  const candidates = [candidate('a', 5), candidate('b', 1), candidate('c', 1)]
  const picks = Array.from({ length: 70 }, () => strategy.pick(candidates, REQUEST).key).join('')
  assert.doesNotMatch(picks, /a{6}/, 'never more of one in a row than stand between two of the others')
  assert.doesNotMatch(picks, /bb|cc/)
})

test('wrr: credits belong to endpoints and outlive changes of the pool', () => {
  const strategy = wrr.create(() => 0)
  const [a, b, c] = [candidate('a', 2), candidate('b', 1), candidate('c', 1)]
  const picks: string[] = []
  // The pool changes at every pick, as in a rolling deploy: nobody begins anew.
  for (let i = 0; i < 300; i++) picks.push(strategy.pick(i % 2 === 0 ? [a, b] : [b, a], REQUEST).key)
  assert.deepEqual(counts(picks), { a: 200, b: 100 })
  const more = Array.from(
    { length: 400 },
    (_, i) => strategy.pick(i % 2 === 0 ? [a, b, c] : [c, b, a], REQUEST).key,
  )
  for (const [key, share] of [
    ['a', 200],
    ['b', 100],
    ['c', 100],
  ] as const)
    assert.ok(Math.abs((counts(more)[key] ?? 0) - share) <= 2)
})

test('wrr: equal ones take turns, and a turn that goes elsewhere does not upset them', () => {
  const strategy = wrr.create(() => 0)
  const all = ['a', 'b', 'c', 'd'].map((key) => candidate(key, 1))
  const picks: string[] = []
  for (let i = 0; i < 400; i++) picks.push(strategy.pick(all, REQUEST).key)
  assert.deepEqual(counts(picks), { a: 100, b: 100, c: 100, d: 100 })
})

test('wrr: workers do not all begin with the same endpoint', () => {
  const all = ['a', 'b', 'c'].map((key) => candidate(key, 1))
  const first = [0.1, 0.2, 0.300_001, 0.400_001, 0.5, 0.6].map(
    (random) => wrr.create(() => random).pick(all, REQUEST).key,
  )
  assert.ok(new Set(first).size > 1, first.join())
})
