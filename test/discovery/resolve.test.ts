import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveRouting } from '../../src/discovery/resolve.ts'
import type { RoutingConfig } from '../../src/discovery/routing-config.ts'
import type { RoutedEntryPoint } from '../../src/discovery/source.ts'
import { consulSource, context, entryPoint, fileSource, fragment, part, web } from './given-sources.ts'
import type { HttpSections } from './given-sources.ts'

const GIVEN = context()
const RULE = 'Host(`x.example.com`)'
const SERVICE = { loadBalancer: { servers: [{ url: 'http://10.0.0.1:8080' }] } }

function file(http: HttpSections, ...entryPoints: readonly RoutedEntryPoint[]): RoutingConfig {
  return resolveRouting([fileSource(part(http))], entryPoints.length > 0 ? context(...entryPoints) : GIVEN)
}

function codes({ problems }: RoutingConfig): string[] {
  return problems.map(({ code }) => code)
}

function said({ problems }: RoutingConfig): string[] {
  return problems.map(
    ({ code, message, remedy }) => `${code} ${message}${remedy === undefined ? '' : ` — ${remedy}`}`,
  )
}

test('a router, its service and its middleware, linked', () => {
  const routing = file({
    routers: { r: { rule: RULE, middlewares: ['m'], priority: 5, entryPoints: ['web'] } },
    middlewares: { m: { ADDPREFIX: { Prefix: '/x' } } },
    services: { s: SERVICE },
  })
  assert.deepEqual(routing.problems, [])
  const { config, ...router } = routing.routers.get('r@file')!
  assert.equal(config.priority, 5)
  assert.deepEqual(router, {
    rule: { op: 'match', name: 'Host', args: ['x.example.com'] },
    ruleText: RULE,
    priority: 5,
    entryPoints: ['web'],
    middlewares: ['m@file'],
    service: 's@file',
    origin: { source: 'routes.yml', line: 1 },
  })
  assert.deepEqual(routing.middlewares.get('m@file'), {
    type: 'addPrefix',
    options: { prefix: '/x' },
    origin: { source: 'routes.yml', line: 1 },
  })
  assert.deepEqual(routing.services.get('s@file')?.endpoints, [
    { key: 'http://10.0.0.1:8080', scheme: 'http', host: '10.0.0.1', port: 8080, pathPrefix: '', weight: 1 },
  ])
})

const priorities: readonly (readonly [string, object, number])[] = [
  ['left out', {}, 21],
  ['zero', { priority: 0 }, 21],
  ['text zero', { priority: '0' }, 21],
  ['given', { priority: 3 }, 3],
  ['negative', { priority: '-3' }, -3],
  ['counted in bytes', { rule: 'PathPrefix(`/ä`)' }, 17],
  ['the greatest', { priority: Number.MAX_SAFE_INTEGER - 1_000 }, Number.MAX_SAFE_INTEGER - 1_000],
]
for (const [name, router, expected] of priorities) {
  test(`priority: ${name}`, () => {
    const { routers } = file({ routers: { r: { rule: RULE, ...router } }, services: { s: SERVICE } })
    assert.equal(routers.get('r@file')?.priority, expected)
  })
}

for (const priority of [
  Number.MAX_SAFE_INTEGER - 999,
  '9223372036854775806',
  10n ** 20n,
  '1e300',
  -Infinity,
]) {
  test(`priority ${priority} costs the router`, () => {
    const routing = file({ routers: { r: { rule: RULE, priority } }, services: { s: SERVICE } })
    assert.equal(routing.routers.size, 0)
    assert.deepEqual(codes(routing), ['E210', 'E214'])
  })
}

test('routers that the program makes itself may have any priority', () => {
  const routing = resolveRouting(
    [
      {
        ...fileSource(
          part({
            routers: { r: { rule: RULE, priority: Number.MAX_SAFE_INTEGER - 1, service: 'noop@internal' } },
          }),
        ),
        provider: 'internal',
      },
    ],
    GIVEN,
  )
  assert.equal(routing.routers.get('r@internal')?.priority, Number.MAX_SAFE_INTEGER - 1)
})

