import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { resolveRouting } from '../../src/discovery/resolve.ts'
import type { Fragment, RoutingConfig } from '../../src/discovery/routing-config.ts'
import { SourceBuilder } from '../../src/discovery/source-builder.ts'
import {
  balancedBy,
  consulSource,
  context,
  fileSource,
  fragment,
  instance,
  part,
  TAG_OPTIONS,
  web,
} from './given-sources.ts'

const GIVEN = context()

function resolved(...fragments: readonly Fragment[]): RoutingConfig {
  return resolveRouting([consulSource(fragments)], GIVEN)
}

const A = { rule: 'Host(`a.example.com`)' }
const B = { rule: 'Host(`b.example.com`)' }
const standing: readonly (readonly [string, readonly Fragment[], string])[] = [
  ['most instances win', [web('web-1', A), web('web-2', A), web('web-3', B, { createdAt: 9 })], 'a'],
  [
    'of equally many, the newest wins',
    [web('web-1', A, { createdAt: 1 }), web('web-2', B, { createdAt: 2 })],
    'b',
  ],
  ['one with a time is newer than one without', [web('web-1', A), web('web-2', B, { createdAt: 2 })], 'b'],
  ['of equally many and old, the first id wins', [web('web-2', A), web('web-1', B)], 'b'],
  [
    'terminating instances have no say',
    [web('web-1', A, { terminating: true }), web('web-2', A, { terminating: true }), web('web-3', B)],
    'b',
  ],
  [
    'terminating instances alone still count',
    [
      web('web-1', A, { terminating: true }),
      web('web-2', A, { terminating: true }),
      web('web-3', B, { terminating: true }),
    ],
    'a',
  ],
  [
    'a broken majority does not win',
    [web('web-1', { rule: 'Hast(`x`)' }), web('web-2', { rule: 'Hast(`x`)' }), web('web-3', B)],
    'b',
  ],
]
for (const [name, fragments, host] of standing) {
  test(`conflict: ${name}, and all instances serve`, () => {
    const { routers, services, problems } = resolved(...fragments)
    assert.equal(routers.get('web@consulcatalog')?.ruleText, `Host(\`${host}.example.com\`)`)
    assert.equal(services.get('web@consulcatalog')?.endpoints.length, fragments.length)
    assert.ok(problems.some(({ code }) => code === 'E209'))
  })
}

test('a conflict names who differs, where, and whose definition is served', () => {
  const { problems } = resolved(
    web('web-1'),
    web('web-2'),
    web('web-3', { Rule: 'Host(`other.example.com`)', priority: '7' }),
  )
  assert.deepEqual(problems, [
    {
      code: 'E209',
      severity: 'error',
      resource: 'router web@consulcatalog',
      message:
        'router web@consulcatalog is defined differently by 1 instance (web-3) in `Rule`, `priority`; the definition of 2 instances (web-1, web-2) is served',
      remedy: 'give all instances the same tags, or the resource another name',
      origin: { source: 'consulcatalog', instance: 'web-3' },
    },
  ])
})

