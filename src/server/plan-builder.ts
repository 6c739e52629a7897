import type { ResolvedMiddleware, ResolvedRouter, RoutingConfig } from '../discovery/routing-config.ts'
import type { LoadBalancerConfig } from '../config/routing.ts'
import type {
  EndpointPlan,
  MiddlewarePlan,
  Plan,
  RouterPlan,
  ServiceLimits,
  ServicePlan,
  TlsPlan,
} from './plan.ts'
import { stickyCookiePlan } from './sticky-plan.ts'

/** By full name of the service, then by the endpoint's key: where it is and whether it takes requests now. */
export type LiveEndpoints = ReadonlyMap<string, ReadonlyMap<string, EndpointPlan>>

const NO_NAMES: readonly string[] = []
const NO_ENDPOINTS: ReadonlyMap<string, EndpointPlan> = new Map()

/**
 * The plan that serves `routing`: every router, and only those middlewares and services that a router uses,
 * services that its middlewares ask included. The
 * services that the program answers itself (`ping@internal`) are not in it. A service that was in `previous` stays
 * while it has live endpoints, whether a router still uses it or not: requests are on their way through it, and it
 * is how workers tell that its endpoints have drained. What has not changed since `previous` is the same object, so
 * that the difference of the two plans is found by identity. `tls` is what TLS connections are opened with.
 */
export function buildPlan(
  routing: RoutingConfig,
  liveEndpoints: LiveEndpoints,
  version: number,
  previous?: Plan,
  precedence: readonly string[] = [],
  tls?: TlsPlan,
): Plan {
  const routers = new Map<string, RouterPlan>()
  const middlewares = new Map<string, MiddlewarePlan>()
  const services = new Map<string, ServicePlan>()
  for (const [name, router] of routing.routers) {
    routers.set(name, routerPlan(router, rankOf(name, precedence)))
    addService(router.service)
    for (const used of router.middlewares) {
      const middleware = routing.middlewares.get(used)
      if (!middleware) continue
      middlewares.set(used, middlewarePlan(middleware))
      for (const asked of middleware.services ?? NO_NAMES) addService(asked)
    }
  }
  for (const [name, before] of previous?.services ?? []) {
    const live = services.has(name) ? undefined : liveEndpoints.get(name)
    const config = routing.services.get(name)?.config
    if (live && live.size > 0)
      services.set(name, servicePlan(config ? settingsOf(config, name) : before, live, before))
  }
  return { version, routers, middlewares, services, ...(tls ? { tls } : {}) }

  function addService(name: string): void {
    const service = routing.services.get(name)
    if (!service || services.has(name)) return
    const live = liveEndpoints.get(name) ?? NO_ENDPOINTS
    const before = previous?.services.get(name)
    services.set(name, servicePlan(settingsOf(service.config, name), live, before))
  }
}

/** Providers that are not named come last, all alike. */
function rankOf(name: string, precedence: readonly string[]): number {
  const place = precedence.indexOf(name.slice(name.indexOf('@') + 1))
  return place < 0 ? precedence.length : place
}

const routerPlans = new WeakMap<ResolvedRouter, RouterPlan>()

function routerPlan(router: ResolvedRouter, rank: number): RouterPlan {
  const known = routerPlans.get(router)
  if (known) return known
  const { entryPoints, rule, priority, middlewares, service, config } = router
  const tls = config.tls === undefined ? {} : { tls: true }
  const plan = { entryPoints, rule, priority, rank, middlewares, service, ...tls }
  routerPlans.set(router, plan)
  return plan
}

const middlewarePlans = new WeakMap<ResolvedMiddleware, MiddlewarePlan>()

function middlewarePlan(middleware: ResolvedMiddleware): MiddlewarePlan {
  const known = middlewarePlans.get(middleware)
  if (known) return known
  const { type, options } = middleware
  const plan = { type, options }
  middlewarePlans.set(middleware, plan)
  return plan
}

type ServiceSettings = Omit<ServicePlan, 'endpoints'>

const settings = new WeakMap<LoadBalancerConfig, ServiceSettings>()

function settingsOf(config: LoadBalancerConfig, service: string): ServiceSettings {
  const known = settings.get(config)
  if (known) return known
  const { strategy, passHostHeader, maxConnections, maxQueue, queueTimeout } = config
  const sticky = stickyCookiePlan(config.sticky, service)
  const made = {
    strategy,
    passHostHeader,
    ...(maxConnections === 0 ? {} : { limits: { maxConnections, maxQueue, queueTimeout } }),
    ...(sticky && { sticky }),
    ...(config.zonePreference ? {} : { zonePreference: false as const }),
  }
  // The cookie's name holds the service's, and configurations that say nothing may be one object.
  if (!sticky) settings.set(config, made)
  return made
}

function servicePlan(
  { strategy, passHostHeader, limits, sticky, zonePreference }: ServiceSettings,
  endpoints: ReadonlyMap<string, EndpointPlan>,
  previous: ServicePlan | undefined,
): ServicePlan {
  const same =
    previous?.endpoints === endpoints &&
    previous.strategy === strategy &&
    previous.passHostHeader === passHostHeader &&
    previous.zonePreference === zonePreference &&
    sameLimits(previous.limits, limits) &&
    previous.sticky?.name === sticky?.name &&
    previous.sticky?.attributes === sticky?.attributes
  if (same) return previous
  return {
    strategy,
    passHostHeader,
    endpoints,
    ...(limits && { limits }),
    ...(sticky && { sticky }),
    ...(zonePreference === false && { zonePreference }),
  }
}

function sameLimits(one: ServiceLimits | undefined, other: ServiceLimits | undefined): boolean {
  return (
    one?.maxConnections === other?.maxConnections &&
    one?.maxQueue === other?.maxQueue &&
    one?.queueTimeout === other?.queueTimeout
  )
}