const services: readonly (readonly [string, object, object, string | undefined, readonly string[]])[] = [
  ['the only one', {}, { s: SERVICE }, 's@file', []],
  ['named', { service: 't' }, { s: SERVICE, t: SERVICE }, 't@file', []],
  ['named in full', { service: 't@file' }, { s: SERVICE, t: SERVICE }, 't@file', []],
  ['named as nothing', { service: '' }, { s: SERVICE }, 's@file', []],
  ['of another provider', { service: 'web@consulcatalog' }, {}, 'web@consulcatalog', []],
  ['internal', { service: 'ping@internal' }, {}, 'ping@internal', []],
  ['internal, nothing', { service: 'noop@internal' }, {}, 'noop@internal', []],
  ['none', {}, {}, undefined, ['E204 router r@file has no service — name one with `service`']],
  [
    'one of several',
    {},
    { t: SERVICE, s: SERVICE },
    undefined,
    [
      'E213 router r@file cannot be linked automatically with multiple services: s, t — name one of them with `service`',
    ],
  ],
  [
    'misspelt',
    { service: 'shopp' },
    { shop: SERVICE },
    undefined,
    ['E205 unknown service `shopp` — did you mean `shop`?'],
  ],
  [
    'known to another provider',
    { service: 'web' },
    {},
    undefined,
    ['E205 unknown service `web` — did you mean `web@consulcatalog`?'],
  ],
  [
    'internal, misspelt',
    { service: 'pin@internal' },
    {},
    undefined,
    ['E205 unknown service `pin@internal` — did you mean `ping@internal`?'],
  ],
  ['like nothing', { service: 'billing' }, {}, undefined, ['E205 unknown service `billing`']],
  [
    'broken',
    { service: 's' },
    { s: { loadBalancer: { servers: [{ url: 'nonsense' }] } } },
    undefined,
    ['E205 the service `s` is left out because of its errors — mend these first'],
  ],
]
for (const [name, router, given, expected, problems] of services) {
  test(`service of a router: ${name}`, () => {
    const routing = resolveRouting(
      [
        fileSource(
          part({ routers: { r: { rule: RULE, ...router } }, services: given as Record<string, unknown> }),
        ),
        consulSource([web('web-1')]),
      ],
      GIVEN,
    )
    assert.equal(routing.routers.get('r@file')?.service, expected)
    assert.deepEqual(
      said(routing).filter((text) => /^E20[45]|^E213/.test(text)),
      problems,
    )
    assert.equal(codes(routing).includes('E214'), expected === undefined)
  })
}

const chains: readonly (readonly [string, object, readonly string[] | undefined, readonly string[]])[] = [
  ['in order', { a: add('/a'), r: ['a', 'b@file'], b: add('/b') }, ['a@file', 'b@file'], []],
  [
    'a chain',
    { a: add('/a'), b: add('/b'), c: chain('b', 'a'), r: ['a', 'c'] },
    ['a@file', 'b@file', 'a@file'],
    [],
  ],
  [
    'a chain of chains',
    { a: add('/a'), c: chain('d', 'a'), d: chain('a@file'), r: ['c'] },
    ['a@file', 'a@file'],
    [],
  ],
  ['an empty chain', { c: chain(), r: ['c'] }, [], []],
  [
    'unknown',
    { authn: add('/a'), r: ['auth'] },
    undefined,
    [
      'E206 unknown middleware `auth` — did you mean `authn`?',
      'E214 router r@file is left out because of its errors',
    ],
  ],
  [
    'broken',
    { a: add('no slash'), r: ['a'] },
    undefined,
    [
      'E102 `addPrefix`: `prefix` must start with `/`',
      'E214 middleware a@file is left out because of its errors',
      'E206 the middleware `a` is left out because of its errors — mend these first',
      'E214 router r@file is left out because of its errors',
    ],
  ],
  [
    'a chain with an unknown member',
    { first: add('/a'), c: chain('frist'), r: ['c'] },
    undefined,
    [
      'E206 middleware c@file needs the middleware `frist@file`, which is unknown or left out — did you mean `first@file`?',
      'E206 the chain `c` cannot be used because of its errors',
      'E214 router r@file is left out because of its errors',
    ],
  ],
  [
    'a chain of itself',
    { c: chain('c'), r: [] },
    [],
    ['E102 middleware c@file needs itself: c@file → c@file'],
  ],
  [
    'chains of one another',
    { a: chain('b'), b: chain('a'), r: ['b'] },
    undefined,
    [
      'E102 middleware a@file needs itself: a@file → b@file → a@file',
      'E102 middleware b@file needs itself: a@file → b@file → a@file',
      'E206 the chain `b` cannot be used because of its errors',
      'E214 router r@file is left out because of its errors',
    ],
  ],
]
function add(prefix: string): object {
  return { addPrefix: { prefix } }
}
function chain(...middlewares: readonly string[]): object {
  return { chain: { middlewares } }
}
for (const [name, { r, ...middlewares }, expected, problems] of chains as readonly (readonly [
  string,
  { r: unknown } & Record<string, object>,
  readonly string[] | undefined,
  readonly string[],
])[]) {
  test(`middlewares of a router: ${name}`, () => {
    const routing = file({
      routers: { r: { rule: RULE, middlewares: r } },
      middlewares,
      services: { s: SERVICE },
    })
    assert.deepEqual(routing.routers.get('r@file')?.middlewares, expected)
    assert.deepEqual(said(routing), problems)
  })
}

