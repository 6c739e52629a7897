import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePercentage } from '../../src/discovery/canary-groups.ts'
import { createFragmentMaker } from '../../src/discovery/fragment.ts'
import { resolveRouting } from '../../src/discovery/resolve.ts'
import type { RoutingConfig } from '../../src/discovery/routing-config.ts'
import { consulSource, context, instance, TAG_OPTIONS } from './given-sources.ts'

const make = createFragmentMaker(TAG_OPTIONS, { name: 'consulcatalog', constraints: 'tag' })

/** The routing of instances of `web` by their tags. */
function routingOf(tags: Readonly<Record<string, readonly string[]>>): RoutingConfig {
  const fragments = Object.entries(tags).flatMap(
    ([id, own], i) => make(instance(id, { name: 'web', address: `10.0.0.${i + 1}`, tags: own })) ?? [],
  )
  return resolveRouting([consulSource(fragments)], context())
}

function partsOf(routing: RoutingConfig): (string | undefined)[] {
  const { endpoints = [] } = routing.services.get('web@consulcatalog') ?? {}
  return endpoints.map(({ canary }) => canary && `${canary.group} ${canary.percent}`)
}

test('canaries of one version are a group, whichever of their tags says how much', () => {
  const routing = routingOf({
    'web-1': ['v1'],
    'web-2': ['v2', 'tidegate.weight=5%'],
    'web-3': ['v2', 'traefik.http.services.web.loadbalancer.server.weight=5%'],
    'web-4': ['v3', 'tidegate.weight=1.5%'],
    'web-5': ['tidegate.weight=2%'],
  })
  assert.deepEqual(partsOf(routing), [undefined, 'v2 5', 'v2 5', 'v3 1.5', ' 2'])
  assert.deepEqual(routing.problems, [])
})

test('in the middle of a change the percentage of most counts, and of as many the smaller one', () => {
  const [five, twenty] = [
    ['v2', 'tidegate.weight=5%'],
    ['v2', 'tidegate.weight=20%'],
  ]
  assert.deepEqual(partsOf(routingOf({ 'web-1': five, 'web-2': twenty })), ['v2 5', 'v2 5'])
  assert.deepEqual(partsOf(routingOf({ 'web-1': five, 'web-2': twenty, 'web-3': twenty })), [
    'v2 20',
    'v2 20',
    'v2 20',
  ])
})

test('groups that ask for more than there is are listed', () => {
  const routing = routingOf({
    'web-1': ['v2', 'tidegate.weight=70%'],
    'web-2': ['v3', 'tidegate.weight=60%'],
    'web-3': ['v1'],
  })
  assert.deepEqual(
    routing.problems.map(({ code, message }) => `${code} ${message}`),
    [
      'E106 the canaries of service web@consulcatalog ask for 130 % together: they share all requests, and the other instances get none',
    ],
  )
})

for (const [text, percent] of [
  ['5%', 5],
  [' 0.25 % ', 0.25],
  ['100%', 100],
  ['0%', 0],
  ['100.1%', undefined],
  ['-1%', undefined],
  ['5', undefined],
  ['1e1%', undefined],
  ['%', undefined],
] as const) {
  test(`percentage ${JSON.stringify(text)}`, () => assert.equal(parsePercentage(text), percent))
}
