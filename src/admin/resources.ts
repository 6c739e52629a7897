import { fields } from '../config/fields.ts'
import type { Shape, z } from '../config/fields.ts'
import { loadBalancerOptions, routerOptions } from '../config/routing.ts'
import { shown } from '../config/shown.ts'
import { stickyOptions } from '../config/sticky.ts'
import { INTERNAL_SERVICES } from '../discovery/resource.ts'
import type {
  ResolvedComposite,
  ResolvedLoadBalancer,
  ResolvedMiddleware,
  ResolvedRouter,
  ResolvedService,
} from '../discovery/routing-config.ts'
import { childrenOf } from '../server/plan.ts'
import { Standings } from './standing.ts'
import type { Standing } from './standing.ts'
import type { AdminView } from './view.ts'

/** A resource in Traefik's form; its own members come first. */
export interface ResourceInfo extends Standing {
  readonly name: string
  readonly provider: string
  readonly [member: string]: unknown
}

/** Routers, services and middlewares as Traefik's API shows them, those that were left out because of their errors included. */
export interface ResourceInfos {
  readonly routers: readonly ResourceInfo[]
  readonly services: readonly ResourceInfo[]
  readonly middlewares: readonly ResourceInfo[]
}

type Parts = Pick<AdminView, 'routing' | 'problems' | 'endpoints' | 'context'>

export function resourceInfos(view: Parts): ResourceInfos {
  return { routers: routerInfos(view), services: serviceInfos(view), middlewares: middlewareInfos(view) }
}

export function routerInfos({ routing, problems }: Parts): ResourceInfo[] {
  const standings = new Standings(problems)
  const served = [...routing.routers].map(([name, router]) => ({
    ...routerForm(router),
    ...standings.of('routers', router.definedAs ?? name, true),
    using: router.entryPoints,
    ...nameAndProvider(name),
  }))
  const definitions = new Map([...routing.routers].map(([name, { definedAs = name }]) => [definedAs, true]))
  const leftOut = standings.leftOut('routers', definitions)
  return [...served, ...leftOut.map((name) => missing(name, standings.of('routers', name, false)))]
}

export function serviceInfos({ routing, problems, endpoints }: Parts): ResourceInfo[] {
  const standings = new Standings(problems)
  const users = usersOfServices(routing)
  const states = Map.groupBy(endpoints, ({ service }) => service)
  const served = [...routing.services].map(([name, service]) => {
    const known = (states.get(name) ?? []).filter(({ state }) => state !== 'gone')
    const status = known.map(({ url, state }) => [url, isUp(state) ? 'UP' : 'DOWN'] as const)
    return {
      ...serviceForm(service),
      ...standings.of('services', name, true),
      usedBy: users.get(name) ?? [],
      ...(status.length === 0 ? {} : { serverStatus: Object.fromEntries(status) }),
      ...nameAndProvider(name),
      type: service.kind.toLowerCase(),
    }
  })
  const internal = [...INTERNAL_SERVICES.keys()]
    .filter((name) => users.has(name))
    .map((name) => ({ status: 'enabled' as const, usedBy: users.get(name)!, ...nameAndProvider(name) }))
  const leftOut = standings.leftOut('services', routing.services)
  return [
    ...served,
    ...internal,
    ...leftOut.map((name) => missing(name, standings.of('services', name, false))),
  ]
}

export function middlewareInfos({ routing, problems, context }: Parts): ResourceInfo[] {
  const standings = new Standings(problems)
  const users = Map.groupBy(
    [...routing.routers].flatMap(([router, { middlewares }]) =>
      middlewares.map((middleware) => ({ middleware, router })),
    ),
    ({ middleware }) => middleware,
  )
  const served = [...routing.middlewares].map(([name, middleware]) => ({
    [middleware.type]: middlewareOptions(middleware, context),
    ...standings.of('middlewares', name, true),
    usedBy: (users.get(name) ?? []).map(({ router }) => router),
    ...nameAndProvider(name),
    type: middleware.type.toLowerCase(),
  }))
  const leftOut = standings.leftOut('middlewares', routing.middlewares)
  return [...served, ...leftOut.map((name) => missing(name, standings.of('middlewares', name, false)))]
}

/** Its options as they may be shown. */
export function middlewareOptions(
  { type, options }: ResolvedMiddleware,
  { middlewares }: AdminView['context'],
): unknown {
  const definition = middlewares.get(type)
  // Of a plug-in that cannot be loaded nobody can say which of its options are secrets.
  return definition ? shown(schemaOf(definition.options), options) : {}
}

function routerForm({
  config,
  entryPoints,
  middlewares,
  service,
  ruleText,
  priority,
}: ResolvedRouter): object {
  const { tls, ruleSyntax } = shown(ROUTER, config) as { tls?: unknown; ruleSyntax?: unknown }
  return {
    entryPoints,
    ...(middlewares.length === 0 ? {} : { middlewares }),
    service,
    rule: ruleText,
    ...(ruleSyntax === undefined ? {} : { ruleSyntax }),
    priority,
    priorityStr: String(priority),
    ...(tls === undefined ? {} : { tls }),
  }
}

function serviceForm(service: ResolvedService): object {
  return service.kind === 'loadBalancer' ? loadBalancerForm(service) : compositeForm(service)
}

function loadBalancerForm({ config, endpoints }: ResolvedLoadBalancer): object {
  const { server: _, servers: __, ...rest } = shown(LOAD_BALANCER, config) as Record<string, unknown>
  const servers = endpoints.map(({ scheme, host, port, pathPrefix, weight }) => ({
    url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${pathPrefix}`,
    ...(weight === 1 ? {} : { weight }),
    ...(pathPrefix === '' ? {} : { preservePath: true }),
  }))
  return { loadBalancer: { servers, ...rest } }
}

function compositeForm({ kind, composition, sticky }: ResolvedComposite): object {
  const { kind: _, ...form } = composition
  return { [kind]: { ...form, ...(sticky && { sticky: shown(STICKY, sticky) }) } }
}

/** By service: the routers that lead to it, and the services. */
function usersOfServices({ routers, services }: AdminView['routing']): ReadonlyMap<string, string[]> {
  const users = new Map<string, string[]>()
  const add = (service: string, user: string): void => {
    const others = users.get(service)
    if (others) others.push(user)
    else users.set(service, [user])
  }
  for (const [name, { service }] of routers) add(service, name)
  for (const [name, service] of services)
    if (service.kind !== 'loadBalancer') for (const child of childrenOf(service.composition)) add(child, name)
  return users
}

function isUp(state: string): boolean {
  return state === 'ready' || state === 'warming'
}

function missing(name: string, standing: Standing): ResourceInfo {
  return { ...standing, ...nameAndProvider(name) }
}

function nameAndProvider(name: string): { name: string; provider: string } {
  return { name, provider: name.slice(name.lastIndexOf('@') + 1) }
}

const schemas = new WeakMap<object, z.ZodType>()

function schemaOf(options: (field: typeof fields) => Shape): z.ZodType {
  return schemas.getOrInsertComputed(options, () => fields.section('', options(fields)))
}

const ROUTER = fields.section('', routerOptions(fields))
const LOAD_BALANCER = fields.section('', loadBalancerOptions(fields))
const STICKY = fields.section('', stickyOptions(fields))
