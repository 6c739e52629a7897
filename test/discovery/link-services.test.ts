import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveRouting } from '../../src/discovery/resolve.ts'
import type { ResolvedComposite, RoutingConfig } from '../../src/discovery/routing-config.ts'
import type { RoutingPart } from '../../src/discovery/source.ts'
import { consulSource, context, fileSource, fragment, part } from './given-sources.ts'

const GIVEN = context()
const LB = { loadBalancer: { servers: [{ url: 'http://10.0.0.1' }] } }

function ofFile(services: Record<string, unknown>, previous?: RoutingConfig): RoutingConfig {
  return resolveRouting([fileSource(part({ services }))], GIVEN, previous)
}

function composition(routing: RoutingConfig, name: string): ResolvedComposite['composition'] | undefined {
  const service = routing.services.get(name)
  return service && service.kind !== 'loadBalancer' ? service.composition : undefined
}

function said(routing: RoutingConfig): string[] {
  return routing.problems.map(({ code, message, remedy }) =>
    [code, message, ...(remedy === undefined ? [] : ['—', remedy])].join(' '),
  )
}

function weighted(shares: Record<string, number>): unknown {
  return { weighted: { services: Object.entries(shares).map(([name, weight]) => ({ name, weight })) } }
}

test('all kinds, with their defaults and full names', () => {
  const routing = ofFile({
    a: LB,
    b: LB,
    w: { weighted: { services: [{ name: 'a', weight: 3 }, { name: 'b@file' }], healthCheck: {} } },
    h: { highestRandomWeight: { services: [{ name: 'a' }, { name: 'a', weight: 4 }] } },
    m: { mirroring: { service: 'w', mirrors: [{ name: 'b', percent: 10 }] } },
    f: { failover: { service: 'm', fallback: 'noop@internal', errors: { status: ['503', '500-502'] } } },
  })
  assert.deepEqual(said(routing), [])
  assert.deepEqual(composition(routing, 'w@file'), {
    kind: 'weighted',
    services: [
      { name: 'a@file', weight: 3 },
      { name: 'b@file', weight: 1 },
    ],
  })
  assert.deepEqual(composition(routing, 'h@file'), {
    kind: 'highestRandomWeight',
    services: [{ name: 'a@file', weight: 5 }],
  })
  assert.deepEqual(composition(routing, 'm@file'), {
    kind: 'mirroring',
    service: 'w@file',
    mirrorBody: true,
    maxBodySize: -1,
    mirrors: [{ name: 'b@file', percent: 10 }],
  })
  assert.deepEqual(composition(routing, 'f@file'), {
    kind: 'failover',
    service: 'm@file',
    fallback: 'noop@internal',
    errors: {
      status: [
        [503, 503],
        [500, 502],
      ],
      maxRequestBodyBytes: -1,
    },
  })
})

const WRONG: [what: string, services: Record<string, unknown>, expected: string[], served: string[]][] = [
  [
    'a ring of two, and one that leads into it',
    { a: weighted({ b: 1 }), b: weighted({ a: 1, c: 1 }), c: LB, d: weighted({ a: 1, c: 1 }) },
    [
      'E215 service a@file leads back to itself: a@file → b@file → a@file; it is left out',
      'E215 service b@file leads back to itself: b@file → a@file → b@file; it is left out',
      'E205 service d@file needs the service `a@file`, which is unknown or left out; it goes without it — did you mean `c@file`?',
    ],
    ['c@file', 'd@file'],
  ],
  [
    'a service that leads to itself',
    { a: { failover: { service: 'a', fallback: 'b' } }, b: LB },
    ['E215 service a@file leads back to itself: a@file → a@file; it is left out'],
    ['b@file'],
  ],
  [
    'misspelt, and nothing left',
    { app: LB, w: weighted({ ap: 1 }), m: { mirroring: { service: 'nil' } } },
    [
      'E205 service m@file needs the service `nil@file`, which is unknown or left out; it is left out',
      'E205 service w@file needs the service `ap@file`, which is unknown or left out; it is left out — did you mean `app@file`?',
    ],
    ['app@file'],
  ],
  [
    'a mirror and a fallback that are missing',
    {
      app: LB,
      m: { mirroring: { service: 'app', mirrors: [{ name: 'gone@consulcatalog', percent: 5 }] } },
      f: { failover: { service: 'app', fallback: 'gone@consulcatalog' } },
    },
    [
      'E205 service f@file needs the service `gone@consulcatalog`, which is unknown or left out; it goes without it',
      'E205 service m@file needs the service `gone@consulcatalog`, which is unknown or left out; it goes without it',
    ],
    ['app@file', 'm@file', 'f@file'],
  ],
  [
    'a status that is none',
    { app: LB, f: { failover: { service: 'app', fallback: 'app', errors: { status: ['5xx'] } } } },
    [
      'E102 `failover.errors.status[0]`: `5xx` is neither a status nor a range — write `503` or `500-599`',
      'E214 service f@file is left out because of its errors',
    ],
    ['app@file'],
  ],
  [
    'two kinds',
    { app: LB, s: { ...LB, failover: { service: 'app', fallback: 'app' } } },
    [
      'E102 service s@file has several kinds: `loadBalancer`, `failover` — define one service for each',
      'E214 service s@file is left out because of its errors',
    ],
    ['app@file'],
  ],
]
for (const [what, services, expected, served] of WRONG) {
  test(`wrong: ${what}`, () => {
    const routing = ofFile(services)
    assert.deepEqual(said(routing), expected)
    assert.deepEqual([...routing.services.keys()].toSorted(), served.toSorted())
  })
}

