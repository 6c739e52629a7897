import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveRouting } from '../../src/discovery/resolve.ts'
import type { RoutingConfig } from '../../src/discovery/routing-config.ts'
import type { RoutedEntryPoint } from '../../src/discovery/source.ts'
import { context, entryPoint, fileSource, part } from './given-sources.ts'
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

test('split routers never share a name', () => {
  const routing = file(
    {
      routers: { 'y-z': { rule: RULE }, z: { rule: RULE } },
      middlewares: { a: add('/a') },
      services: { s: SERVICE },
    },
    entryPoint('x', { middlewares: ['a@file'] }),
    entryPoint('x-y', { middlewares: ['a@file', 'a@file'] }),
  )
  assert.deepEqual(
    [...routing.routers.keys()],
    ['x-y-z@file', 'x-y-y-z@file', 'x-z@file', 'split-x-y-z@file'],
  )
})
