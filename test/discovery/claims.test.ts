import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isConfined } from '../../src/discovery/claims.ts'
import type { TagSourceOptions } from '../../src/discovery/options.ts'
import { resolveRouting } from '../../src/discovery/resolve.ts'
import type { Fragment } from '../../src/discovery/routing-config.ts'
import type { Rule } from '../../src/routing/rule-tree.ts'
import { consulSource, context, entryPoint, fileSource, fragment, part, web } from './given-sources.ts'

const match = (name: string, value: string): Rule => ({ op: 'match', name, args: [value] })
const host = (value: string): Rule => match('Host', value)
const and = (left: Rule, right: Rule): Rule => ({ op: 'and', left, right })
const or = (left: Rule, right: Rule): Rule => ({ op: 'or', left, right })
const not = (rule: Rule): Rule => ({ op: 'not', rule })
const A = host('a.example.com')
const EVIL = host('evil.test')
const PATH = match('PathPrefix', '/')

const rules: readonly (readonly [string, Rule, readonly string[], boolean])[] = [
  ['nothing is bounded', EVIL, [], true],
  ['everything is allowed', match('PathPrefix', '/'), ['*'], true],
  ['an allowed host', A, ['a.example.com'], true],
  ['letters and the last dot do not matter', host('A.Example.com.'), ['a.EXAMPLE.com'], true],
  ['another host', EVIL, ['a.example.com'], false],
  ['a host below the wildcard', A, ['*.example.com'], true],
  ['two below the wildcard', host('x.a.example.com'), ['*.example.com'], false],
  ['the apex of the wildcard', host('example.com'), ['*.example.com'], false],
  ['a host that only ends alike', host('evilexample.com'), ['*.example.com'], false],
  ['the wildcard itself', host('*.example.com'), ['*.example.com'], true],
  ['a wildcard under a single host', host('*.example.com'), ['a.example.com'], false],
  ['a deeper wildcard', host('*.a.example.com'), ['*.example.com'], false],
  ['any host', host('*'), ['*.example.com', 'a.example.com'], false],
  ['a path alone', PATH, ['a.example.com'], false],
  [
    'a regular expression, whatever it says',
    match('HostRegexp', '^a\\.example\\.com$'),
    ['a.example.com'],
    false,
  ],
  ['a host and a path', and(A, PATH), ['a.example.com'], true],
  ['a path and a host', and(PATH, A), ['a.example.com'], true],
  ['a host and a regular expression', and(A, match('HostRegexp', '.*')), ['a.example.com'], true],
  ['a host or a path', or(A, PATH), ['a.example.com'], false],
  ['a host or another', or(A, EVIL), ['a.example.com'], false],
  ['two allowed hosts', or(A, host('b.example.com')), ['*.example.com'], true],
  ['a host or another, and the host', and(or(A, EVIL), A), ['a.example.com'], true],
  ['not the host', not(A), ['a.example.com'], false],
  ['not another host', not(EVIL), ['a.example.com'], false],
  ['not not the host', not(not(A)), ['a.example.com'], true],
  ['not (not the host or a path)', not(or(not(A), PATH)), ['a.example.com'], true],
  ['not (not the host and a path)', not(and(not(A), PATH)), ['a.example.com'], false],
]
for (const [name, rule, allowed, expected] of rules) {
  test(`hosts that may be claimed: ${name}: ${expected ? 'yes' : 'no'}`, () =>
    assert.equal(isConfined(rule, allowed), expected))
}

const GIVEN = context(entryPoint('web'), entryPoint('alt'), entryPoint('admin', { internal: true }))
const middleware = (definition: object): Fragment => fragment('a-1', { middlewares: { m: definition } })
const FILE = fileSource(
  part({ middlewares: { auth: { addPrefix: { prefix: '/' } }, open: { addPrefix: { prefix: '/' } } } }),
)

const claims: readonly (readonly [string, Partial<TagSourceOptions>, Fragment, readonly string[]])[] = [
  ['an allowed host', { allowedHosts: ['web.example.com'] }, web('web-1'), []],
  ['a host of somebody else', { allowedHosts: ['*.internal'] }, web('web-1'), ['E212', 'E214']],
  ['an allowed entry point', { allowedEntryPoints: ['web'] }, web('web-1', { entryPoints: 'web' }), []],
  [
    'another entry point',
    { allowedEntryPoints: ['web'] },
    web('web-1', { entryPoints: 'web,admin' }),
    ['E212', 'E214'],
  ],
  [
    'default entry points, when none is allowed',
    { allowedEntryPoints: ['admin'] },
    web('web-1'),
    ['E212', 'E214'],
  ],
  [
    'a kind of middleware that is allowed',
    { allowedMiddlewares: ['addprefix'] },
    middleware({ addPrefix: { prefix: '/x' } }),
    [],
  ],
  [
    'a kind that is not',
    { allowedMiddlewares: ['stripPrefix'] },
    middleware({ addPrefix: { prefix: '/x' } }),
    ['E212', 'E214'],
  ],
  [
    'any kind, when only names are allowed',
    { allowedMiddlewares: ['auth@file'] },
    middleware({ addPrefix: { prefix: '/x' } }),
    ['E212', 'E214'],
  ],
  [
    'a name that is allowed',
    { allowedMiddlewares: ['auth@file'] },
    web('web-1', { middlewares: 'auth@file' }),
    [],
  ],
  [
    'a name that is not',
    { allowedMiddlewares: ['auth@file'] },
    web('web-1', { middlewares: 'open@file' }),
    ['E212', 'E214'],
  ],
  [
    'a name that is not, through a chain',
    { allowedMiddlewares: ['chain', 'auth@file'] },
    middleware({ chain: { middlewares: 'auth@file,open@file' } }),
    ['E212', 'E214'],
  ],
]
for (const [name, options, given, expected] of claims) {
  test(`claims of instances: ${name}: ${expected.length === 0 ? 'served' : 'refused'}`, () => {
    const { problems } = resolveRouting([consulSource([given], options), FILE], GIVEN)
    assert.deepEqual(
      problems.map(({ code }) => code),
      expected,
    )
  })
}

test('instances that name no entry point get the default ones that they may use', () => {
  const { routers } = resolveRouting(
    [consulSource([web('web-1')], { allowedEntryPoints: ['alt', 'admin'] })],
    GIVEN,
  )
  assert.deepEqual(routers.get('web@consulcatalog')?.entryPoints, ['alt'])
})

test('many instances with a forbidden claim do not push out the one that keeps to its hosts', () => {
  const greedy = { rule: 'Host(`bank.example.com`)' }
  const { routers, problems } = resolveRouting(
    [
      consulSource([web('web-1', greedy), web('web-2', greedy), web('web-3')], {
        allowedHosts: ['web.example.com'],
      }),
    ],
    GIVEN,
  )
  assert.equal(routers.get('web@consulcatalog')?.ruleText, 'Host(`web.example.com`)')
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['E209', 'E212'],
  )
})

test('routing that the operator wrote is not bounded', () => {
  const source = {
    ...consulSource([], {
      allowedHosts: ['a.test'],
      allowedEntryPoints: ['web'],
      allowedMiddlewares: ['chain'],
    }),
    routing: [
      part({
        routers: {
          r: {
            rule: 'PathPrefix(`/`)',
            service: 'noop@internal',
            entryPoints: ['admin'],
            middlewares: ['m'],
          },
        },
        middlewares: { m: { addPrefix: { prefix: '/x' } } },
      }),
    ],
  }
  assert.deepEqual(resolveRouting([source], GIVEN).problems, [])
})
