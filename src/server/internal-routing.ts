import { fromPlain } from '../config/source-tree.ts'
import type { SourceNode } from '../config/source-tree.ts'
import type { StaticConfig } from '../config/static.ts'

/** The provider of what the static configuration itself asks for. */
export const INTERNAL = 'internal'

const ORIGIN = { source: 'static configuration' }

/** The routers and middlewares that follow from the static configuration: the ping page, metrics and redirections. */
export function internalRouting(config: StaticConfig): SourceNode {
  const routers: Record<string, unknown> = {}
  const middlewares: Record<string, unknown> = {}
  const { ping } = config
  const { prometheus } = config.metrics ?? {}
  if (ping && !ping.manualRouting) {
    routers['ping'] = {
      entryPoints: [ping.entryPoint],
      rule: 'Path(`/ping`) && (Method(`GET`) || Method(`HEAD`))',
      service: 'ping@internal',
      priority: Number.MAX_SAFE_INTEGER,
    }
  }
  if (prometheus && !prometheus.manualRouting) {
    routers['prometheus'] = {
      entryPoints: [prometheus.entryPoint],
      rule: 'Path(`/metrics`) && (Method(`GET`) || Method(`HEAD`))',
      service: 'prometheus@internal',
      priority: Number.MAX_SAFE_INTEGER,
    }
  }
  for (const [name, { http }] of config.entryPoints) {
    const redirection = http.redirections?.entryPoint
    if (!redirection) continue
    const { to, scheme, permanent, priority } = redirection
    const middleware = `redirect-${name}`
    middlewares[middleware] = { redirectScheme: { scheme, permanent, port: portOf(to, config) } }
    routers[`${name}-to-${to.replace(/[^A-Za-z0-9]/g, '')}`] = {
      entryPoints: [name],
      rule: 'HostRegexp(`^.+$`)',
      service: 'noop@internal',
      middlewares: [middleware],
      priority,
    }
  }
  return fromPlain({ http: { routers, middlewares } }, ORIGIN)
}

/** `:443`, or the port of the entry point of this name. */
function portOf(to: string, { entryPoints }: StaticConfig): string {
  return to.startsWith(':') ? to.slice(1) : String(entryPoints.get(to)?.listen.port ?? '')
}