test('chains that double at each level are refused, not unfolded', () => {
  const middlewares = Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => [`c${i}`, chain(`c${i + 1}`, `c${i + 1}`)]),
  )
  const routing = file({
    routers: { r: { rule: RULE, middlewares: ['c0'] } },
    middlewares: { ...middlewares, c40: add('/x') },
    services: { s: SERVICE },
  })
  assert.equal(routing.routers.size, 0)
  assert.ok(codes(routing).includes('E102'))
})

test('chains that are nested without end are refused', () => {
  const middlewares = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, i) => [`c${i}`, chain(`c${i + 1}`)]),
  )
  assert.equal(
    file({ routers: { r: { rule: RULE, middlewares: ['c0'] } }, middlewares, services: { s: SERVICE } })
      .routers.size,
    0,
  )
})

const points: readonly (readonly [
  string,
  readonly RoutedEntryPoint[],
  object,
  readonly string[] | undefined,
  readonly string[],
])[] = [
  [
    'all that are not internal',
    [entryPoint('web'), entryPoint('alt'), entryPoint('admin', { internal: true })],
    {},
    ['web', 'alt'],
    [],
  ],
  ['those marked', [entryPoint('web'), entryPoint('alt', { asDefault: true })], {}, ['alt'], []],
  [
    'those named',
    [entryPoint('web'), entryPoint('admin', { internal: true })],
    { entryPoints: 'admin,web,admin' },
    ['admin', 'web'],
    [],
  ],
  [
    'one unknown',
    [entryPoint('web')],
    { entryPoints: ['wep', 'web'] },
    ['web'],
    ['E208 unknown entry point `wep` — did you mean `web`?'],
  ],
  [
    'all unknown',
    [entryPoint('web'), entryPoint('alt')],
    { entryPoints: ['public'] },
    undefined,
    [
      'E208 unknown entry point `public` — known entry points: web, alt',
      'E214 router r@file is left out because of its errors',
    ],
  ],
  [
    'none there',
    [entryPoint('admin', { internal: true })],
    {},
    undefined,
    [
      'E208 there is no entry point that routers use by default — name one with `entryPoints`',
      'E214 router r@file is left out because of its errors',
    ],
  ],
]
for (const [name, given, router, expected, problems] of points) {
  test(`entry points of a router: ${name}`, () => {
    const routing = file({ routers: { r: { rule: RULE, ...router } }, services: { s: SERVICE } }, ...given)
    assert.deepEqual(routing.routers.get('r@file')?.entryPoints, expected)
    assert.deepEqual(said(routing), problems)
  })
}

test('the middlewares of the entry points come first, chains expanded', () => {
  const middlewares = { a: add('/a'), b: add('/b'), c: chain('b') }
  const routing = file(
    { routers: { r: { rule: RULE, middlewares: ['a'] } }, middlewares, services: { s: SERVICE } },
    entryPoint('web', { middlewares: ['c@file'] }),
  )
  assert.deepEqual(routing.routers.get('r@file')?.middlewares, ['b@file', 'a@file'])
})

