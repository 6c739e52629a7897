import type { EndpointStatus } from '../balancing/life-cycle.ts'
import type { Problem } from '../config/problem.ts'
import { resourceName } from '../discovery/resource.ts'
import type { RoutingConfig } from '../discovery/routing-config.ts'

/** Services of which no endpoint is ready: their routers stay, and so somebody should be told. */
export function readinessProblems(
  services: RoutingConfig['services'],
  endpoints: readonly EndpointStatus[],
): Problem[] {
  const byService = Map.groupBy(endpoints, ({ service }) => service)
  return [...services].flatMap(([name, service]) => {
    if (service.kind !== 'loadBalancer') return []
    const known = (byService.get(name) ?? []).filter(({ state }) => state !== 'gone')
    const ready = known.some(({ state, weight }) => weight > 0 && (state === 'ready' || state === 'warming'))
    if (ready) return []
    const resource = resourceName('services', name)
    const problem: Problem = {
      code: 'E504',
      severity: 'error',
      origin: service.origin,
      resource,
      message: messageOf(resource, known),
      remedy: remedyOf(known),
    }
    return [problem]
  })
}

function messageOf(resource: string, known: readonly EndpointStatus[]): string {
  if (known.length === 0) return `${resource} has no endpoint, and so its requests are answered 503`
  const tried = known.some(({ state, weight }) => state !== 'draining' && weight > 0)
  const then = tried ? 'all that do not drain are tried' : 'its requests are answered 503'
  return `no endpoint of ${resource} is ready (${statesText(known)}), and so ${then}`
}

/** `2 ejected: answered 500; 1 unhealthy: probe answered 503`. */
export function statesText(known: readonly EndpointStatus[]): string {
  const groups = Map.groupBy(known, ({ state, reason, weight }) =>
    weight === 0 ? 'with the weight 0' : `${state}: ${reason}`,
  )
  const texts = [...groups]
    .toSorted(([a, { length: one }], [b, { length: other }]) => other - one || (a < b ? -1 : 1))
    .map(([text, { length }]) => `${length} ${text}`)
  return texts.length > 3 ? `${texts.slice(0, 3).join('; ')}; and others` : texts.join('; ')
}

function remedyOf(known: readonly EndpointStatus[]): string {
  if (known.length === 0)
    return 'start an instance, or see under the other problems why those that run are left out'
  return 'see what its endpoints answer, and whether the check asks for the right thing; `tidegate endpoints` lists them'
}