test('a conflict of any kind costs nothing but itself, and is listed with the instance and its tag', () => {
  const tags = (name: string, prefix: string, pass: boolean): string[] => [
    `traefik.http.routers.web.rule=Host(\`${name}\`)`,
    'traefik.http.routers.web.middlewares=m',
    `traefik.http.middlewares.m.addprefix.prefix=${prefix}`,
    `traefik.http.services.web.loadbalancer.passhostheader=${pass}`,
  ]
  const builder = new SourceBuilder([{ name: 'nomad', constraints: 'tag', options: TAG_OPTIONS }])
  const instances = [
    instance('web-1', { tags: tags('a', '/a', true) }),
    instance('web-2', { tags: tags('a', '/a', true), address: '10.0.0.2' }),
    instance('web-3', { tags: tags('b', '/b', false), address: '10.0.0.3', createdAt: 9 }),
  ]
  const source = builder.source({ name: 'nomad', parts: new Map([['', { instances }]]) })
  const { routers, services, middlewares, problems } = resolveRouting([source], GIVEN)
  assert.equal(routers.get('web@nomad')?.ruleText, 'Host(`a`)')
  assert.deepEqual(middlewares.get('m@nomad')?.options, { prefix: '/a' })
  assert.equal(balancedBy({ services }, 'web@nomad').config.passHostHeader, true)
  assert.equal(services.get('web@nomad')?.endpoints.length, 3)
  assert.deepEqual(
    problems.map(({ code, resource, origin }) => [code, resource, origin.instance, origin.key]),
    [
      ['E209', 'middleware m@nomad', 'web-3 (web)', 'traefik.http.middlewares.m.addprefix.prefix=/b'],
      ['E209', 'router web@nomad', 'web-3 (web)', 'traefik.http.routers.web.rule=Host(`b`)'],
      [
        'E209',
        'service web@nomad',
        'web-3 (web)',
        'traefik.http.services.web.loadbalancer.passhostheader=false',
      ],
    ],
  )
})

test('a conflict of secrets in tags shows neither', () => {
  const tags = (password: string): string[] => [
    `traefik.http.middlewares.auth.basicauth.users=bob:${password}`,
    'traefik.http.routers.web.middlewares=auth',
  ]
  const builder = new SourceBuilder([{ name: 'nomad', constraints: 'tag', options: TAG_OPTIONS }])
  const instances = ['hunter2', 'swordfish'].map((password, i) =>
    instance(`web-${i}`, { tags: tags(password), address: `10.0.0.${i + 1}` }),
  )
  const source = builder.source({ name: 'nomad', parts: new Map([['', { instances }]]) })
  const { problems } = resolveRouting([source], GIVEN)
  assert.ok(problems.some(({ code }) => code === 'E209'))
  assert.doesNotMatch(JSON.stringify(problems), /hunter2|swordfish/)
})

test('many holders are not all named', () => {
  const fragments = Array.from({ length: 20 }, (_, i) => web(`web-${i + 10}`))
  const { problems } = resolved(...fragments, web('web-1', B))
  assert.match(problems[0]!.message, /20 instances \(web-10, web-11, web-12, web-13, web-14 and 15 more\)/)
})

const balancers: readonly (readonly [string, object, object, number])[] = [
  [
    'ports',
    { loadBalancer: { server: { port: '8080' } } },
    { loadbalancer: { server: { port: '9090' } } },
    0,
  ],
  [
    'weights and schemes',
    { loadBalancer: { server: { weight: '3' } } },
    { loadBalancer: { server: { scheme: 'http' } } },
    0,
  ],
  ['nothing said', {}, { loadBalancer: { server: { port: '9090' } } }, 0],
  [
    'case and order of keys',
    { loadBalancer: { passHostHeader: 'false', strategy: 'wrr' } },
    { LoadBalancer: { strategy: 'wrr', passhostheader: 'false' } },
    0,
  ],
  [
    'settings',
    { loadBalancer: { passHostHeader: 'false' } },
    { loadBalancer: { passHostHeader: 'true' } },
    1,
  ],
]
for (const [name, first, second, conflicts] of balancers) {
  test(`services that differ in ${name}: ${conflicts === 0 ? 'merge' : 'conflict'}`, () => {
    const { services, problems } = resolved(
      fragment('api-1', { services: { api: first } }),
      fragment('api-2', { services: { api: second } }),
    )
    assert.equal(problems.length, conflicts)
    assert.deepEqual(
      services.get('api@consulcatalog')?.endpoints.map(({ host }) => host),
      ['10.0.0.1', '10.0.0.2'],
    )
  })
}

