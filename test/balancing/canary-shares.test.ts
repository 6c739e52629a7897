import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CanaryShares } from '../../src/balancing/canary-shares.ts'
import hrw from '../../src/balancing/strategies/hrw.ts'
import leasttime from '../../src/balancing/strategies/leasttime.ts'
import p2c from '../../src/balancing/strategies/p2c.ts'
import wrr from '../../src/balancing/strategies/wrr.ts'
import type { Strategy, StrategyDefinition } from '../../src/balancing/strategy.ts'
import { Request } from '../../src/proxy/request.ts'
import { seededRandom } from './simulated-pool.ts'

interface Member {
  readonly key: string
  readonly hashName: string
  readonly weight: number
  readonly inFlight: number
  readonly plan: { readonly canary?: { readonly group: string; readonly percent: number } }
}

function member(key: string, percent?: number, group = 'v2', weight = 1): Member {
  const canary = percent === undefined ? {} : { canary: { group, percent } }
  return { key, hashName: key, weight, inFlight: 0, plan: canary }
}

function shares(inner: StrategyDefinition = wrr, chooser: StrategyDefinition = wrr): Strategy {
  const random = seededRandom(1)
  return new CanaryShares(chooser.create(random), () => inner.create(random))
}

function picks(
  strategy: Strategy,
  members: readonly Member[],
  times: number,
  from = 0,
): Record<string, number> {
  const counts: Record<string, number> = {}
  for (let i = 0; i < times; i++) {
    const request = new Request()
    request.clientAddress = `10.${(from + i) >> 16}.${((from + i) >> 8) & 255}.${(from + i) & 255}`
    const { key } = strategy.pick(members, request)
    counts[key] = (counts[key] ?? 0) + 1
  }
  return counts
}

const POOLS: [what: string, members: Member[], expected: Record<string, number>][] = [
  ['one canary among two', [member('a'), member('b'), member('c', 5)], { a: 475, b: 475, c: 50 }],
  [
    'several canaries share one part',
    [member('a'), member('c', 5), member('d', 5), member('e', 5), member('f', 5), member('g', 5)],
    { a: 950, c: 10, d: 10, e: 10, f: 10, g: 10 },
  ],
  [
    'weights count within a group',
    [member('a', undefined, '', 3), member('b'), member('c', 20, 'v2', 1), member('d', 20, 'v2', 4)],
    { a: 600, b: 200, c: 40, d: 160 },
  ],
  ['two groups', [member('a'), member('c', 5, 'v2'), member('d', 10, 'v3')], { a: 850, c: 50, d: 100 }],
  ['canaries alone have everything', [member('c', 5), member('d', 5)], { c: 500, d: 500 }],
  ['nobody but others', [member('a')], { a: 1_000 }],
  [
    'groups that take everything leave the others nothing',
    [member('a'), member('c', 60, 'v2'), member('d', 60, 'v3')],
    { c: 500, d: 500 },
  ],
  ['half a percent', [member('a'), member('c', 0.5)], { a: 995, c: 5 }],
]
for (const [what, members, expected] of POOLS) {
  test(`canaries: ${what}`, () => {
    assert.deepEqual(picks(shares(), members, 1_000), expected)
  })
}

for (const [name, inner] of Object.entries({ p2c, leasttime })) {
  test(`canaries: their part does not depend on the strategy (${name})`, () => {
    const members = [member('a'), member('b'), member('c', 5)]
    assert.equal(picks(shares(inner), members, 1_000)['c'], 50)
  })
}

test('canaries: a client that belongs to one endpoint keeps it', () => {
  const strategy = shares(hrw, hrw)
  const members = [member('a'), member('b'), member('c', 20)]
  const first = picks(strategy, members, 10_000)
  assert.deepEqual(picks(strategy, members, 10_000), first)
  // Of 10,000 clients 2,000, with a standard deviation of 40.
  assert.ok(Math.abs(first['c']! - 2_000) < 200, String(first['c']))
  const again = new Set<string>()
  for (let i = 0; i < 20; i++) for (const key of Object.keys(picks(strategy, members, 1, 77))) again.add(key)
  assert.equal(again.size, 1)
})

test('canaries: while they come and go, and others fail, their part stays what it is', () => {
  const strategy = shares()
  const all = [member('a'), member('b'), member('c', 5), member('d', 5)]
  const counts: Record<string, number> = {}
  for (let round = 0; round < 100; round++) {
    // One of each group is away in turns.
    const members = all.filter((_, i) => i !== round % 2 && i !== 2 + (round % 2))
    for (const [key, count] of Object.entries(picks(strategy, members, 37)))
      counts[key] = (counts[key] ?? 0) + count
  }
  const canaries = counts['c']! + counts['d']!
  // Of 3,700 requests 185, and one more or less for what is due at the ends.
  assert.ok(Math.abs(canaries - 185) <= 1, String(canaries))
})

test('canaries: only strategies that want to hear of answers do', () => {
  assert.equal(typeof shares(wrr).answered, 'undefined')
  const strategy = shares(leasttime)
  const members = [member('a'), member('b')]
  for (const one of members) strategy.answered!(one, one.key === 'a' ? 1_000 : 1)
  const { a = 0, b = 0 } = picks(strategy, members, 100)
  assert.ok(b > a)
})
