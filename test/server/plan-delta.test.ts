import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { EMPTY_PLAN, applyDelta, fullDelta, isEmptyDelta, planDelta } from '../../src/server/plan-delta.ts'
import type { EndpointPlan, Plan, RouterPlan, ServicePlan, TransportPlan } from '../../src/server/plan.ts'

function endpoint(port: number, more: Partial<EndpointPlan> = {}): EndpointPlan {
  return {
    url: `http://10.0.0.1:${port}`,
    tls: false,
    address: '10.0.0.1',
    port,
    authority: `10.0.0.1:${port}`,
    pathPrefix: '',
    weight: 1,
    state: 'ready',
    ...more,
  }
}

function router(service: string, more: Partial<RouterPlan> = {}): RouterPlan {
  return {
    entryPoints: ['web'],
    rule: { op: 'match', name: 'Host', args: [service] },
    priority: 1,
    rank: 0,
    middlewares: [],
    service,
    ...more,
  }
}

function service(...ports: readonly number[]): ServicePlan {
  return {
    kind: 'loadBalancer',
    strategy: 'wrr',
    passHostHeader: true,
    endpoints: new Map(ports.map((port) => [`e${port}`, endpoint(port)])),
  }
}

function transport(dialTimeout: number): TransportPlan {
  const tls = { verify: true, certificates: [], ciphers: '', peerNames: [] }
  return { dialTimeout, responseHeaderTimeout: 0, idleTimeout: 1, maxIdleConnections: 1, tls }
}

const names = fc.constantFrom('a', 'b', 'c', 'd', '__proto__', 'constructor')
const states = fc.tuple(
  fc.integer({ min: 1, max: 3 }),
  fc.constantFrom('ready' as const, 'draining' as const),
)
const plans: fc.Arbitrary<Omit<Plan, 'version'>> = fc
  .record<Omit<Plan, 'version'>>({
    routers: mapOf(
      fc.record({
        entryPoints: fc.subarray(['web', 'admin']),
        rule: fc.constant(router('a').rule),
        priority: fc.integer({ min: 1, max: 3 }),
        rank: fc.integer({ min: 0, max: 2 }),
        middlewares: fc.subarray(['m', 'n']),
        service: names,
      }),
    ),
    middlewares: mapOf(
      fc.record({
        type: fc.constantFrom('headers', 'addPrefix'),
        options: fc.dictionary(names, fc.jsonValue({ maxDepth: 2 })),
      }),
    ),
    transports: mapOf(fc.integer({ min: 1, max: 2 }).map(transport)),
    services: mapOf(
      fc.oneof(
        fc.record({
          kind: fc.constant('loadBalancer' as const),
          strategy: fc.constantFrom('wrr', 'p2c'),
          passHostHeader: fc.boolean(),
          limits: fc.record({
            maxConnections: fc.integer({ min: 1, max: 2 }),
            maxQueue: fc.integer({ min: 1, max: 2 }),
            queueTimeout: fc.constant(0),
          }),
          endpoints: mapOf(states.map(([port, state]) => endpoint(port, { state }))),
        }),
        fc.record({
          kind: fc.constant('failover' as const),
          service: names,
          fallback: names,
          endpoints: mapOf(states.map(([port, state]) => endpoint(port, { state }))),
        }),
      ),
    ),
  })
  .map((plan) => structuredClone(plan)) // so that objects have their usual prototype

function mapOf<T>(values: fc.Arbitrary<T>): fc.Arbitrary<ReadonlyMap<string, T>> {
  return fc.array(fc.tuple(names, values), { maxLength: 5 }).map((entries) => new Map(entries))
}

test('applying the difference of two plans to the first gives the second', () => {
  fc.assert(
    fc.property(plans, plans, (a, b) => {
      const [from, to] = [
        { ...a, version: 3 },
        { ...b, version: 4 },
      ]
      const delta = structuredClone(planDelta(from, to))
      assert.deepEqual(applyDelta(from, delta), to)
    }),
  )
})

test('a plan that is equal by value differs in nothing', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      const from = { ...plan, version: 1 }
      assert.ok(isEmptyDelta(planDelta(from, { ...structuredClone(plan), version: 2 })))
    }),
  )
})

test('neither plan nor difference is changed by applying it', () => {
  fc.assert(
    fc.property(plans, plans, (a, b) => {
      const from = { ...a, version: 1 }
      const delta = planDelta(from, { ...b, version: 2 })
      const before = structuredClone([from, delta])
      applyDelta(from, delta)
      assert.deepEqual([from, delta], before)
    }),
  )
})

test('one service of many: the difference holds only its changed endpoint', () => {
  const all = Array.from({ length: 1_000 }, (_, i) => [`s${i}@file`, service(1, 2, 3)] as const)
  const from: Plan = { ...EMPTY_PLAN, version: 1, services: new Map(all) }
  const changed = { ...service(1, 2), endpoints: new Map([...service(1, 2).endpoints, ['e9', endpoint(9)]]) }
  const to: Plan = { ...from, version: 2, services: new Map([...all, ['s500@file', changed]]) }
  assert.deepEqual(planDelta(from, to), {
    base: 1,
    version: 2,
    routers: new Map(),
    middlewares: new Map(),
    services: new Map([
      [
        's500@file',
        {
          kind: 'loadBalancer',
          strategy: 'wrr',
          passHostHeader: true,
          endpoints: new Map([
            ['e9', endpoint(9)],
            ['e3', null],
          ]),
        },
      ],
    ]),
    transports: new Map(),
  })
  const applied = applyDelta(from, planDelta(from, to))
  assert.equal(
    applied.services.get('s1@file'),
    from.services.get('s1@file'),
    'what has not changed is the same object',
  )
  assert.equal(
    applied.services.get('s500@file')!.endpoints.get('e1'),
    from.services.get('s500@file')!.endpoints.get('e1'),
  )
})

test('a service whose settings alone change names no endpoint', () => {
  const from: Plan = { ...EMPTY_PLAN, version: 1, services: new Map([['a', service(1)]]) }
  const to: Plan = {
    ...from,
    version: 2,
    services: new Map([['a', { ...service(1), passHostHeader: false }]]),
  }
  assert.deepEqual(
    planDelta(from, to).services,
    new Map([['a', { kind: 'loadBalancer', strategy: 'wrr', passHostHeader: false, endpoints: new Map() }]]),
  )
})

test('a new service without endpoints is in the difference, since it answers 503', () => {
  const to: Plan = { ...EMPTY_PLAN, version: 1, services: new Map([['a', service()]]) }
  assert.deepEqual(applyDelta(EMPTY_PLAN, planDelta(EMPTY_PLAN, to)), to)
})

test('the whole plan is its difference from nothing', () => {
  const plan: Plan = {
    version: 7,
    routers: new Map([['r', router('a')]]),
    middlewares: new Map(),
    services: new Map([['a', service(1)]]),
    transports: new Map([['t', transport(1)]]),
  }
  assert.deepEqual(applyDelta(EMPTY_PLAN, fullDelta(plan)), plan)
})

test('a difference from another version is refused', () => {
  assert.throws(
    () => applyDelta({ ...EMPTY_PLAN, version: 5 }, planDelta(EMPTY_PLAN, { ...EMPTY_PLAN, version: 6 })),
    /from plan 0 to 6 cannot be applied to plan 5/,
  )
})
