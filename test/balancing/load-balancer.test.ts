import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoadBalancer } from '../../src/balancing/load-balancer.ts'
import type { Balanced } from '../../src/balancing/load-balancer.ts'
import type { Candidate } from '../../src/balancing/strategy.ts'
import wrr from '../../src/balancing/strategies/wrr.ts'
import { HeaderList } from '../../src/proxy/header-list.ts'
import { Request } from '../../src/proxy/request.ts'
import type { EndpointState } from '../../src/server/plan.ts'
import { endpointOf } from './balanced-endpoint.ts'

const REQUEST = Object.assign(new Request(), { headers: new HeaderList() })

const STATES: Readonly<Record<string, EndpointState>> = {
  '-': 'draining',
  '?': 'unhealthy',
  x: 'ejected',
  '~': 'warming',
}

/**
 * `a` is ready, `a-` drains, `a?` is unhealthy, `ax` ejected, `a~` warms; `a0` has no weight, `a!` is full; `a@z` is in
 * the zone z. The strategy takes the first of those it is given.
 */
function balancerOf(
  endpoints: readonly string[],
  zone?: string,
): { balancer: LoadBalancer<Balanced>; offered: string[] } {
  const offered: string[] = []
  const first = {
    pick<C extends Candidate>(candidates: readonly C[]): C {
      offered.push(candidates.map(({ key }) => key).join(''))
      return candidates[0]!
    },
  }
  const balancer = new LoadBalancer<Balanced>(first, zone)
  for (const text of endpoints) {
    const [, key, marks = '', in_] = /^(.)(.*?)(?:@(.))?$/.exec(text)!
    const state = STATES[marks[0] ?? ''] ?? 'ready'
    balancer.set(
      endpointOf(key!, {
        state,
        weight: marks.includes('0') ? 0 : 1,
        full: marks.includes('!'),
        ...(in_ === undefined ? {} : { zone: in_ }),
      }),
    )
  }
  balancer.refresh()
  return { balancer, offered }
}

const CASES: readonly (readonly [
  endpoints: readonly string[],
  tried: string,
  picked: string | undefined,
  offered: readonly string[],
])[] = [
  [[], '', undefined, []],
  [['a'], '', 'a', []],
  [['a', 'b'], '', 'a', ['ab']],
  [['a-', 'b', 'c0', 'd'], '', 'b', ['bd']],
  [['a-', 'b0'], '', undefined, []],
  [['a', 'b', 'c'], 'a', 'b', ['bc']],
  [['a', 'b', 'c'], 'ab', 'c', []],
  [['a', 'b'], 'ab', 'a', ['ab']],
  [['a', 'b-'], 'a', 'a', []],
  [['a!', 'b', 'c!'], '', 'b', ['abc']],
  [['a!', 'b', 'c'], '', 'b', ['abc', 'bc']],
  [['a', 'b!'], 'a', 'a', []],
  [['a!', 'b!'], '', 'a', ['ab']],
  [['a?', 'b~', 'cx', 'd'], '', 'b', ['bd']],
  [['a?', 'b~', 'cx'], '', 'b', []],
  [['a?', 'b-', 'cx'], '', 'a', ['ac']],
  [['a?', 'b-', 'cx'], 'a', 'c', []],
  [['a?', 'b0'], '', 'a', []],
]
for (const [endpoints, tried, picked, offered] of CASES) {
  test(`of ${endpoints.join(' ') || 'none'}, tried ${tried || 'none'} → ${picked}`, () => {
    const { balancer, offered: seen } = balancerOf(endpoints)
    const before = tried.split('').map((key) => balancer.endpoints.get(key)!)
    assert.equal(balancer.pick(REQUEST, before)?.key, picked)
    assert.deepEqual(seen, offered)
  })
}

const AVAILABILITY: readonly (readonly [endpoints: readonly string[], available: boolean, panic: boolean])[] =
  [
    [[], false, false],
    [['a'], true, false],
    [['a~'], true, false],
    [['a-'], false, false],
    [['a0'], false, false],
    [['a?', 'b'], true, false],
    [['a?', 'bx'], false, true],
    [['a?', 'b0'], false, true],
    [['a?0', 'b-'], false, false],
  ]
for (const [endpoints, available, panic] of AVAILABILITY) {
  test(`${endpoints.join(' ') || 'none'}: ${available ? '' : 'not '}available, ${panic ? 'panic' : 'calm'}`, () => {
    const { balancer } = balancerOf(endpoints)
    assert.deepEqual([balancer.available, balancer.panicking], [available, panic])
  })
}

