import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { scalar } from '../../src/config/source-tree.ts'
import { namesOf, normalize, shortHash } from '../../src/discovery/names.ts'
import type { Instance } from '../../src/discovery/provider.ts'

const PATTERN = /^v[0-9][A-Za-z0-9._-]*$/
const INSTANCE: Instance = {
  id: '1',
  name: 'whoami',
  address: '10.0.0.1',
  ports: [],
  tags: [],
  health: 'passing',
}

function word(text: string | undefined) {
  return text === undefined ? undefined : scalar(text, { source: 'test' })
}

interface Said {
  readonly app?: string
  readonly tag?: string
  readonly env?: string
  readonly domain?: string
  readonly plain?: readonly string[]
  readonly canary?: boolean
}

function names(instance: Partial<Instance>, said: Said = {}, domain = 'example.com', environment = 'dev') {
  const { plain = [], canary = false } = said
  const tags = {
    app: word(said.app),
    tag: word(said.tag),
    env: word(said.env),
    domain: word(said.domain),
    plain,
    canary,
  }
  return namesOf({ ...INSTANCE, ...instance }, tags, { domain, environment }, PATTERN)
}

const normalized: readonly (readonly [text: string, expected: string])[] = [
  ['whoami', 'whoami'],
  ['My_Service.Web', 'My-Service-Web'],
  ['__a__b__', 'a-b'],
  ['café', 'café'],
  ['a`) || Host(`b', 'a-Host-b'],
  ['---', ''],
]

for (const [text, expected] of normalized) {
  test(`normalize ${text}`, () => assert.equal(normalize(text), expected))
}

const hosts: readonly (readonly [what: string, host: string, instance: Partial<Instance>, said?: Said])[] = [
  ['name', 'whoami.dev.example.com', {}],
  ['name and tag', 'whoami-v1.dev.example.com', {}, { plain: ['blue', 'v1', 'v2'] }],
  [
    'words before all',
    'a-t.e.d.example',
    { meta: { version: 'v9' } },
    { app: 'A', tag: 'T', env: 'E', domain: 'D.example', plain: ['v1'] },
  ],
  ['empty words fall back', 'whoami.dev.example.com', {}, { app: '', env: '', domain: '' }],
  [
    'image with a port in its registry and no tag',
    'whoami.dev.example.com',
    { meta: { image: 'registry:5000/whoami' } },
  ],
  [
    'image with a digest only',
    'whoami.dev.example.com',
    { meta: { image: `whoami@sha256:${'0'.repeat(64)}` } },
  ],
  [
    'a commit is a version',
    `whoami-${'0a'.repeat(20)}.dev.example.com`,
    { meta: { image: `whoami:${'0a'.repeat(20)}` } },
  ],
  [
    'a name of Object is no meta',
    'whoami.dev.example.com',
    { meta: JSON.parse('{"__proto__": {"version": "v1"}}') as Record<string, string> },
  ],
  ['a wildcard is no domain', 'whoami.dev.example.com', {}, { domain: '*.example.com' }],
]

for (const [what, host, instance, said] of hosts) {
  test(`host from ${what}`, () => assert.equal(names(instance, said).host, host))
}

test('the hash of a long label is that of the whole label, and always the same', () => {
  const name = 'a'.repeat(64)
  assert.equal(names({ name }).service, `${'a'.repeat(54)}-${shortHash(name)}`)
  assert.equal(shortHash('whoami').length, 8)
  assert.equal(names({ name: 'a'.repeat(63) }).service, 'a'.repeat(63))
})

test('canaries with the same tags are one service, whatever the order of the tags', () => {
  const service = (tags: readonly string[]) => names({ tags }, { canary: true }).service
  assert.equal(service(['a', 'b']), service(['b', 'a']))
  assert.notEqual(service(['a', 'b']), service(['a', 'c']))
})

test('every host is a valid host name by RFC 1123, or there is none', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.string(),
    fc.constantFrom('', '-', '.', '..', '服务', 'xn--a'),
  )
  const said = fc.record(
    { app: text, tag: text, env: text, domain: text, plain: fc.array(text), canary: fc.boolean() },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(text, said, text, text, (name, words, domain, environment) => {
      const made = names({ name, tags: words.plain ?? [] }, words, domain, environment)
      assert.notEqual(made.service, '')
      if (made.host === '') return
      assert.ok(made.host.length <= 253)
      for (const label of made.host.split('.')) assert.match(label, /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/)
    }),
    { numRuns: 500 },
  )
})
