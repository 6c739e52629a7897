import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MiddlewareDefinition } from '../../src/middleware.ts'
import { discover } from '../../src/discover.ts'
import type { TagSourceOptions } from '../../src/discovery/options.ts'
import { resolveRouting } from '../../src/discovery/resolve.ts'
import type { RoutingConfig } from '../../src/discovery/routing-config.ts'
import { SourceBuilder } from '../../src/discovery/source-builder.ts'
import type { RoutingContext } from '../../src/discovery/source.ts'
import { allMatchers } from '../../src/routing/matcher-catalogue.ts'
import { context, entryPoint, fileSource, instance, part, TAG_OPTIONS } from './given-sources.ts'

/*
 * What somebody who may register a service could try, to get requests that are not his. Real matchers and middlewares,
 * and the whole way from tags to routers.
 */

const CONTEXT: RoutingContext = {
  ...context(),
  entryPoints: [
    entryPoint('web', { asDefault: true }),
    entryPoint('other'),
    entryPoint('admin', { internal: true }),
  ],
  matchers: await allMatchers(),
  middlewares: await discover<MiddlewareDefinition>(new URL('../../src/middlewares/', import.meta.url)),
}
const FILE = fileSource(
  part({
    middlewares: {
      auth: { addPrefix: { prefix: '/a' } },
      open: { addPrefix: { prefix: '/o' } },
      secure: { chain: { middlewares: ['open'] } },
    },
  }),
)

function routed(tags: readonly string[], options: Partial<TagSourceOptions>): RoutingConfig {
  const provider = { name: 'nomad', constraints: 'tag', options: { ...TAG_OPTIONS, ...options } } as const
  const builder = new SourceBuilder([provider])
  const given = instance('evil-1', { name: 'evil', tags })
  const picture = { name: 'nomad', parts: new Map([['', { instances: [given] }]]) }
  return resolveRouting([builder.source(picture), FILE], CONTEXT)
}

function ownRouters({ routers }: RoutingConfig): string[] {
  return [...routers.keys()].filter((name) => name.endsWith('@nomad'))
}

const HOSTS = { allowedHosts: ['mine.example.com', '*.mine.example.com'] }
const rule = (text: string): string[] => [`tidegate.http.routers.r.rule=${text}`]

const refusedHosts: readonly (readonly [string, readonly string[], Partial<TagSourceOptions>?])[] = [
  ['another host', rule('Host(`bank.example.com`)')],
  ['another host beside the own one', rule('Host(`mine.example.com`) || Host(`bank.example.com`)')],
  ['several hosts in one call', rule('Host(`mine.example.com`, `bank.example.com`)')],
  ['any host', rule('Host(`*`)')],
  ['a wider wildcard', rule('Host(`*.example.com`)')],
  ['a deeper wildcard', rule('Host(`*.a.mine.example.com`)')],
  ['an expression for the host', rule('HostRegexp(`^bank\\.example\\.com$`)')],
  ['an expression that looks like the own host', rule('HostRegexp(`^mine.example.com$`)')],
  ['an expression beside the own host', rule('Host(`mine.example.com`) || HostRegexp(`.+`)')],
  ['the field by its name', rule('Header(`Host`, `bank.example.com`)')],
  ['a path of everybody', rule('PathPrefix(`/`)')],
  ['the own host or a path', rule('Host(`mine.example.com`) || PathPrefix(`/login`)')],
  ['parentheses', rule('((Host(`mine.example.com`)) || (Method(`GET`) && PathPrefix(`/`)))')],
  ['all but the own host', rule('!Host(`mine.example.com`)')],
  ['all but some other', rule('!Host(`x.example.com`) && PathPrefix(`/`)')],
  ['not (not the own and not a path)', rule('!(!Host(`mine.example.com`) && !PathPrefix(`/`))')],
  ['a host that only begins alike', rule('Host(`mine.example.com.evil.test`)')],
  ['a host that only ends alike', rule('Host(`notmine.example.com`)')],
  ['a port', rule('Host(`mine.example.com:80`) || Host(`bank.example.com:80`)')],
  ['letters of another alphabet', rule('Host(`mіne.example.com`)')],
  ['a rule of version 1', rule('Host:bank.example.com')],
  ['a placeholder of version 2', rule('HostRegexp(`{any:.+}`)')],
  ['another prefix', ['traefik.http.routers.r.rule=Host(`bank.example.com`)']],
  ['letters’ case in keys', ['TIDEGATE.HTTP.Routers.r.RULE=Host(`bank.example.com`)']],
  ['the domain of the default rule', ['tidegate.domain=bank.test'], { domain: 'mine.example.com' }],
  ['the application’s name in it', ['tidegate.app=a.b'], { domain: 'example.com' }],
  ['the default rule without a domain', []],
  [
    'a template that shows what an instance says',
    ['host=bank.example.com'],
    { defaultRule: 'Host(`{{ index .Labels "host" }}`)' },
  ],
  [
    'a value that would end the literal',
    ['host=mine.example.com`) || PathPrefix(`/'],
    { defaultRule: 'Host(`{{ index .Labels "host" }}`)' },
  ],
]
for (const [name, tags, more = {}] of refusedHosts) {
  test(`allowedHosts: ${name}: refused, and said`, () => {
    const routing = routed(tags, { ...HOSTS, ...more })
    assert.deepEqual(ownRouters(routing), [])
    assert.notEqual(routing.problems.length, 0)
  })
}

