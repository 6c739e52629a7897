import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveRouting } from '../../src/discovery/resolve.ts'
import type { Fragment, RoutingConfig } from '../../src/discovery/routing-config.ts'
import type { Source } from '../../src/discovery/source.ts'
import { consulSource, context, entryPoint, fileSource, fragment, part, web } from './given-sources.ts'
import type { HttpSections } from './given-sources.ts'

const RULE = 'Host(`x.example.com`)'
const servers = (...urls: readonly string[]) => ({ loadBalancer: { servers: urls.map((url) => ({ url })) } })
const GOOD: HttpSections = {
  routers: { r: { rule: RULE, service: 's', middlewares: ['m'] } },
  middlewares: { m: { addPrefix: { prefix: '/x' } } },
  services: { s: servers('http://10.0.0.1') },
}

/** Each state of the sources in turn, the result of each being the last good one of the next. */
function after(...states: readonly (readonly Source[])[]): RoutingConfig {
  const given = context()
  return states.reduce<RoutingConfig | undefined>(
    (previous, sources) => resolveRouting(sources, given, previous),
    undefined,
  )!
}

function files(...states: readonly HttpSections[]): RoutingConfig {
  return after(...states.map((http) => [fileSource(part(http))]))
}

function keptProblem({ problems }: RoutingConfig): string | undefined {
  return problems.find(({ code, message }) => code === 'E214' && message.includes('last good version'))
    ?.resource
}

const faults: readonly (readonly [string, HttpSections, string])[] = [
  ['a malformed rule', { ...GOOD, routers: { r: { rule: 'Host(`x', service: 's' } } }, 'router r@file'],
  ['a wrong value', { ...GOOD, routers: { r: { rule: RULE, priority: 'high' } } }, 'router r@file'],
  [
    'an unknown entry point',
    { ...GOOD, routers: { r: { rule: RULE, entryPoints: ['x'] } } },
    'router r@file',
  ],
  ['an unknown middleware', { ...GOOD, routers: { r: { rule: RULE, middlewares: ['x'] } } }, 'router r@file'],
  ['an unknown service', { ...GOOD, routers: { r: { rule: RULE, service: 'x' } } }, 'router r@file'],
  ['a middleware that was deleted', { ...GOOD, middlewares: {} }, 'router r@file'],
  [
    'a service that was renamed',
    { ...GOOD, services: { other: servers('http://10.0.0.9') } },
    'router r@file',
  ],
  [
    'a middleware that was broken',
    { ...GOOD, middlewares: { m: { addPrefix: { prefix: 'x' } } } },
    'middleware m@file',
  ],
  ['a service that was broken', { ...GOOD, services: { s: servers('10.0.0.1:80') } }, 'service s@file'],
]
for (const [name, broken, resource] of faults) {
  test(`last good: ${name} leaves everything as it was, however long it lasts`, () => {
    const good = files(GOOD)
    for (const routing of [files(GOOD, broken), files(GOOD, broken, broken, broken)]) {
      assert.deepEqual(routing.routers, good.routers)
      assert.deepEqual(routing.middlewares.get('m@file'), good.middlewares.get('m@file'))
      assert.deepEqual(routing.services.get('s@file')?.endpoints, good.services.get('s@file')?.endpoints)
      assert.equal(keptProblem(routing), resource)
    }
    assert.equal(
      files(broken).routers.has('r@file'),
      false,
      'with nothing to fall back on, the router is left out',
    )
    assert.deepEqual(files(GOOD, broken, GOOD), good, 'and mending it leaves no trace')
  })
}

test('last good: what is deleted on purpose is gone', () => {
  const routing = files(GOOD, { services: GOOD.services! })
  assert.deepEqual([...routing.routers.keys(), ...routing.middlewares.keys()], [])
  assert.deepEqual(routing.problems, [])
})

test("last good: a router that uses a kept router's deleted middleware is not served with it", () => {
  const state = {
    ...GOOD,
    middlewares: {},
    routers: { ...GOOD.routers, young: { rule: RULE, service: 's', middlewares: ['m'] } },
  }
  assert.deepEqual([...files(GOOD, state).routers.keys()], ['r@file'])
})

test('last good: instances that are broken now still serve, by the tags that they had', () => {
  const broken = (id: string): Fragment =>
    fragment(id, {
      routers: { web: { rule: 'Host(' } },
      services: { web: { loadBalancer: { passHostHeader: 'perhaps' } } },
    })
  const routing = after(
    [consulSource([web('web-1'), web('web-2')])],
    [consulSource([broken('web-2'), broken('web-3')])],
  )
  assert.equal(routing.routers.get('web@consulcatalog')?.ruleText, 'Host(`web.example.com`)')
  assert.deepEqual(
    routing.services.get('web@consulcatalog')?.endpoints.map(({ instance }) => instance),
    ['web-2', 'web-3'],
  )
})

test('last good: a service of another provider that is gone answers 503, and its addresses are forgotten', () => {
  const router = fileSource(part({ routers: { r: { rule: RULE, service: 'web@consulcatalog' } } }))
  const routing = after(
    [router, consulSource([web('web-1')])],
    [router, consulSource([])],
    [router, consulSource([])],
  )
  assert.equal(routing.routers.get('r@file')?.service, 'web@consulcatalog')
  assert.deepEqual(routing.services.get('web@consulcatalog')?.endpoints, [])
  assert.equal(routing.routers.has('web@consulcatalog'), false)
  assert.ok(routing.problems.some(({ code }) => code === 'E205'))
})

test('last good: a router that was split by entry point is kept whole', () => {
  const given = context(entryPoint('web', { middlewares: ['m@file'] }), entryPoint('alt'))
  const good = resolveRouting([fileSource(part(GOOD))], given)
  const bad = resolveRouting([fileSource(part({ ...GOOD, routers: { r: { rule: '(' } } }))], given, good)
  assert.deepEqual([...good.routers.keys()], ['r@file', 'web-r@file'])
  assert.deepEqual(bad.routers, good.routers)
})

test('what has not changed is the same object again', () => {
  const given = context()
  const [one, two] = [web('web-1'), web('web-2')]
  const file = fileSource(part(GOOD))
  const first = resolveRouting([consulSource([one, two]), file], given)
  const second = resolveRouting(
    [file, consulSource([one, two, fragment('api-1', { services: { api: {} } })])],
    given,
    first,
  )
  for (const name of first.routers.keys()) assert.equal(second.routers.get(name), first.routers.get(name))
  for (const name of first.services.keys()) assert.equal(second.services.get(name), first.services.get(name))
  for (const name of first.middlewares.keys())
    assert.equal(second.middlewares.get(name), first.middlewares.get(name))
})

test('the same nodes in another context are read anew', () => {
  const file = fileSource(part(GOOD))
  assert.equal(resolveRouting([file], context()).routers.get('r@file')?.entryPoints[0], 'web')
  assert.equal(
    resolveRouting([file], context(entryPoint('other'))).routers.get('r@file')?.entryPoints[0],
    'other',
  )
})
