import type { Draft } from './draft.ts'
import type { OldSection } from './old-section.ts'
import type { Drafts } from './v1.ts'
import { putSource } from './v1-middlewares.ts'

/** `[backends]` of Traefik 1. Gives by name the middlewares that routers of today need in their place. */
export function backends(root: OldSection, drafts: Drafts): Map<string, readonly string[]> {
  return new Map(
    (root.section('backends')?.sections ?? []).map(([name, one]) => [name, backend(name, one, drafts)]),
  )
}

function backend(name: string, old: OldSection, drafts: Drafts): string[] {
  const path = ['http', 'services', name, 'loadBalancer']
  const { routes } = drafts
  routes.say([...path, 'servers'], [], old.origin)
  for (const [, server] of old.section('servers')?.sections ?? []) {
    const url = server.take('url')
    const weight = server.take('weight')
    if (url)
      routes.push([...path, 'servers'], {
        kind: 'section',
        entries: new Map([['url', url], ...(weight ? [['weight', weight] as const] : [])]),
        origin: server.origin,
      })
  }
  balancing(old, path, drafts)
  const check = old.section('healthCheck')
  check?.carry(
    routes,
    [...path, 'healthCheck'],
    ['path', 'interval', 'timeout', 'port', 'scheme', 'hostname', 'headers'],
  )
  old.section('responseForwarding')?.carry(routes, [...path, 'responseForwarding'], ['flushInterval'])
  return backendMiddlewares(name, old, routes)
}

function balancing(old: OldSection, path: readonly string[], drafts: Drafts): void {
  const balancer = old.section('loadBalancer')
  if (!balancer) return
  const method = balancer.text('method')?.toLowerCase()
  if (method !== undefined && method !== 'wrr')
    drafts.say(
      balancer.origin,
      `the method \`${method}\` of \`${old.path}\` is no more`,
      'for shares that follow the load, choose the strategy `p2c` or `leastconn`',
    )
  const stickiness = balancer.section('stickiness')
  if (!stickiness && !balancer.isTrue('sticky')) return
  drafts.routes.say([...path, 'sticky', 'cookie'], {}, balancer.origin)
  stickiness?.carry(
    drafts.routes,
    [...path, 'sticky', 'cookie'],
    [['cookieName', 'name'], 'secure', 'httpOnly', 'sameSite'],
  )
}

function backendMiddlewares(name: string, old: OldSection, routes: Draft): string[] {
  const made: string[] = []
  const at = (kind: string): string[] => ['http', 'middlewares', `${name}-${kind.toLowerCase()}`, kind]
  const buffering = old.section('buffering')
  if (buffering) {
    routes.say(at('buffering'), {}, buffering.origin)
    buffering.carry(routes, at('buffering'), [
      'maxRequestBodyBytes',
      'memRequestBodyBytes',
      'maxResponseBodyBytes',
      'memResponseBodyBytes',
      'retryExpression',
    ])
    made.push(`${name}-buffering`)
  }
  const most = old.section('maxConn')
  if (most) {
    most.carry(routes, at('inFlightReq'), ['amount'])
    putSource(most.text('extractorFunc') ?? 'request.host', at('inFlightReq'), most, routes)
    made.push(`${name}-inflightreq`)
  }
  const breaker = old.section('circuitBreaker')
  if (breaker) {
    breaker.carry(routes, at('circuitBreaker'), ['expression'])
    made.push(`${name}-circuitbreaker`)
  }
  return made
}
