import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { chooseRoot, readKeyTree } from '../../src/config/key-tree.ts'
import type { KeyValue } from '../../src/config/key-tree.ts'
import { describeOrigin } from '../../src/config/problem.ts'
import { toPlain } from '../../src/config/source-tree.ts'
import type { SourceNode } from '../../src/config/source-tree.ts'
import { resolveRouting } from '../../src/discovery/resolve.ts'
import type { RoutingConfig } from '../../src/discovery/routing-config.ts'
import { context } from '../discovery/given-sources.ts'

const OPTIONS = { source: 'etcd', root: 'traefik' }
const read = (pairs: Iterable<KeyValue>) => readKeyTree(pairs, OPTIONS)
const plain = (node: SourceNode | undefined): unknown => node && toPlain(node)

const trees: [name: string, pairs: KeyValue[], expected: unknown][] = [
  ['nothing', [], undefined],
  ['what stands below another root', [['traefik2/http/routers/a/rule', 'x']], undefined],
  ['the root itself', [['traefik', 'x']], undefined],
  [
    'a value at the end of its key',
    [['traefik/http/routers/web/rule', 'Path(`/a=b`)']],
    { http: { routers: { web: { rule: 'Path(`/a=b`)' } } } },
  ],
  [
    'lists by their indexes',
    [
      ['traefik/http/routers/web/middlewares/1', 'b'],
      ['traefik/http/routers/web/middlewares/0', 'a'],
    ],
    { http: { routers: { web: { middlewares: { 0: 'a', 1: 'b' } } } } },
  ],
  [
    "parts of keys whatever their letters' case",
    [
      ['traefik/HTTP/Routers/Web/rule', 'x'],
      ['traefik/http/routers/web/Service', 's'],
    ],
    { HTTP: { Routers: { Web: { rule: 'x', Service: 's' } } } },
  ],
  [
    'sections that are switched on',
    [
      ['traefik/http/routers/web/tls', 'true'],
      ['traefik/http/routers/web/tls/options', 'strict'],
      ['traefik/http/middlewares/m/compress', ''],
    ],
    { http: { routers: { web: { tls: { options: 'strict' } } }, middlewares: { m: { compress: '' } } } },
  ],
  [
    'values of nodes that have children, when they are empty',
    [
      ['traefik/http', ''],
      ['traefik/http/routers', ''],
      ['traefik/http/routers/web/rule', 'x'],
    ],
    { http: { routers: { web: { rule: 'x' } } } },
  ],
  [
    'folders as nothing',
    [
      ['traefik/', ''],
      ['traefik/http/routers/', ''],
    ],
    undefined,
  ],
  [
    'names of prototypes as names',
    [['traefik/http/routers/__proto__/rule', 'x']],
    JSON.parse('{"http":{"routers":{"__proto__":{"rule":"x"}}}}'),
  ],
]
for (const [name, pairs, expected] of trees) {
  test(`takes ${name}`, () => {
    const { routing, problems } = read(pairs)
    assert.deepEqual(problems, [])
    assert.deepEqual(plain(routing), expected)
  })
}

const complaints: [name: string, pairs: KeyValue[], expected: string[]][] = [
  [
    'a section that is misspelt',
    [
      ['traefik/htp/routers/a/rule', 'x'],
      ['traefik/htp/routers/b/rule', 'x'],
    ],
    ['traefik/htp (etcd): E101 unknown section `htp`, with 2 keys — did you mean `http`?'],
  ],
  [
    'a section of files',
    [['traefik/instances/0/name', 'x']],
    ['traefik/instances (etcd): E101 unknown section `instances` — known here: http, tcp, udp, tls'],
  ],
  [
    'an empty part',
    [['traefik/http//web/rule', 'x']],
    ['traefik/http//web/rule (etcd): E101 a part of the key is empty'],
  ],
  [
    'a key without end',
    [[`traefik/http/${'a/'.repeat(40)}b`, 'x']],
    [`traefik/http/${'a/'.repeat(40)}b (etcd): E101 the key has more than 32 parts`],
  ],
  [
    'a key in two spellings',
    [
      ['traefik/http/routers/web/Rule', 'x'],
      ['traefik/http/routers/web/rule', 'y'],
    ],
    [
      'traefik/http/routers/web/rule (etcd): E109 the key is also given as `traefik/http/routers/web/Rule`, which counts — remove one of the two',
    ],
  ],
  [
    'a value above keys',
    [
      ['traefik/http/routers/web', 'x'],
      ['traefik/http/routers/web/rule', 'y'],
    ],
    [
      'traefik/http/routers/web (etcd): E106 the value has no effect, since there are keys below this one — remove the value, or the keys below it',
    ],
  ],
  [
    'control characters, which no terminal gets',
    [['traefik/http//\u001B[31m', 'x']],
    ['traefik/http//\\u{1b}[31m (etcd): E101 a part of the key is empty'],
  ],
]
for (const [name, pairs, expected] of complaints) {
  test(`complains of ${name}, and reads the rest`, () => {
    const good: KeyValue = ['traefik/http/routers/good/rule', 'Path(`/good`)']
    const { routing, problems } = read([...pairs, good])
    assert.deepEqual(
      problems.map(
        ({ code, message, remedy, origin }) =>
          `${describeOrigin(origin)}: ${code} ${message}${remedy === undefined ? '' : ` — ${remedy}`}`,
      ),
      expected,
    )
    const { http } = plain(routing) as { http: { routers: { good: object } } }
    assert.deepEqual(http.routers.good, { rule: 'Path(`/good`)' })
  })
}

