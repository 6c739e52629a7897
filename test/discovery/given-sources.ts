import assert from 'node:assert/strict'
import { fromPlain } from '../../src/config/source-tree.ts'
import type { TagSourceOptions } from '../../src/discovery/options.ts'
import type { Instance } from '../../src/discovery/provider.ts'
import type {
  Endpoint,
  Fragment,
  ResolvedLoadBalancer,
  RoutingConfig,
} from '../../src/discovery/routing-config.ts'
import type { RoutedEntryPoint, RoutingContext, RoutingPart, Source } from '../../src/discovery/source.ts'
import { defineMiddleware } from '../../src/middleware.ts'
import type { MiddlewareDefinition } from '../../src/middleware.ts'
import { defineMatcher } from '../../src/routing/matcher.ts'

const addPrefix = defineMiddleware({
  summary: 'Puts a path in front of the path.',
  options: (field) => ({ prefix: field.string('The path.') }),
  check: ({ prefix }) => (prefix.startsWith('/') ? undefined : '`prefix` must start with `/`'),
  create: () => ({}),
})

const basicAuth = defineMiddleware({
  summary: 'Asks for a password.',
  options: (field) => ({
    users: field.list('Names and hashes.', field.secret('One.')).default([]),
    usersFile: field.file('A file of them.').optional(),
  }),
  create: () => ({}),
})

const chain = defineMiddleware({
  summary: 'Stands for others.',
  options: (field) => ({ middlewares: field.list('In order.', field.string('A name.')) }),
  expand: ({ middlewares }) => middlewares,
  create: () => ({}),
})

export const MIDDLEWARES = new Map<string, MiddlewareDefinition>(
  Object.entries({ addPrefix, basicAuth, chain }) as [string, MiddlewareDefinition][],
)

export const MATCHERS = new Map(
  ['Host', 'HostRegexp', 'PathPrefix', 'Method'].map((name) => [
    name,
    defineMatcher({ summary: name, name, parameters: ['value'], create: () => () => true }),
  ]),
)

export function entryPoint(name: string, more: Partial<RoutedEntryPoint> = {}): RoutedEntryPoint {
  return { name, asDefault: false, internal: false, middlewares: [], ...more }
}

export function context(...entryPoints: readonly RoutedEntryPoint[]): RoutingContext {
  return {
    entryPoints: entryPoints.length > 0 ? entryPoints : [entryPoint('web')],
    matchers: MATCHERS,
    middlewares: MIDDLEWARES,
    strategies: new Set(['wrr', 'p2c']),
  }
}

type Section = Readonly<Record<string, unknown>>

/** Sections under `http`, right or wrong. */
export interface HttpSections {
  readonly routers?: Section
  readonly services?: Section
  readonly middlewares?: Section
  readonly [section: string]: unknown
}

/** A routing part of the file provider. */
export function part(http: HttpSections, name = 'routes.yml', more: Section = {}): RoutingPart {
  return { part: name, node: fromPlain({ http, ...more }, { source: name, line: 1 }) }
}

export function fileSource(...routing: readonly RoutingPart[]): Source {
  return { provider: 'file', fragments: [], routing }
}

export function instance(id: string, more: Partial<Instance> = {}): Instance {
  return {
    id,
    name: id.replace(/-\d+$/, ''),
    address: '10.0.0.1',
    ports: [{ port: 80 }],
    tags: [],
    health: 'passing',
    ...more,
  }
}

/** An instance with what its tags say; it serves the services that they define, or `services`. */
export function fragment(
  id: string,
  http: HttpSections,
  more: Partial<Instance> & { readonly services?: readonly string[] } = {},
): Fragment {
  const { services = Object.keys(http.services ?? {}), ...instanceMore } = more
  const host = `10.0.0.${id.split('-').at(-1)}`
  const endpoint: Endpoint = {
    key: `http://${host}:80#${id}`,
    scheme: 'http',
    host,
    port: 80,
    pathPrefix: '',
    weight: 1,
    instance: id,
  }
  return {
    instance: instance(id, instanceMore),
    http: fromPlain(http, { source: 'consulcatalog', instance: id }),
    endpoints: new Map(services.map((name) => [name, endpoint])),
    problems: [],
  }
}

/** An instance of `web` with a router and a service of that name. */
export function web(id: string, router: Section = {}, more: Partial<Instance> = {}): Fragment {
  return fragment(
    id,
    { routers: { web: { rule: 'Host(`web.example.com`)', ...router } }, services: { web: {} } },
    more,
  )
}

export function consulSource(fragments: readonly Fragment[], options?: Partial<TagSourceOptions>): Source {
  return {
    provider: 'consulcatalog',
    fragments,
    routing: [],
    ...(options ? { options: { ...TAG_OPTIONS, ...options } } : {}),
  }
}

export const TAG_OPTIONS: TagSourceOptions = {
  exposedByDefault: true,
  constraints: '',
  prefix: ['tidegate', 'traefik'],
  domain: '',
  environment: '',
  tagPattern: '^v',
  allowedHosts: [],
  allowedEntryPoints: [],
  allowedMiddlewares: [],
  allowedServersTransports: [],
}

/** A service that balances over endpoints; fails when it is not there, or of another kind. */
export function balancedBy(
  { services }: Pick<RoutingConfig, 'services'>,
  name: string,
): ResolvedLoadBalancer {
  const service = services.get(name)
  assert.ok(service?.kind === 'loadBalancer', name)
  return service
}
