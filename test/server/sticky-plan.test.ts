import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { resolveRouting } from '../../src/discovery/resolve.ts'
import { buildPlan } from '../../src/server/plan-builder.ts'
import { isEmptyDelta, planDelta } from '../../src/server/plan-delta.ts'
import type { LoadBalancerPlan, Plan, StickyCookiePlan } from '../../src/server/plan.ts'
import { consulSource, context, fileSource, fragment, part } from '../discovery/given-sources.ts'

const GIVEN = context()

function balancer({ services }: Plan, name: string): LoadBalancerPlan {
  const service = services.get(name)
  assert.equal(service?.kind, 'loadBalancer')
  return service
}

function planOf(sticky: unknown, name = 'shop'): StickyCookiePlan | undefined {
  const routers = { shop: { rule: 'Host(`a`)', service: name } }
  const source = fileSource(part({ routers, services: { [name]: { loadBalancer: { sticky } } } }))
  return balancer(buildPlan(resolveRouting([source], GIVEN), new Map(), 1), `${name}@file`).sticky
}

const DEFAULT_NAME = `_${createHash('sha1').update('_TRAEFIK_BACKEND_shop@file').digest('hex').slice(0, 5)}`

const PLANS: readonly (readonly [
  why: string,
  sticky: unknown,
  plan: readonly [name: string, attributes: string] | undefined,
])[] = [
  ['left out', undefined, undefined],
  ['on', true, [DEFAULT_NAME, '; Path=/']],
  ['empty', {}, [DEFAULT_NAME, '; Path=/']],
  ['off', false, undefined],
  ['its cookie on', { cookie: true }, [DEFAULT_NAME, '; Path=/']],
  ['its cookie empty', { cookie: {} }, [DEFAULT_NAME, '; Path=/']],
  ['its cookie off', { cookie: false }, undefined],
  [
    'all options',
    {
      cookie: {
        name: 'lb',
        secure: true,
        httpOnly: true,
        sameSite: 'None',
        maxAge: 3600,
        path: '/shop',
        domain: '.example.com',
      },
    },
    ['lb', '; Path=/shop; Domain=.example.com; Max-Age=3600; HttpOnly; Secure; SameSite=None'],
  ],
  ['lax', { cookie: { sameSite: 'lax' } }, [DEFAULT_NAME, '; Path=/; SameSite=Lax']],
  ['strict', { cookie: { sameSite: 'strict' } }, [DEFAULT_NAME, '; Path=/; SameSite=Strict']],
  ['no preference', { cookie: { sameSite: '' } }, [DEFAULT_NAME, '; Path=/']],
  ['a negative age', { cookie: { maxAge: -1 } }, [DEFAULT_NAME, '; Path=/; Max-Age=0']],
  [
    'what would write other fields',
    { cookie: { name: 'a=b; c', path: '/\r\nX: y', domain: 'a;b', httpOnly: true } },
    [DEFAULT_NAME, '; Path=/; HttpOnly'],
  ],
]
for (const [why, sticky, expected] of PLANS) {
  test(`sticky cookie of a service: ${why}`, () => {
    const plan = planOf(sticky)
    assert.deepEqual(plan && [plan.name, plan.attributes], expected)
  })
}

test('sticky cookie of a service: each has a name of its own', () => {
  assert.notEqual(planOf(true, 'one')?.name, planOf(true, 'other')?.name)
})

test('sticky cookie of a service: from tags, where all is text', () => {
  const tagged = (sticky: unknown): StickyCookiePlan | undefined => {
    const services = { web: { loadBalancer: { sticky } } }
    const one = fragment('web-1', { routers: { web: { rule: 'Host(`a`)' } }, services })
    const plan = buildPlan(resolveRouting([consulSource([one])], GIVEN), new Map(), 1)
    return balancer(plan, 'web@consulcatalog').sticky
  }
  assert.equal(tagged('true')?.attributes, '; Path=/')
  assert.equal(tagged('false'), undefined)
  assert.equal(tagged({ cookie: 'true' })?.attributes, '; Path=/')
  assert.equal(tagged({ cookie: { name: 'lb' } })?.name, 'lb')
  assert.equal(
    tagged({ cookie: { httponly: 'true', maxage: '60' } })?.attributes,
    '; Path=/; Max-Age=60; HttpOnly',
  )
})

test('sticky cookie of a service: the same in the next plan, so that nothing is sent', () => {
  const source = fileSource(
    part({
      routers: { shop: { rule: 'Host(`a`)', service: 'shop' } },
      services: { shop: { loadBalancer: { sticky: true, zonePreference: false } } },
    }),
  )
  const endpoints = new Map([['shop@file', new Map()]])
  const first = resolveRouting([source], GIVEN)
  const before = buildPlan(first, endpoints, 1)
  const after = buildPlan(resolveRouting([source], GIVEN, first), endpoints, 2, before)
  assert.equal(balancer(before, 'shop@file').zonePreference, false)
  assert.equal(after.services.get('shop@file'), before.services.get('shop@file'))
  assert.ok(isEmptyDelta(planDelta(before, after)))
})

test('sticky cookie of a weighted service: named by it, and the same in the next plan', () => {
  const source = fileSource(
    part({
      routers: { w: { rule: 'Host(`a`)', service: 'w' } },
      services: {
        w: { weighted: { services: [{ name: 'shop' }], sticky: { cookie: { httpOnly: true } } } },
        shop: { loadBalancer: {} },
      },
    }),
  )
  const routing = resolveRouting([source], GIVEN)
  const before = buildPlan(routing, new Map(), 1)
  const service = before.services.get('w@file')
  assert.ok(service?.kind === 'weighted')
  assert.equal(service.sticky?.attributes, '; Path=/; HttpOnly')
  assert.match(service.sticky?.name ?? '', /^_[0-9a-f]{5}$/)
  assert.ok(isEmptyDelta(planDelta(before, buildPlan(routing, new Map(), 2, before))))
})
