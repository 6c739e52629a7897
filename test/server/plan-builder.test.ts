import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveRouting } from '../../src/discovery/resolve.ts'
import { buildPlan } from '../../src/server/plan-builder.ts'
import { isEmptyDelta, planDelta } from '../../src/server/plan-delta.ts'
import type { EndpointPlan } from '../../src/server/plan.ts'
import { consulSource, context, fileSource, part, web } from '../discovery/given-sources.ts'

const GIVEN = context()
const FILE = fileSource(
  part({
    routers: {
      shop: { rule: 'Host(`shop.example.com`)', service: 'shop', middlewares: ['all'] },
      health: { rule: 'PathPrefix(`/ping`)', service: 'ping@internal' },
    },
    middlewares: {
      all: { chain: { middlewares: ['one', 'two'] } },
      one: { addPrefix: { prefix: '/one' } },
      two: { addPrefix: { prefix: '/two' } },
      unused: { addPrefix: { prefix: '/unused' } },
    },
    services: { shop: { loadBalancer: { passHostHeader: false } }, unused: { loadBalancer: {} } },
  }),
)

const live = new Map<string, EndpointPlan>([
  [
    'a',
    {
      url: 'http://10.0.0.1:80',
      tls: false,
      address: '10.0.0.1',
      port: 80,
      authority: '10.0.0.1:80',
      pathPrefix: '',
      weight: 1,
      state: 'ready',
    },
  ],
])

test('a plan holds the routers, and only what they use', () => {
  const plan = buildPlan(
    resolveRouting([FILE], GIVEN),
    new Map([
      ['shop@file', live],
      ['unused@file', live],
    ]),
    3,
  )
  assert.equal(plan.version, 3)
  assert.deepEqual(plan.routers.get('shop@file'), {
    entryPoints: ['web'],
    rule: { op: 'match', name: 'Host', args: ['shop.example.com'] },
    priority: 24,
    rank: 0,
    middlewares: ['one@file', 'two@file'],
    service: 'shop@file',
  })
  assert.deepEqual(
    [...plan.middlewares],
    [
      ['one@file', { type: 'addPrefix', options: { prefix: '/one' } }],
      ['two@file', { type: 'addPrefix', options: { prefix: '/two' } }],
    ],
  )
  assert.deepEqual(
    [...plan.services],
    [['shop@file', { kind: 'loadBalancer', strategy: 'wrr', passHostHeader: false, endpoints: live }]],
  )
  assert.equal(plan.routers.get('health@file')?.service, 'ping@internal')
})

test('a service that has no live endpoints is in the plan without any', () => {
  const plan = buildPlan(resolveRouting([FILE], GIVEN), new Map(), 1)
  assert.deepEqual(plan.services.get('shop@file')?.endpoints, new Map())
})

test('a plan can be sent to a worker as it is', () => {
  const plan = buildPlan(resolveRouting([FILE], GIVEN), new Map([['shop@file', live]]), 1)
  assert.deepEqual(structuredClone(plan), plan)
})

test('what has not changed is the same object in the next plan', () => {
  const fragments = [web('web-1'), web('web-2')]
  const first = resolveRouting([consulSource(fragments), FILE], GIVEN)
  const endpoints = new Map([['shop@file', live]])
  const before = buildPlan(first, endpoints, 1)
  const second = resolveRouting([consulSource([...fragments, web('web-3')]), FILE], GIVEN, first)
  const after = buildPlan(second, endpoints, 2, before)
  assert.equal(after.routers.get('shop@file'), before.routers.get('shop@file'))
  assert.equal(after.services.get('shop@file'), before.services.get('shop@file'))
  assert.equal(after.middlewares.get('one@file'), before.middlewares.get('one@file'))
  assert.ok(
    isEmptyDelta(planDelta(before, after)),
    "an instance alone changes no plan: its endpoint is the life cycle's",
  )
})

test('a service that is gone stays in the plan until its endpoints have drained', () => {
  const given = resolveRouting([FILE], GIVEN)
  const nothing = resolveRouting([], GIVEN)
  const draining = new Map(
    [...live].map(([key, endpoint]) => [key, { ...endpoint, state: 'draining' as const }]),
  )
  const before = buildPlan(given, new Map([['shop@file', live]]), 1)
  const during = buildPlan(nothing, new Map([['shop@file', draining]]), 2, before)
  assert.equal(during.routers.size, 0)
  assert.deepEqual(
    [...during.services],
    [['shop@file', { kind: 'loadBalancer', strategy: 'wrr', passHostHeader: false, endpoints: draining }]],
  )
  assert.equal(buildPlan(nothing, new Map(), 3, during).services.size, 0)
})

const LAYERS = {
  routers: { r: { rule: 'Host(`a.test`)', service: 'outer' } },
  services: {
    outer: { failover: { service: 'inner', fallback: 'b' } },
    inner: { weighted: { services: [{ name: 'a' }, { name: 'b' }] } },
    a: { loadBalancer: {} },
    b: { loadBalancer: {} },
    unused: { weighted: { services: [{ name: 'c' }] } },
    c: { loadBalancer: {} },
  },
}

test('services that a service leads to come before it; those that no router leads to are left out', () => {
  const routing = resolveRouting([fileSource(part(LAYERS))], GIVEN)
  const plan = buildPlan(routing, new Map([['a@file', live]]), 1)
  assert.deepEqual([...plan.services.keys()], ['a@file', 'b@file', 'inner@file', 'outer@file'])
  assert.equal(plan.services.get('a@file')?.endpoints, live)
  const again = buildPlan(routing, new Map([['a@file', live]]), 2, plan)
  for (const [name, service] of again.services)
    if (name !== 'b@file') assert.equal(service, plan.services.get(name), name)
  assert.ok(isEmptyDelta(planDelta(plan, again)))
})

test('a load balancer that becomes something else keeps its endpoints in the plan until they have drained', () => {
  const router = { r: { rule: 'Host(`a.test`)', service: 'app' } }
  const before = resolveRouting(
    [fileSource(part({ routers: router, services: { app: { loadBalancer: {} } } }))],
    GIVEN,
  )
  const after = resolveRouting(
    [fileSource(part({ routers: router, services: { ...LAYERS.services, app: LAYERS.services.inner } }))],
    GIVEN,
    before,
  )
  const first = buildPlan(before, new Map([['app@file', live]]), 1)
  const second = buildPlan(after, new Map([['app@file', live]]), 2, first)
  assert.deepEqual(second.services.get('app@file'), {
    kind: 'weighted',
    services: [
      { name: 'a@file', weight: 1 },
      { name: 'b@file', weight: 1 },
    ],
    endpoints: live,
  })
  assert.deepEqual(buildPlan(after, new Map(), 3, second).services.get('app@file')?.endpoints, new Map())
})
