import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MiddlewareDefinition } from '../../src/middleware.ts'
import { EMPTY_PLAN, planDelta } from '../../src/server/plan-delta.ts'
import type { MiddlewarePlan, Plan, RouterPlan } from '../../src/server/plan.ts'
import { SharedMemories } from '../../src/server/shared-memories.ts'
import { ruleOf } from '../support/engine.ts'

const released: string[] = []
const counting = {
  shared: {
    key: ({ unit }: { unit: string }) => unit,
    create: (_options: object, workers: number) => new SharedArrayBuffer(8 * workers),
    release: ({ worker, workers }: { worker: number; workers: number }) =>
      released.push(`${worker} of ${workers}`),
  },
} as unknown as MiddlewareDefinition
const DEFINITIONS = new Map([
  ['counting', counting],
  ['plain', {} as MiddlewareDefinition],
])

const RULE = ruleOf('PathPrefix(`/`)')
const router = (...middlewares: string[]): RouterPlan => ({
  entryPoints: ['web'],
  rule: RULE,
  priority: 1,
  rank: 0,
  middlewares,
  service: 's',
})
const limit = (unit: string, amount = 1): MiddlewarePlan => ({ type: 'counting', options: { unit, amount } })

function plan(routers: Record<string, RouterPlan>, middlewares: Record<string, MiddlewarePlan>): Plan {
  return {
    ...EMPTY_PLAN,
    version: 1,
    routers: new Map(Object.entries(routers)),
    middlewares: new Map(Object.entries(middlewares)),
  }
}

function memoryOf(lent: Plan, name: string, middleware = 'limit'): SharedArrayBuffer | undefined {
  return lent.routers.get(name)?.memories?.get(middleware)
}

test('each router that uses the middleware has memory of its own; others have none', () => {
  const memories = new SharedMemories(DEFINITIONS, 2)
  const lent = memories.lend(
    plan(
      { a: router('limit'), b: router('plain', 'limit'), c: router('plain') },
      { limit: limit('s'), plain: { type: 'plain', options: {} } },
    ),
  )
  assert.equal(memoryOf(lent, 'a')?.byteLength, 16)
  assert.notEqual(memoryOf(lent, 'a'), memoryOf(lent, 'b'))
  assert.equal(lent.routers.get('c')?.memories, undefined)
})

test('a plan without such a middleware is passed on as it is', () => {
  const one = plan({ a: router('plain') }, { plain: { type: 'plain', options: {} } })
  assert.equal(new SharedMemories(DEFINITIONS, 1).lend(one), one)
})

test('memory outlives changes of the router and of options, as long as their key stays', () => {
  const memories = new SharedMemories(DEFINITIONS, 1)
  const before = memoryOf(memories.lend(plan({ a: router('limit') }, { limit: limit('s') })), 'a')
  const changed = memories.lend(plan({ a: { ...router('limit'), priority: 9 } }, { limit: limit('s', 50) }))
  assert.equal(memoryOf(changed, 'a'), before)
  assert.notEqual(memoryOf(memories.lend(plan({ a: router('limit') }, { limit: limit('min') })), 'a'), before)
})

test('memory goes with its router', () => {
  const memories = new SharedMemories(DEFINITIONS, 1)
  const one = plan({ a: router('limit') }, { limit: limit('s') })
  const before = memoryOf(memories.lend(one), 'a')
  memories.lend(plan({}, {}))
  assert.notEqual(memoryOf(memories.lend(one), 'a'), before)
})

test('what has not changed is the same object, so that it is not sent again', () => {
  const memories = new SharedMemories(DEFINITIONS, 1)
  const one = plan({ a: router('limit') }, { limit: limit('s') })
  const first = memories.lend(one)
  assert.equal(planDelta(first, memories.lend(one)).routers.size, 0)
})

test('a dead worker is let go in all memories', () => {
  const memories = new SharedMemories(DEFINITIONS, 3)
  memories.lend(plan({ a: router('limit'), b: router('limit') }, { limit: limit('s') }))
  memories.release(2)
  assert.deepEqual(released, ['2 of 3', '2 of 3'])
})
