import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EMPTY_PLAN, applyDelta, planDelta } from '../../src/server/plan-delta.ts'
import { PlanReceiver } from '../../src/server/plan-receiver.ts'
import { PlanSender } from '../../src/server/plan-sender.ts'
import type { WholeSlice } from '../../src/server/plan-sender.ts'
import type { Plan, PlanDelta } from '../../src/server/plan.ts'
import { planOf } from '../support/workers.ts'

const PLANS = [
  EMPTY_PLAN,
  planOf(1, [['a', 1]]),
  planOf(2, [
    ['a', 1, 2],
    ['b', 3],
  ]),
  planOf(3, [
    ['a', 2],
    ['c', 4],
  ]),
] as const

/** A worker that only keeps the plan, and fails when told to. */
class Replica {
  plan: Plan = EMPTY_PLAN
  readonly sent: { base: number; version: number; whole: WholeSlice | undefined }[] = []
  failing = 0
  readonly failures: string[] = []
  readonly receiver = new PlanReceiver(this)
  readonly sender = new PlanSender(
    async (delta, whole) => {
      this.sent.push({ base: delta.base, version: delta.version, whole })
      try {
        if (this.failing-- > 0) throw new Error('no')
        await this.receiver.apply(delta, whole)
        return {}
      } catch (error) {
        return { error: (error as Error).message }
      }
    },
    (message) => this.failures.push(message),
  )

  get version(): number {
    return this.plan.version
  }

  get names() {
    const services = [...this.plan.services].map(([name, { endpoints }]) => [name, endpoints.keys()] as const)
    const { routers, middlewares, transports } = this.plan
    return {
      routers: routers.keys(),
      middlewares: middlewares.keys(),
      services,
      transports: transports.keys(),
    }
  }

  async apply(delta: PlanDelta): Promise<void> {
    this.plan = applyDelta(this.plan, delta)
  }

  send(version: number): Promise<void> {
    return this.sender.send(PLANS[version]!, planDelta(PLANS[version - 1]!, PLANS[version]!))
  }
}

test('each change is acknowledged', async () => {
  const replica = new Replica()
  for (const version of [1, 2, 3]) {
    await replica.send(version)
    assert.deepEqual([replica.plan, replica.sender.version], [PLANS[version], version])
  }
  assert.deepEqual(
    replica.sent.map(({ base }) => base),
    [0, 1, 2],
  )
})

test('changes that come while one is under way go as one', async () => {
  const replica = new Replica()
  await Promise.all([replica.send(1), replica.send(2), replica.send(3)])
  assert.deepEqual(replica.plan, PLANS[3])
  assert.deepEqual(
    replica.sent.map(({ base, version }) => [base, version]),
    [
      [0, 1],
      [1, 3],
    ],
  )
})

test('a worker that could not follow gets the whole plan, and loses what that does not name', async () => {
  const replica = new Replica()
  await replica.send(1)
  await replica.send(2)
  replica.failing = 1
  await replica.send(3)
  assert.deepEqual(replica.plan, PLANS[3])
  assert.deepEqual(replica.sent.at(-1), { base: 0, version: 3, whole: { first: true, last: true } })
  assert.deepEqual(replica.failures, ['no; it gets the whole plan'])
})

test('a worker at another version than thought gets the whole plan', async () => {
  const replica = new Replica()
  await replica.send(1)
  replica.plan = { ...planOf(1, [['z', 9]]), version: 7 }
  await replica.send(2)
  assert.deepEqual(replica.plan, PLANS[2])
})

test('a plan that fails whole is left at that until the next one', async () => {
  const replica = new Replica()
  await replica.send(1)
  replica.failing = 2
  await replica.send(2)
  assert.deepEqual(replica.plan, PLANS[1])
  assert.equal(replica.failures.length, 2)
  await replica.send(3)
  assert.deepEqual(replica.plan, PLANS[3])
})
