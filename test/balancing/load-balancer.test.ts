import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoadBalancer } from '../../src/balancing/load-balancer.ts'
import type { Balanced } from '../../src/balancing/load-balancer.ts'
import type { Candidate } from '../../src/balancing/strategy.ts'
import { Request } from '../../src/proxy/request.ts'

const REQUEST = new Request()

/** `a` may be used, `a-` drains, `a0` has no weight; the strategy takes the first of those it is given. */
function balancerOf(...endpoints: readonly string[]): {
  balancer: LoadBalancer<Balanced>
  offered: string[]
} {
  const offered: string[] = []
  const balancer = new LoadBalancer<Balanced>({
    pick<C extends Candidate>(candidates: readonly C[]): C {
      offered.push(candidates.map(({ key }) => key).join(''))
      return candidates[0]!
    },
  })
  for (const text of endpoints)
    balancer.set({
      key: text[0]!,
      weight: text.endsWith('0') ? 0 : 1,
      inFlight: 0,
      draining: text.endsWith('-'),
      down: text.endsWith('?'),
      full: text.endsWith('!'),
    })
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
  [['a?', 'b', 'c'], '', 'b', ['bc']],
  [['a?', 'b?', 'c-'], '', 'a', ['ab']],
]
for (const [endpoints, tried, picked, offered] of CASES) {
  test(`of ${endpoints.join(' ') || 'none'}, tried ${tried || 'none'} → ${picked}`, () => {
    const { balancer, offered: seen } = balancerOf(...endpoints)
    const before = tried.split('').map((key) => balancer.endpoints.get(key)!)
    assert.equal(balancer.pick(REQUEST, before)?.key, picked)
    assert.deepEqual(seen, offered)
  })
}

test('strategies may hold on to the list: it is the same until the endpoints change', () => {
  const lists: unknown[] = []
  const balancer = new LoadBalancer<Balanced>({
    pick<C extends Candidate>(candidates: readonly C[]): C {
      lists.push(candidates)
      return candidates[0]!
    },
  })
  for (const key of ['a', 'b', 'c'])
    balancer.set({ key, weight: 1, inFlight: 0, draining: false, down: false, full: false })
  balancer.refresh()
  balancer.pick(REQUEST, [])
  balancer.pick(REQUEST, [])
  assert.equal(lists[0], lists[1])
  balancer.delete('c')
  balancer.refresh()
  balancer.pick(REQUEST, [])
  assert.notEqual(lists[1], lists[2])
})
