import type { ApiConfig } from '../config/api.ts'
import { fromPlain } from '../config/source-tree.ts'
import type { SourceNode } from '../config/source-tree.ts'
import type { StaticConfig } from '../config/static.ts'

/** The provider of what the static configuration itself asks for. */
export const INTERNAL = 'internal'

/** The entry point of what the program itself answers, as Traefik calls it. */
const INTERNAL_ENTRY_POINT = 'traefik'

const ORIGIN = { source: 'static configuration' }

/** The routers and middlewares that follow from the static configuration: the ping page, metrics, the API and redirections. */
export function internalRouting(config: StaticConfig): SourceNode {
  const routers: Record<string, unknown> = {}
  const middlewares: Record<string, unknown> = {}
  const services: Record<string, unknown> = {}
  const { ping, api } = config
  const { prometheus } = config.metrics ?? {}
  if (api?.onEntryPoint) {
    routers['api'] = {
      entryPoints: [INTERNAL_ENTRY_POINT],
      rule: `PathPrefix(\`${api.basePath}/api\`)`,
      service: 'api@internal',
      priority: Number.MAX_SAFE_INTEGER - 1,
    }
    // The API asks by which name it is asked, so that the client's must arrive there.
    services['api'] = {
      loadBalancer: { servers: [{ url: `http://${addressOf(api)}` }], passHostHeader: true },
    }
  }
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
  return fromPlain({ http: { routers, middlewares, services } }, ORIGIN)
}

/** Where the control plane's own listener is reached from the workers. */
function addressOf({ listen: { host, port } }: ApiConfig): string {
  const reachable = host === '' || host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}

/** `:443`, or the port of the entry point of this name. */
function portOf(to: string, { entryPoints }: StaticConfig): string {
  return to.startsWith(':') ? to.slice(1) : String(entryPoints.get(to)?.listen.port ?? '')
}