test('a new version with a misspelt name leaves the last good one in place', () => {
  const before = ofFile({ a: LB, b: LB, w: weighted({ a: 9, b: 1 }) })
  const after = ofFile({ a: LB, b: LB, w: weighted({ a: 5, bb: 5 }) }, before)
  assert.equal(composition(after, 'w@file'), composition(before, 'w@file'))
  assert.deepEqual(said(after), [
    'E205 service w@file needs the service `bb@file`, which is unknown or left out; its last good version keeps serving — did you mean `b@file`?',
  ])
})

test('a ring that a change has closed: what was before keeps serving', () => {
  const before = ofFile({ a: LB, b: weighted({ a: 1 }) })
  const after = ofFile({ a: weighted({ b: 1 }), b: weighted({ a: 1 }) }, before)
  assert.equal(after.services.get('a@file')?.kind, 'loadBalancer')
  assert.equal(composition(after, 'b@file'), composition(before, 'b@file'))
})

test('a canary that ends, all its instances gone, leaves the others their service; one that returns gets its share', () => {
  const file = fileSource(
    part({ services: { w: weighted({ 'v1@consulcatalog': 95, 'v2@consulcatalog': 5 }) } }),
  )
  const v1 = fragment('web-1', { services: { v1: {} } })
  const v2 = fragment('web-2', { services: { v2: {} } })
  const both = resolveRouting([consulSource([v1, v2]), file], GIVEN)
  const ended = resolveRouting([consulSource([v1]), file], GIVEN, both)
  assert.deepEqual(composition(ended, 'w@file'), {
    kind: 'weighted',
    services: [{ name: 'v1@consulcatalog', weight: 95 }],
  })
  assert.equal(ended.problems.length, 1)
  const still = resolveRouting([consulSource([v1]), file], GIVEN, ended)
  assert.equal(composition(still, 'w@file'), composition(ended, 'w@file'), 'the same object')
  const back = resolveRouting([consulSource([v1, v2]), file], GIVEN, still)
  assert.equal(composition(back, 'w@file'), composition(both, 'w@file'))
  assert.deepEqual(said(back), [])
})

test('a router of a broken file keeps its services of services, with those that these lead to', () => {
  const routers = { r: { rule: 'Host(`a.test`)', service: 'w' } }
  const before = resolveRouting(
    [fileSource(part({ routers, services: { a: LB, w: weighted({ a: 1 }) } }))],
    GIVEN,
  )
  const after = resolveRouting([fileSource(part({ routers, services: {} }))], GIVEN, before)
  assert.equal(after.routers.get('r@file')?.service, 'w@file')
  assert.deepEqual(
    [...after.services].map(([name, { kind, endpoints }]) => [name, kind, endpoints.length]),
    [
      ['w@file', 'weighted', 0],
      ['a@file', 'loadBalancer', 1],
    ],
  )
})

test("a service of services is not taken from a service's tags", () => {
  const routing = resolveRouting(
    [consulSource([fragment('web-1', { services: { w: { weighted: { services: [{ name: 'a' }] } } } })])],
    GIVEN,
  )
  assert.equal(routing.services.size, 0)
  assert.match(said(routing).join('\n'), /^E110 `weighted` is not taken from a service's tags/)
})

test('a servers transport is found by its short and its full name, and bounded for instances', () => {
  const file = fileSource(
    part({
      serversTransports: { mutual: {}, other: {} },
      services: {
        short: { loadBalancer: { serversTransport: 'mutual' } },
        full: { loadBalancer: { serversTransport: 'other@file' } },
        builtIn: { loadBalancer: { serversTransport: 'default@internal' } },
      },
    }),
  )
  const tagged = (serversTransport: string) =>
    fragment('web-1', { services: { web: { loadBalancer: { serversTransport } } } })
  const routing = (allowed: string[], name: string): RoutingConfig =>
    resolveRouting([file, consulSource([tagged(name)], { allowedServersTransports: allowed })], GIVEN)
  const transportOf = (from: RoutingConfig, name: string): string | undefined => {
    const service = from.services.get(name)
    assert.ok(service?.kind === 'loadBalancer', name)
    return service.transport
  }
  const free = routing([], 'mutual@file')
  assert.deepEqual(said(free), [])
  assert.equal(transportOf(free, 'short@file'), 'mutual@file')
  assert.equal(transportOf(free, 'full@file'), 'other@file')
  assert.equal(transportOf(free, 'builtIn@file'), undefined)
  assert.equal(transportOf(free, 'web@consulcatalog'), 'mutual@file')
  const bounded = routing(['other@file'], 'mutual@file')
  assert.equal(bounded.services.get('web@consulcatalog'), undefined)
  assert.match(
    said(bounded).join('\n'),
    /^E212 the servers transport `mutual@file` is not among those that instances of consulcatalog may refer to/,
  )
})

test('a service keeps its last good version when its servers transport goes; a broken transport keeps its own', () => {
  const sections = (transports: Record<string, unknown>, serversTransport = 'mutual'): RoutingPart =>
    part({ serversTransports: transports, services: { s: { loadBalancer: { serversTransport } } } })
  const before = resolveRouting([fileSource(sections({ mutual: { serverName: 'a.test' } }))], GIVEN)
  const broken = resolveRouting([fileSource(sections({ mutual: { minVersion: 'TLS9' } }))], GIVEN, before)
  assert.equal(broken.serversTransports.get('mutual@file')?.config.serverName, 'a.test')
  assert.equal(broken.services.size, 1)
  const misspelt = resolveRouting([fileSource(sections({ mutual: {} }, 'mutal'))], GIVEN, before)
  assert.equal(misspelt.services.size, 1)
  assert.match(
    said(misspelt).join(),
    /E216 .*its last good version keeps serving — did you mean `mutual@file`\?/,
  )
  const gone = resolveRouting([fileSource(sections({}))], GIVEN, before)
  assert.equal(gone.services.size, 0)
})