test('a conflict never shows values, which may be secrets', () => {
  const auth = (users: string) => ({ middlewares: { auth: { basicAuth: { users } } } })
  const { problems } = resolved(fragment('a-1', auth('bob:hunter2')), fragment('a-2', auth('bob:swordfish')))
  assert.match(problems[0]!.message, /in `basicAuth.users`/)
  assert.doesNotMatch(JSON.stringify(problems), /hunter2|swordfish/)
})

test('routers that name no service differ when different services stand beside them', () => {
  const { routers, problems } = resolved(
    fragment('a-1', { routers: { r: A }, services: { one: {} } }),
    fragment('a-2', { routers: { r: A }, services: { two: {} } }, { createdAt: 5 }),
  )
  assert.equal(routers.get('r@consulcatalog')?.service, 'two@consulcatalog')
  assert.match(problems[0]!.message, /in `service`/)
})

test('an instance that shows up twice under one key counts with its newer endpoint', () => {
  const [older, newer] = [web('web-1', {}, { createdAt: 1 }), web('web-2', {}, { createdAt: 2 })]
  const [first] = older.endpoints.values()
  const twice = { ...newer, endpoints: new Map([['web', { ...first!, weight: 7 }]]) }
  assert.deepEqual(resolved(older, twice).services.get('web@consulcatalog')?.endpoints, [
    { ...first, weight: 7 },
  ])
})

test('of two parts that define the same, the first by name is served', () => {
  const one = part({ services: { s: { loadBalancer: { servers: [{ url: 'http://10.0.0.1' }] } } } }, 'a.yml')
  const two = part({ services: { s: { loadBalancer: { servers: [{ url: 'http://10.0.0.2' }] } } } }, 'b.yml')
  const { services, problems } = resolveRouting([fileSource(two, one)], GIVEN)
  assert.deepEqual(
    services.get('s@file')?.endpoints.map(({ host }) => host),
    ['10.0.0.1'],
  )
  assert.deepEqual(
    problems.map(({ code, origin, message }) => [code, origin.source, message]),
    [['E209', 'b.yml', 'service s@file is defined differently by b.yml; the definition of a.yml is served']],
  )
})

test('the same name in two providers is no conflict', () => {
  const { routers, problems } = resolveRouting(
    [
      consulSource([web('web-1')]),
      fileSource(part({ routers: { web: B }, services: { web: { loadBalancer: {} } } })),
    ],
    GIVEN,
  )
  assert.deepEqual([...routers.keys()], ['web@consulcatalog', 'web@file'])
  assert.deepEqual(problems, [])
})

const ids = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 2, maxLength: 10 })
const fragments = ids.chain((numbers) =>
  fc.tuple(
    ...numbers.map((number) =>
      fc
        .record({
          rule: fc.constantFrom('Host(`a`)', 'Host(`b`)', 'Broken('),
          service: fc.constantFrom('one', 'two'),
          passHostHeader: fc.constantFrom('true', 'false', 'what'),
          middleware: fc.constantFrom(
            { addPrefix: { prefix: '/a' } },
            { addPrefix: { prefix: '/b' } },
            { nothing: {} },
          ),
          createdAt: fc.constantFrom(1, 2),
          terminating: fc.boolean(),
        })
        .map(({ rule, service, passHostHeader, middleware, ...more }) =>
          fragment(
            `i-${number}`,
            {
              routers: { r: { rule, middlewares: 'm' } },
              middlewares: { m: middleware },
              services: { [service]: { loadBalancer: { passHostHeader } } },
            },
            more,
          ),
        ),
    ),
  ),
)

test('the order in which instances come makes no difference', () => {
  fc.assert(
    fc.property(
      fragments.chain((all) =>
        fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
      ),
      ([all, shuffled]) => {
        const [first, second] = [resolved(...all), resolved(...shuffled.map((one) => ({ ...one })))]
        assert.deepEqual(second, first)
        assert.deepEqual(
          [...second.routers.keys(), ...second.services.keys()],
          [...first.routers.keys(), ...first.services.keys()],
        )
      },
    ),
  )
})
