import { isDeepStrictEqual } from 'node:util'
import { DEFAULT_RETRY } from '../balancing/retry-default.ts'
import type { ResolvedMiddleware, ResolvedRouter, RoutingConfig } from '../discovery/routing-config.ts'
import type { LoadBalancerConfig } from '../config/routing.ts'
import type { EndpointPlan, MiddlewarePlan, Plan, RouterPlan, ServicePlan, TlsPlan } from './plan.ts'
import { stickyCookiePlan } from './sticky-plan.ts'

/** By full name of the service, then by the endpoint's key: where it is and whether it takes requests now. */
export type LiveEndpoints = ReadonlyMap<string, ReadonlyMap<string, EndpointPlan>>

const NO_ENDPOINTS: ReadonlyMap<string, EndpointPlan> = new Map()

/**
 * The plan that serves `routing`: every router, and only those middlewares and services that a router uses. The
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
    for (const used of router.middlewares) {
      const middleware = routing.middlewares.get(used)
      if (middleware) middlewares.set(used, middlewarePlan(middleware))
    }
    const service = routing.services.get(router.service)
    if (service && !services.has(router.service)) {
      const live = liveEndpoints.get(router.service) ?? NO_ENDPOINTS
      services.set(
        router.service,
        servicePlan(settingsOf(service.config, router.service), live, previous?.services.get(router.service)),
      )
    }
  }
  for (const [name, before] of previous?.services ?? []) {
    const live = services.has(name) ? undefined : liveEndpoints.get(name)
    const config = routing.services.get(name)?.config
    if (live && live.size > 0)
      services.set(name, servicePlan(config ? settingsOf(config, name) : lastSettings(before), live, before))
  }
  return { version, routers, middlewares, services, ...(tls ? { tls } : {}) }
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
  const made = makeSettings(config, service)
  // The cookie's name holds the service's, and configurations that say nothing may be one object.
  if (!made.sticky) settings.set(config, made)
  return made
}

/** What is as by default is left out: most services say nothing of it. */
function makeSettings(config: LoadBalancerConfig, service: string): ServiceSettings {
  const { strategy, passHostHeader, maxConnections, maxQueue, queueTimeout, slowStart } = config
  const { attempts, perTryTimeout, maxRequestBodyBytes: maxReplayBytes } = config.retry
  const retry = { attempts, perTryTimeout, maxReplayBytes }
  const sticky = stickyCookiePlan(config.sticky, service)
  return {
    strategy,
    passHostHeader,
    ...(maxConnections === 0 ? {} : { limits: { maxConnections, maxQueue, queueTimeout } }),
    ...(slowStart === 0 ? {} : { slowStart }),
    ...(sticky && { sticky }),
    ...(config.zonePreference ? {} : { zonePreference: false as const }),
    ...(isDeepStrictEqual(retry, DEFAULT_RETRY) ? {} : { retry }),
  }
}

/** What each plan was made of, so that most are compared by identity. */
const settingsOfPlans = new WeakMap<ServicePlan, ServiceSettings>()

function servicePlan(
  made: ServiceSettings,
  endpoints: ReadonlyMap<string, EndpointPlan>,
  previous: ServicePlan | undefined,
): ServicePlan {
  if (previous?.endpoints === endpoints && sameSettings(settingsOfPlans.get(previous), made)) return previous
  const plan = { ...made, endpoints }
  settingsOfPlans.set(plan, made)
  return plan
}

function sameSettings(one: ServiceSettings | undefined, other: ServiceSettings): boolean {
  return one === other || isDeepStrictEqual(one, other)
}

/** Of a service that is no longer configured, and drains. */
function lastSettings(plan: ServicePlan): ServiceSettings {
  const { endpoints: _, ...rest } = plan
  return settingsOfPlans.get(plan) ?? rest
}
