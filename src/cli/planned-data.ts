import { fields } from '../config/fields.ts'
import { loadBalancerOptions, routerOptions } from '../config/routing.ts'
import { shown } from '../config/shown.ts'
import type { ResolvedService, RoutingConfig } from '../discovery/routing-config.ts'
import type { MiddlewareDefinition } from '../middleware.ts'
import type { RawData } from './routing-diff.ts'

const ROUTER = fields.section('', routerOptions(fields))
const LOAD_BALANCER = fields.section('', loadBalancerOptions(fields))

/** Routing that would be served, in the shape of `/api/rawdata`. Secrets are masked. */
export function plannedData(
  { routers, services, middlewares }: RoutingConfig,
  kinds: ReadonlyMap<string, MiddlewareDefinition>,
): RawData {
  const optionsOf = (type: string, options: unknown): unknown => {
    const definition = kinds.get(type)
    return definition ? shown(fields.section('', definition.options(fields)), options) : {}
  }
  return {
    routers: mapped(routers, ({ config, ruleText, entryPoints, middlewares: passed, service, priority }) => ({
      rule: ruleText,
      entryPoints,
      middlewares: passed,
      service,
      priority,
      ...(config.tls ? { tls: shown(ROUTER.shape['tls'], config.tls) } : {}),
    })),
    services: mapped(services, serviceFacts),
    middlewares: mapped(middlewares, ({ type, options }) => ({ [type]: optionsOf(type, options) })),
  }
}

function serviceFacts(service: ResolvedService): Record<string, unknown> {
  if (service.kind !== 'loadBalancer') return { [service.kind]: service.composition }
  const {
    servers: _,
    server: __,
    ...options
  } = shown(LOAD_BALANCER, service.config) as Record<string, unknown>
  const servers = service.endpoints.map(({ scheme, host, port, pathPrefix, weight }) => ({
    url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${pathPrefix}`,
    ...(weight === 1 ? {} : { weight }),
  }))
  return { loadBalancer: { ...options, servers } }
}

function mapped<T>(
  found: ReadonlyMap<string, T>,
  facts: (one: T) => Record<string, unknown>,
): Record<string, Record<string, unknown>> {
  return Object.fromEntries([...found].map(([name, one]) => [name, facts(one)]))
}