const takenHosts: readonly (readonly [string, readonly string[], Partial<TagSourceOptions>?])[] = [
  ['the own host', rule('Host(`mine.example.com`)')],
  ['in other letters, with the last dot', rule('Host(`MINE.Example.COM.`)')],
  ['one below it', rule('Host(`a.mine.example.com`)')],
  ['the wildcard itself', rule('Host(`*.mine.example.com`)')],
  ['with a path', rule('PathPrefix(`/x`) && Host(`mine.example.com`)')],
  ['with an expression that narrows it', rule('Host(`mine.example.com`) && HostRegexp(`.*`)')],
  ['the default rule', [], { domain: 'mine.example.com' }],
]
for (const [name, tags, more = {}] of takenHosts) {
  test(`allowedHosts: ${name}: served`, () =>
    assert.equal(ownRouters(routed(tags, { ...HOSTS, ...more })).length, 1))
}

const points = (value: string): string[] => [`tidegate.http.routers.evil.entryPoints=${value}`]
const entryPoints: readonly (readonly [string, readonly string[], boolean])[] = [
  ['another one', points('other'), false],
  ['the internal one', points('admin'), false],
  ['another beside the allowed one', points('web,other'), false],
  ['another by index', ['tidegate.http.routers.evil.entryPoints[0]=admin'], false],
  ['in other letters', points('ADMIN'), false],
  ['the allowed one', points('web'), true],
  ['none: the default ones', [], true],
]
for (const [name, tags, served] of entryPoints) {
  test(`allowedEntryPoints: ${name}: ${served ? 'served' : 'refused'} there`, () => {
    const { routers } = routed(tags, { allowedEntryPoints: ['web'] })
    const used = [...routers.values()].flatMap((router) => router.entryPoints)
    assert.deepEqual(used, served ? ['web'] : [])
  })
}

const uses = (...names: readonly string[]): string => `tidegate.http.routers.evil.middlewares=${names.join()}`
const defines = (name: string, text: string): string => `tidegate.http.middlewares.${name}.${text}`
const ALLOWED = { allowedMiddlewares: ['auth@file', 'secure@file', 'chain', 'stripPrefix'] }
const middlewares: readonly (readonly [string, readonly string[], boolean])[] = [
  ['a name that is allowed', [uses('auth@file')], true],
  ['a chain of the operator that is allowed, whatever is in it', [uses('secure@file')], true],
  ['a kind that is allowed', [defines('s', 'stripprefix.prefixes=/x'), uses('s')], true],
  ['another name', [uses('open@file')], false],
  ['another name in other letters', [uses('OPEN@FILE')], false],
  ['another kind', [defines('p', 'addprefix.prefix=/x'), uses('p')], false],
  ['another kind in other letters', [defines('p', 'AddPREFIX.Prefix=/x'), uses('p')], false],
  [
    'another kind that is named like an allowed one',
    [defines('stripPrefix', 'addprefix.prefix=/x'), uses('stripPrefix')],
    false,
  ],
  ['another name through a chain', [defines('c', 'chain.middlewares=open@file'), uses('c')], false],
  [
    'another name through chains of chains',
    [defines('c', 'chain.middlewares=d'), defines('d', 'chain.middlewares=open@file'), uses('c')],
    false,
  ],
  [
    'another kind through a chain',
    [defines('c', 'chain.middlewares=p'), defines('p', 'addprefix.prefix=/x'), uses('c')],
    false,
  ],
  [
    'two kinds in one',
    [defines('m', 'stripprefix.prefixes=/x'), defines('m', 'addprefix.prefix=/y'), uses('m')],
    false,
  ],
  ['its own provider spelt out', [defines('p', 'addprefix.prefix=/x'), uses('p@nomad')], false],
  ['two providers in one name', [uses('open@file@nomad')], false],
]
for (const [name, tags, served] of middlewares) {
  test(`allowedMiddlewares: ${name}: ${served ? 'served' : 'refused, with its router'}`, () => {
    const routing = routed(tags, ALLOWED)
    assert.equal(ownRouters(routing).length, served ? 1 : 0)
    assert.equal(routing.problems.length > 0, !served)
  })
}