test('a hundred problems are listed, and the others counted', () => {
  const { problems } = read(Array.from({ length: 250 }, (_, i): KeyValue => [`traefik/http//${i}`, 'x']))
  assert.equal(problems.length, 101)
  assert.equal(problems.at(-1)?.message, '150 more keys have problems')
})

test('what order the pairs come in makes no difference', () => {
  const part = fc.constantFrom('http', 'HTTP', 'routers', 'a', 'A', '0', '1', '', 'tls', 'x')
  const key = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => `traefik/${parts.join('/')}`)
  const pairs = fc.uniqueArray(fc.tuple(key, fc.string()), { selector: ([one]) => one })
  fc.assert(
    fc.property(pairs, fc.func(fc.nat()), (given, order) => {
      const shuffled = given.toSorted((a, b) => order(a) - order(b))
      assert.deepEqual(read(shuffled), read(given))
    }),
  )
})

const roots: [name: string, keys: string[], expected: string][] = [
  ['neither is there', [], 'tidegate'],
  ['only the second is there', ['traefik/http/routers/a/rule'], 'traefik'],
  ['both are there', ['traefik/http/routers/a/rule', 'tidegate/http/routers/a/rule'], 'tidegate'],
  ['the first holds no routing', ['traefik/http/routers/a/rule', 'tidegate/note'], 'traefik'],
  ['neither holds routing', ['traefik/htp/x'], 'traefik'],
]
for (const [name, keys, expected] of roots) {
  test(`the root when ${name}: ${expected}`, () => {
    assert.equal(chooseRoot(keys, ['tidegate', 'traefik']), expected)
  })
}

/** Routing as it is served from these keys, and what is wrong with them. */
function resolved(pairs: Iterable<KeyValue>, previous?: RoutingConfig): RoutingConfig {
  const node = read(pairs).routing
  assert.ok(node)
  return resolveRouting(
    [{ provider: 'etcd', fragments: [], routing: [{ part: '', node }] }],
    context(),
    previous,
  )
}

const WEB: KeyValue[] = [
  ['traefik/http/routers/web/rule', 'PathPrefix(`/web`)'],
  ['traefik/http/routers/web/service', 'web'],
  ['traefik/http/services/web/loadbalancer/servers/0/url', 'http://10.0.0.1:80'],
  ['traefik/http/services/web/loadbalancer/servers/1/url', 'http://10.0.0.2:80'],
]

const costs: [name: string, pair: KeyValue, problem: string][] = [
  [
    'a key that is misspelt',
    ['traefik/http/routers/web/prioritty', '1'],
    'traefik/http/routers/web/prioritty (etcd): unknown key `prioritty` — did you mean `priority`?',
  ],
  [
    'a key where an index belongs',
    ['traefik/http/services/web/loadbalancer/servers/x/url', 'http://10.0.0.3'],
    'traefik/http/services/web/loadbalancer/servers/x (etcd): `x` is no index of the list `loadBalancer.servers` — write a number, 0 for the first',
  ],
  [
    'a kind of resource that is misspelt',
    ['traefik/http/router/web/rule', 'Path(`/x`)'],
    'traefik/http/router (etcd): unknown key `router` in `http` — did you mean `routers`?',
  ],
]
for (const [name, pair, problem] of costs) {
  test(`${name} costs only itself`, () => {
    const config = resolved([...WEB, pair])
    const said = config.problems.map((one) => `${describeOrigin(one.origin)}: ${one.message} — ${one.remedy}`)
    assert.deepEqual(said, [problem])
    assert.ok(config.routers.has('web@etcd'))
    const service = config.services.get('web@etcd')
    assert.equal(service?.kind === 'loadBalancer' && service.endpoints.length, 2)
  })
}

test('a wrong value never costs a live route', () => {
  const before = resolved(WEB)
  assert.ok(before.routers.has('web@etcd'))
  const after = resolved([...WEB, ['traefik/http/routers/web/priority', 'high']], before)
  assert.equal(after.routers.get('web@etcd')?.rule, before.routers.get('web@etcd')?.rule)
  const [wrong] = after.problems
  assert.equal(wrong && describeOrigin(wrong.origin), 'traefik/http/routers/web/priority (etcd)')
  assert.match(wrong?.message ?? '', /expected a whole number/)
})