// The proxy is in zone 1.
const ZONES: readonly (readonly [
  why: string,
  endpoints: readonly string[],
  tried: string,
  offered: string,
])[] = [
  ['its own zone first', ['a@1', 'b@1', 'c@2', 'd@2'], '', 'ab'],
  ['nothing in its zone', ['a@2', 'b@3'], '', 'ab'],
  ['nobody else', ['a@1', 'b@1'], '', 'ab'],
  ['endpoints of unknown zones are others', ['a@1', 'b@1', 'c', 'd'], '', 'ab'],
  ['one in two of its own is left', ['a@1', 'b@1', 'c?@1', 'd-@1', 'e@2', 'f@2'], '', 'ab'],
  ['fewer than half of its own are left', ['a@1', 'b?@1', 'cx@1', 'd@2', 'e@2', 'f@2'], '', 'adef'],
  ['who drains is not counted: it is replaced', ['a@1', 'b@1', 'c-@1', 'd-@1', 'e-@1', 'f@2'], '', 'ab'],
  ['too few for a whole zone', ['a@1', 'b@2', 'c@2', 'd@2', 'e@2'], '', 'abcde'],
  ['just enough for a whole zone', ['a@1', 'b@2', 'c@2', 'd@2'], '', 'a'],
  ['three zones', ['a@1', 'b@1', 'c@2', 'd@2', 'e@2', 'f@2', 'g@3', 'h@3', 'i@3', 'j@3'], '', 'ab'],
  ['who has failed in its zone goes on in it', ['a@1', 'b@1', 'c@1', 'd@2'], 'a', 'bc'],
  ['all in its zone were tried: another zone', ['a@1', 'b@1', 'c@2', 'd@2'], 'ab', 'cd'],
  ['panic knows no zones', ['a?@1', 'b?@2'], '', 'ab'],
]
for (const [why, endpoints, tried, expected] of ZONES) {
  test(`zones: ${why}`, () => {
    const { balancer, offered } = balancerOf(endpoints, '1')
    const before = tried.split('').map((key) => balancer.endpoints.get(key)!)
    const picked = balancer.pick(REQUEST, before)!.key
    assert.equal(offered[0] ?? picked, expected)
  })
}

test('zones: when all in its zone are full, those of others are asked', () => {
  const { balancer } = balancerOf(['a!@1', 'b!@1', 'c@2', 'd@2'], '1')
  assert.equal(balancer.hasRoom, true)
  assert.equal(balancer.pick(REQUEST, [])!.key, 'c')
})

test('zones: a proxy that does not know its own, and a service that does not care, use all alike', () => {
  const { balancer, offered } = balancerOf(['a@1', 'b@1', 'c@2', 'd@2'])
  balancer.pick(REQUEST, [])
  const other = balancerOf(['a@1', 'b@1', 'c@2', 'd@2'], '1')
  other.balancer.configure({ zonePreference: false })
  other.balancer.refresh()
  other.balancer.pick(REQUEST, [])
  assert.deepEqual([offered, other.offered], [['abcd'], ['abcd']])
})

test('slow start: a weight grows from a tenth to the whole', () => {
  let now = 5_000
  const balancer = new LoadBalancer<Balanced>(wrr.create(Math.random), undefined, () => now)
  balancer.configure({ slowStart: 10_000 })
  const warming = endpointOf('a', { weight: 20, state: 'warming', warmingSince: 5_000 })
  const ready = endpointOf('b', { weight: 20 })
  for (const endpoint of [warming, ready]) balancer.set(endpoint)
  const weights: number[] = []
  for (const passed of [-100, 0, 1_000, 5_000, 9_000, 10_000, 60_000]) {
    now = 5_000 + passed
    balancer.refresh()
    assert.equal(balancer.nextStep, passed < 10_000 ? 200 : undefined, `step at ${passed}`)
    weights.push(warming.weight)
    assert.equal(ready.weight, 20)
  }
  assert.deepEqual(weights.map(Math.round), [2, 2, 4, 11, 18, 20, 20])
})

test('slow start: the strategy sees the weight as it is now, in a new list', () => {
  let now = 0
  const seen: (readonly Candidate[])[] = []
  const watching = {
    pick<C extends Candidate>(candidates: readonly C[]): C {
      seen.push(candidates)
      return candidates[0]!
    },
  }
  const balancer = new LoadBalancer<Balanced>(watching, undefined, () => now)
  balancer.configure({ slowStart: 1_000 })
  balancer.set(endpointOf('a', { state: 'warming', warmingSince: 0 }))
  balancer.set(endpointOf('b'))
  balancer.refresh()
  balancer.pick(REQUEST, [])
  now = 500
  balancer.refresh()
  balancer.pick(REQUEST, [])
  assert.notEqual(seen[0], seen[1])
  assert.equal(seen[1]![0]!.weight, 0.55)
})

test('slow start: without one, or when it is taken away, who warms counts whole', () => {
  const balancer = new LoadBalancer<Balanced>(wrr.create(Math.random), undefined, () => 0)
  const warming = endpointOf('a', { state: 'warming', warmingSince: 0 })
  balancer.set(warming)
  balancer.configure({ slowStart: 1_000 })
  balancer.refresh()
  assert.equal(warming.weight, 0.1)
  balancer.configure({})
  balancer.refresh()
  assert.deepEqual([warming.weight, balancer.nextStep], [1, undefined])
})

test('hashes tell endpoints of one URL by their keys', () => {
  const balancer = new LoadBalancer<Balanced>(wrr.create(Math.random))
  const [a, b, c] = ['a', 'b', 'c'].map((key) =>
    endpointOf(key, { url: key === 'c' ? 'http://c' : 'http://x' }),
  )
  for (const endpoint of [a!, b!, c!]) balancer.set(endpoint)
  balancer.refresh()
  assert.deepEqual([a!.hashName, b!.hashName, c!.hashName], ['a', 'b', 'http://c'])
  balancer.delete('a')
  balancer.refresh()
  assert.equal(b!.hashName, 'http://x')
})

test('strategies may hold on to the list: it is the same until the endpoints change', () => {
  const lists: unknown[] = []
  const balancer = new LoadBalancer<Balanced>({
    pick<C extends Candidate>(candidates: readonly C[]): C {
      lists.push(candidates)
      return candidates[0]!
    },
  })
  for (const key of ['a', 'b', 'c']) balancer.set(endpointOf(key))
  balancer.refresh()
  balancer.pick(REQUEST, [])
  balancer.pick(REQUEST, [])
  assert.equal(lists[0], lists[1])
  balancer.delete('c')
  balancer.refresh()
  balancer.pick(REQUEST, [])
  assert.notEqual(lists[1], lists[2])
})
