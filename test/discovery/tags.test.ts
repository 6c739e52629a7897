import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { describeOrigin } from '../../src/config/problem.ts'
import { child, toPlain } from '../../src/config/source-tree.ts'
import type { SourceNode } from '../../src/config/source-tree.ts'
import type { Instance } from '../../src/discovery/provider.ts'
import { readTags } from '../../src/discovery/tags.ts'

function read(...tags: readonly string[]) {
  const instance: Instance = {
    id: 'i-1',
    name: 'web',
    address: '10.0.0.1',
    ports: [],
    tags,
    health: 'passing',
  }
  return readTags(instance, { prefixes: ['tidegate', 'traefik'], provider: 'consulcatalog' })
}

test('a value knows the tag that it comes from', () => {
  const { http } = read('traefik.http.routers.Web.rule=Host(`a`)')
  const rule = child(child(child(http, 'routers'), 'web'), 'rule')
  assert.deepEqual(rule?.origin, {
    source: 'consulcatalog',
    instance: 'i-1 (web)',
    key: 'traefik.http.routers.Web.rule=Host(`a`)',
  })
})

const secrets: readonly (readonly [tag: string, shown: string])[] = [
  ['traefik.http.middlewares.a.basicauth.users=bob:hash', 'traefik.http.middlewares.a.basicauth.users=***'],
  [
    'traefik.http.middlewares.a.basicAuth.Users[0]=bob:hash',
    'traefik.http.middlewares.a.basicAuth.Users[0]=***',
  ],
  ['traefik.http.middlewares.a.digestauth.users=bob', 'traefik.http.middlewares.a.digestauth.users=***'],
  [
    'traefik.http.middlewares.a.ratelimit.redis.password=x',
    'traefik.http.middlewares.a.ratelimit.redis.password=***',
  ],
  [
    'traefik.http.middlewares.a.headers.customrequestheaders.X-A=x',
    'traefik.http.middlewares.a.headers.customrequestheaders.X-A=***',
  ],
  [
    'traefik.http.middlewares.a.forwardauth.address=http://u:p@h/',
    'traefik.http.middlewares.a.forwardauth.address=http://***@h/',
  ],
  ['traefik.http.routers.keycloak.rule=Host(`a`)', 'traefik.http.routers.keycloak.rule=Host(`a`)'],
  [`traefik.http.routers.a.rule=${'a'.repeat(300)}`, `traefik.http.routers.a.rule=${'a'.repeat(172)}…`],
]

for (const [tag, shown] of secrets) {
  test(`shown as ${shown.slice(0, 70)}`, () => {
    const keys = origins(read(tag).http)
    assert.deepEqual([...keys], [shown])
  })
}

function origins(node: SourceNode): Set<string> {
  if (node.kind === 'scalar') return new Set([node.origin.key ?? ''])
  const inner = node.kind === 'list' ? node.items : [...node.entries.values()]
  return inner.reduce((keys, one) => keys.union(origins(one)), new Set<string>())
}

test('plain tags and labels are told apart', () => {
  const { plain, labels } = read('v1', 'blue', 'team=a=b', 'traefik.enable=true', 'traefik.http', 'tidegate')
  assert.deepEqual(plain, ['v1', 'blue', 'tidegate'])
  assert.deepEqual(
    [...labels],
    [
      ['team', 'a=b'],
      ['traefik.enable', 'true'],
    ],
  )
})

test('keys of objects are keys like others', () => {
  const { http } = read('traefik.http.middlewares.m.headers.customresponseheaders.__proto__=x')
  const headers = child(child(child(child(http, 'middlewares'), 'm'), 'headers'), 'customresponseheaders')
  assert.ok(headers?.kind === 'section')
  assert.deepEqual([...headers.entries.keys()], ['__proto__'])
  assert.equal(({} as Record<string, unknown>)['x'], undefined)
})

test('too many tags, tags too long, and too many problems are each listed once', () => {
  const many = read(...Array.from({ length: 1_200 }, (_, i) => `traefik.bad${i}=x`))
  assert.equal(many.problems.length, 51)
  assert.match(many.problems[0]!.message, /1200 tags, of which the first 1000/)
  assert.match(many.problems.at(-1)!.message, /951 more tags/)
  const long = read(`traefik.http.routers.a.rule=${'x'.repeat(70_000)}`, 'traefik.http.routers.b.rule=y')
  assert.equal(long.problems.length, 1)
  assert.ok(describeOrigin(long.problems[0]!.origin).length < 300)
  assert.deepEqual(toPlain(long.http), { routers: { b: { rule: 'y' } } })
})

test('no tag makes reading throw', () => {
  const word = fc.constantFrom(
    'traefik',
    'tidegate',
    'http',
    'tcp',
    'tls',
    'routers',
    'services',
    'middlewares',
    'a',
    'rule',
    'a[0]',
    'a[1]',
    '__proto__',
    'loadbalancer',
    'server',
    'enable',
    'consulcatalog',
    'canary',
    '',
  )
  const key = fc.array(word, { maxLength: 8 }).map((parts) => `traefik.${parts.join('.')}`)
  const tag = fc.oneof(
    fc.string({ unit: 'binary' }),
    key,
    fc.tuple(key, fc.string()).map(([name, value]) => `${name}=${value}`),
  )
  fc.assert(
    fc.property(fc.array(tag, { maxLength: 40 }), (tags) => {
      const { http, problems } = read(...tags)
      toPlain(http)
      for (const { origin, message } of problems)
        assert.doesNotMatch(describeOrigin(origin) + message, /\p{Cc}/u)
    }),
    { numRuns: 300 },
  )
})