test('entry points with different middlewares split a router, so that none is served with those of the other', () => {
  const middlewares = { a: add('/a'), b: add('/b'), c: add('/c') }
  const routers = { r: { rule: RULE, middlewares: ['a'] }, 'web-r': { rule: RULE } }
  const routing = file(
    { routers, middlewares, services: { s: SERVICE } },
    entryPoint('web', { middlewares: ['b@file'] }),
    entryPoint('alt', { middlewares: ['c@file'] }),
    entryPoint('plain'),
    entryPoint('bare'),
  )
  const shown = [...routing.routers]
    .filter(([, { middlewares: all }]) => all.includes('a@file'))
    .map(([name, { entryPoints, middlewares: all }]) => [name, entryPoints, all])
  assert.deepEqual(shown, [
    ['r@file', ['plain', 'bare'], ['a@file']],
    ['split-web-r@file', ['web'], ['b@file', 'a@file']],
    ['alt-r@file', ['alt'], ['c@file', 'a@file']],
  ])
})

test('an unknown middleware of an entry point costs the routers on it: they are not served without', () => {
  const routing = file(
    { routers: { r: { rule: RULE } }, services: { s: SERVICE } },
    entryPoint('web', { middlewares: ['auth@file'] }),
  )
  assert.deepEqual(codes(routing), ['E206', 'E214'])
})

const resources: readonly (readonly [string, HttpSections, readonly string[]])[] = [
  [
    'a kind that is misspelt',
    { middlewares: { m: { addPrefx: { prefix: '/x' } } } },
    [
      'E207 unknown kind of middleware `addPrefx` — did you mean `addPrefix`?',
      'E214 middleware m@file is left out because of its errors',
    ],
  ],
  [
    'a kind that is like none',
    { middlewares: { m: { teleport: {} } } },
    [
      'E207 unknown kind of middleware `teleport` — known kinds: addPrefix, basicAuth, chain',
      'E214 middleware m@file is left out because of its errors',
    ],
  ],
  [
    'a kind that is not built',
    { middlewares: { m: { RateLimit: { average: 5 } } } },
    [
      'E105 middlewares of the kind `rateLimit` are understood but not built yet',
      'E214 middleware m@file is left out because of its errors',
    ],
  ],
  [
    'two kinds',
    { middlewares: { m: { addPrefix: { prefix: '/x' }, chain: {} } } },
    [
      'E102 middleware m@file has several kinds: `addPrefix`, `chain` — define one middleware for each, and a `chain` of them',
      'E214 middleware m@file is left out because of its errors',
    ],
  ],
  [
    'no kind',
    { middlewares: { m: {} } },
    [
      'E103 middleware m@file has no kind — name one below it, such as `stripPrefix`',
      'E214 middleware m@file is left out because of its errors',
    ],
  ],
  [
    'an unknown option',
    { middlewares: { m: { addPrefix: { prefix: '/x', sufix: 1 } } } },
    ['E101 unknown key `sufix` — known here: prefix'],
  ],
  [
    'a missing option',
    { middlewares: { m: { addPrefix: {} } } },
    ['E103 `prefix` is required', 'E214 middleware m@file is left out because of its errors'],
  ],
  [
    'a middleware that is no section',
    { middlewares: { m: 5 } },
    [
      'E103 middleware m@file has no kind — name one below it, such as `stripPrefix`',
      'E214 middleware m@file is left out because of its errors',
    ],
  ],
  [
    'a router without a rule',
    { routers: { r: { service: 'noop@internal' } } },
    [
      'E103 router r@file has no rule — set `rule`, such as Host(`www.example.com`)',
      'E214 router r@file is left out because of its errors',
    ],
  ],
  [
    'a router with an unknown key',
    { routers: { r: { rule: RULE, servise: 'x', service: 'noop@internal' } } },
    ['E101 unknown key `servise` — did you mean `service`?'],
  ],
  [
    'a service without a kind',
    { services: { s: {} } },
    [
      'E103 service s@file has no `loadBalancer` — list its servers under `loadBalancer.servers`',
      'E214 service s@file is left out because of its errors',
    ],
  ],
  [
    'a service of a kind that is not built',
    { services: { s: { weighted: { services: [] } } } },
    [
      'E105 `weighted` is understood but not built yet (weighted services) — remove it, or accept that it has no effect',
      'E214 service s@file is left out because of its errors',
    ],
  ],
  [
    'a strategy that is not built',
    { services: { s: { loadBalancer: { strategy: 'P2C' } } } },
    [
      'E105 the strategy `p2c` is understood but not built yet; `wrr` is used — remove it, or accept weighted round robin',
    ],
  ],
  [
    'an unknown section',
    { router: { r: {} } },
    ['E101 unknown key `router` in `http` — did you mean `routers`?'],
  ],
  [
    'servers transports',
    { serversTransports: { t: {}, u: {} } },
    [
      'E105 `http.serversTransports` is understood but not built yet (named servers transports) — remove it, or accept that it has no effect',
    ],
  ],
  [
    'a section that is none',
    { routers: 'none' as never },
    ['E102 `http.routers` must be a section of names and values'],
  ],
  [
    'names with an @',
    { routers: { 'r@file': { rule: RULE } }, middlewares: { 'm@x': add('/') } },
    [
      'E211 the name of middleware `m@x` holds an `@` — give it a name without `@`; the provider is added by itself',
      'E211 the name of router `r@file` holds an `@` — give it a name without `@`; the provider is added by itself',
    ],
  ],
  [
    'an empty name',
    { services: { '': SERVICE } },
    ['E211 a service has an empty name — give it a name without `@`; the provider is added by itself'],
  ],
  ['names that objects have', { services: { constructor: SERVICE, toString: SERVICE } }, []],
]
for (const [name, http, problems] of resources) {
  test(`wrong: ${name}`, () => assert.deepEqual(said(file(http)).toSorted(), problems.toSorted()))
}

