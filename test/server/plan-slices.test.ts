import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { applyDelta, planDelta } from '../../src/server/plan-delta.ts'
import { slicesOf } from '../../src/server/plan-slices.ts'
import type { Plan, PlanDelta } from '../../src/server/plan.ts'
import { planOf } from '../support/workers.ts'

const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 6 })
const plan = (version: number): fc.Arbitrary<Plan> =>
  fc
    .tuple(names, fc.array(fc.nat(9), { minLength: 6, maxLength: 6 }), fc.nat(5))
    .map(([used, ports, count]) =>
      planOf(
        version,
        used.map(
          (name, i) => [name, ...Array.from({ length: count }, (_, k) => ports[i]! + k * 10)] as const,
        ),
      ),
    )

test('slices lead where the whole change leads, each within the limit', () => {
  fc.assert(
    fc.property(plan(3), plan(4), fc.integer({ min: 1, max: 12 }), (from, to, size) => {
      const slices = [...slicesOf(planDelta(from, to), size)]
      const after = slices.reduce((reached, slice) => applyDelta(reached, slice), from)
      assert.deepEqual(after, to)
      for (const slice of slices) {
        assert.equal(slice.version, 4)
        // A service comes whole with its endpoints, unless those alone are too many.
        assert.ok(weight(slice) <= size + Math.min(size, 5) + 1, `${weight(slice)} of ${size}`)
      }
    }),
  )
})

test('a router never comes before its service, nor goes after it', () => {
  const from = planOf(1, [
    ['a', 1],
    ['b', 2],
  ])
  const to = planOf(2, [
    ['c', 3],
    ['d', 4],
  ])
  let reached: Plan = from
  for (const slice of slicesOf(planDelta(from, to), 1)) {
    reached = applyDelta(reached, slice)
    for (const { service } of reached.routers.values()) assert.ok(reached.services.has(service))
  }
  assert.deepEqual(reached, to)
})

test('a small change is one slice, and the same object', () => {
  const delta = planDelta(planOf(1, []), planOf(2, [['a', 1]]))
  assert.deepEqual([...slicesOf(delta)], [delta])
})

function weight({ routers, middlewares, services }: PlanDelta): number {
  const endpoints = [...services.values()].reduce((sum, service) => sum + (service?.endpoints.size ?? 0), 0)
  return routers.size + middlewares.size + services.size + endpoints
}
