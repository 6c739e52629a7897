import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveRouting } from '../../src/discovery/resolve.ts'
import type { RoutingConfig } from '../../src/discovery/routing-config.ts'
import { consulSource, context, fileSource, fragment, part, web } from './given-sources.ts'
import type { HttpSections } from './given-sources.ts'

const GIVEN = context()
const RULE = 'Host(`x.example.com`)'
const SERVICE = { loadBalancer: { servers: [{ url: 'http://10.0.0.1:8080' }] } }

function file(http: HttpSections): RoutingConfig {
  return resolveRouting([fileSource(part(http))], GIVEN)
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