const undecodable: readonly (readonly [string, HttpSections])[] = [
  ['a router that is a list', { routers: { r: ['x'] } }],
  ['a service that is a number', { services: { s: 5 } }],
  ['an unknown strategy', { services: { s: { loadBalancer: { strategy: 'best' } } } }],
  [
    'a priority that is a word',
    { routers: { r: { rule: RULE, service: 'noop@internal', priority: 'high' } } },
  ],
]
for (const [name, http] of undecodable) {
  test(`wrong: ${name}`, () => assert.deepEqual(codes(file(http)), ['E102', 'E214']))
}

const roots: readonly (readonly [string, unknown, readonly string[]])[] = [
  ['tcp, udp and tls', { tcp: { routers: {} }, UDP: {}, tls: {} }, ['E105', 'E105', 'E105']],
  ['unknown', { htpp: {} }, ['E101']],
  ['instances, which the provider reads', { instances: [] }, []],
]
for (const [name, root, expected] of roots) {
  test(`top-level sections: ${name}`, () => {
    assert.deepEqual(
      codes(resolveRouting([fileSource(part({}, 'a.yml', root as Record<string, unknown>))], GIVEN)),
      expected,
    )
  })
}

test('a wrong resource costs only itself', () => {
  const routing = file({
    routers: { good: { rule: RULE, service: 's' }, bad: { rule: 'Hots(`x`)', service: 's' }, worse: 7 },
    services: { s: SERVICE, t: 'what' },
  })
  assert.deepEqual([...routing.routers.keys()], ['good@file'])
  assert.deepEqual([...routing.services.keys()], ['s@file'])
})

test('service tags may not name files of this machine', () => {
  const routing = resolveRouting(
    [consulSource([fragment('a-1', { middlewares: { m: { basicAuth: { usersFile: '/etc/passwd' } } } })])],
    GIVEN,
  )
  assert.deepEqual(codes(routing), ['E110', 'E214'])
})

test('a service that nobody serves keeps its router, which then answers 503', () => {
  const routing = file({ routers: { r: { rule: RULE } }, services: { s: { loadBalancer: { servers: [] } } } })
  assert.equal(routing.routers.get('r@file')?.service, 's@file')
  assert.deepEqual(routing.services.get('s@file')?.endpoints, [])
  assert.deepEqual(routing.problems, [])
})

test('problems that providers have found with instances are listed too', () => {
  const problem = {
    code: 'E301',
    severity: 'warning',
    message: 'tag is not understood',
    origin: { source: 'consulcatalog' },
  } as const
  const routing = resolveRouting([consulSource([{ ...web('web-1'), problems: [problem] }])], GIVEN)
  assert.deepEqual(routing.problems, [problem])
})

test('thousands of unknown references do not stall', () => {
  const names = Array.from({ length: 3_000 }, (_, i) => `service-number-${i}`)
  const routing = file({
    routers: Object.fromEntries(names.map((name) => [name, { rule: RULE, service: `${name}x` }])),
    services: Object.fromEntries(names.map((name) => [name, SERVICE])),
  })
  assert.equal(routing.problems.filter(({ code }) => code === 'E205').length, 3_000)
  assert.equal(
    routing.problems.filter(({ code, remedy }) => code === 'E205' && remedy !== undefined).length,
    100,
  )
})
