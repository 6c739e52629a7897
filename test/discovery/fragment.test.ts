import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fields } from '../../src/config/fields.ts'
import { child, toPlain } from '../../src/config/source-tree.ts'
import { createFragmentMaker } from '../../src/discovery/fragment.ts'
import { tagSourceOptions } from '../../src/discovery/options.ts'
import type { TagSourceOptions } from '../../src/discovery/options.ts'
import type { Instance } from '../../src/discovery/provider.ts'

const DEFAULTS = fields.section('', tagSourceOptions(fields)).parse({}) as TagSourceOptions
const INSTANCE: Instance = {
  id: 'i-1',
  name: 'whoami',
  address: '10.0.0.1',
  ports: [{ port: 80 }],
  tags: [],
  health: 'passing',
}

function maker(options: Partial<TagSourceOptions> = {}) {
  return createFragmentMaker({ ...DEFAULTS, ...options }, { name: 'consulcatalog', constraints: 'tag' })
}

test('faults of the options are told once, and never with an instance', () => {
  const make = maker({ defaultRule: '{{ nope }}', tagPattern: '(' })
  assert.deepEqual(
    make.problems.map(({ code }) => code),
    ['E102', 'E306'],
  )
  assert.deepEqual(make(INSTANCE)?.problems, [])
})

test('the same instance gives the same fragment', () => {
  const make = maker({ domain: 'example.com' })
  assert.deepEqual(make(INSTANCE), make(structuredClone(INSTANCE)))
})

test('the addresses of endpoints: refused ones', () => {
  const make = maker()
  const refused = [
    '',
    ' ',
    '0.0.0.0',
    '0',
    '::',
    '169.254.169.254',
    '169.254.0.1',
    '2852039166',
    '0xA9FEA9FE',
    '0xa9.254.169.254',
    '0251.0376.0251.0376',
    '169.254.169.254.',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    'fe80::1',
    'FE80::1%eth0',
    '[fe80::1]',
    'febf::1',
    'fd00:ec2::254',
    '224.0.0.1',
    '255.255.255.255',
    'ff02::1',
    'a b',
    'a/b',
    'a:80',
    'user@host',
    'a..b',
    '-a.example',
    'höst',
    'a\nb',
    '1.2.3.4.5',
    '10.0.0.256',
    `${'a'.repeat(64)}.b`,
    'x'.repeat(5_000),
  ]
  for (const address of refused) {
    const fragment = make({ ...INSTANCE, address })
    assert.deepEqual([fragment?.endpoints.size, fragment?.problems[0]?.code], [0, 'E304'], address)
  }
})

test('the addresses of endpoints: good ones', () => {
  const make = maker()
  const good: Record<string, string> = {
    '10.0.0.1': '10.0.0.1',
    '127.0.0.1': '127.0.0.1',
    '::1': '::1',
    '[2001:db8::1]': '2001:db8::1',
    'fec0::1': 'fec0::1',
    'Web.Example.': 'web.example',
    my_host: 'my_host',
    'xn--hst-sna.example': 'xn--hst-sna.example',
    '169.253.1.1': '169.253.1.1',
  }
  for (const [address, host] of Object.entries(good)) {
    const endpoint = make({ ...INSTANCE, address })?.endpoints.get('whoami')
    assert.equal(endpoint?.host, host)
    assert.equal(endpoint.key, `${host.includes(':') ? `[${host}]` : host}:80#i-1`)
  }
})

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

test('whatever an instance says, nothing throws and its default host is valid', () => {
  const part = fc.oneof(
    fc.constantFrom(
      'http',
      'routers',
      'services',
      'middlewares',
      'a',
      'b',
      'rule',
      'loadbalancer',
      'server',
      'port',
      'weight',
      'url',
      'scheme',
      'enable',
      'tag',
      'app',
      'env',
      'domain',
      '[0]',
      '__proto__',
    ),
    fc.string(),
  )
  const tag = fc
    .tuple(
      fc.constantFrom('traefik.', 'tidegate.', ''),
      fc.array(part, { maxLength: 7 }),
      fc.string({ unit: 'binary' }),
    )
    .map(([prefix, parts, value]) => `${prefix}${parts.join('.')}=${value}`)
  const instance = fc.record({
    id: fc.string(),
    name: fc.string({ unit: 'binary', maxLength: 300 }),
    address: fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()),
    ports: fc.array(fc.record({ port: fc.integer() }), { maxLength: 2 }),
    tags: fc.array(fc.oneof(tag, fc.string()), { maxLength: 20 }),
    health: fc.constant('passing' as const),
    meta: fc.dictionary(fc.string(), fc.string()),
  })
  const make = maker({ domain: 'example.com', environment: 'dev' })
  fc.assert(
    fc.property(instance, (one) => {
      const fragment = make(one)
      if (fragment === undefined) return
      toPlain(fragment.http)
      const routers = child(fragment.http, 'routers')
      if (routers?.kind !== 'section') return
      for (const [name, router] of routers.entries) {
        const rule = child(router, 'rule')
        assert.ok(rule, name)
        const host = /^Host\(`([^`]*)`\)$/.exec(String(rule.kind === 'scalar' ? rule.value : ''))?.[1]
        if (rule.origin.key === undefined) for (const label of host!.split('.')) assert.match(label, LABEL)
      }
      for (const { port } of fragment.endpoints.values()) assert.ok(port >= 1 && port <= 65_535)
    }),
    { numRuns: 500 },
  )
})
