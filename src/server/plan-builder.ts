import { isDeepStrictEqual } from 'node:util'
import { DEFAULT_RETRY } from '../balancing/retry-default.ts'
import type { LoadBalancerConfig } from '../config/routing.ts'
import type {
  ResolvedMiddleware,
  ResolvedRouter,
  ResolvedService,
  RoutingConfig,
} from '../discovery/routing-config.ts'
import { childrenOf, DEFAULT_TRANSPORT_NAME } from './plan.ts'
import type {
  Composition,
  EndpointPlan,
  LoadBalancerPlan,
  MiddlewarePlan,
  Plan,
  RouterPlan,
  ServicePlan,
  TlsPlan,
} from './plan.ts'
import { stickyCookiePlan } from './sticky-plan.ts'

/** By full name of the service, then by the endpoint's key: where it is and whether it takes requests now. */
export type LiveEndpoints = ReadonlyMap<string, ReadonlyMap<string, EndpointPlan>>

const NO_NAMES: readonly string[] = []
const NO_ENDPOINTS: ReadonlyMap<string, EndpointPlan> = new Map()
const NO_TRANSPORTS: Plan['transports'] = new Map()

/**
 * The plan that serves `routing`: every router, and only those middlewares and services that a router or
 * one of its middlewares uses, those that a service leads to before it. The services that the program answers itself (`ping@internal`) are not in it. A service that was in `previous` stays
 * while it has live endpoints, whether a router still uses it or not: requests are on their way through it, and it
 * is how workers tell that its endpoints have drained. What has not changed since `previous` is the same object, so
 * that the difference of the two plans is found by identity. `tls` is what TLS connections of clients are opened with, `transports` what endpoints are connected to with.
 */
export function buildPlan(
  routing: RoutingConfig,
  liveEndpoints: LiveEndpoints,
  version: number,
  previous?: Plan,
  precedence: readonly string[] = [],
  tls?: TlsPlan,
  transports: Plan['transports'] = NO_TRANSPORTS,
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
    if (!live || live.size === 0) continue
    const service = routing.services.get(name)
    services.set(name, servicePlan(service ? settingsOf(service, name) : lastSettings(before), live, before))
  }
  const used = transportsOf(services, transports)
  return { version, routers, middlewares, services, transports: used, ...(tls ? { tls } : {}) }

  function addService(name: string): void {
    if (services.has(name)) return
    for (const [behind, service] of servicesBehind(name, routing)) {
      const live = liveEndpoints.get(behind) ?? NO_ENDPOINTS
      services.set(behind, servicePlan(settingsOf(service, behind), live, previous?.services.get(behind)))
    }
  }
}

/** Those that services name, and the default one: keys travel no farther than they have to. */
function transportsOf(services: Plan['services'], transports: Plan['transports']): Plan['transports'] {
  if (transports.size === 0) return transports
  const used = new Set<string>([DEFAULT_TRANSPORT_NAME])
  for (const service of services.values())
    if (service.kind === 'loadBalancer' && service.transport !== undefined) used.add(service.transport)
  return new Map([...transports].filter(([name]) => used.has(name)))
}

/** A service behind those that it leads to. They never lead back: the linking has seen to that. */
function* servicesBehind(
  name: string,
  routing: RoutingConfig,
): Generator<readonly [string, ResolvedService]> {
  const service = routing.services.get(name)
  if (!service) return
  if (service.kind !== 'loadBalancer')
    for (const child of childrenOf(service.composition)) yield* servicesBehind(child, routing)
  yield [name, service]
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

type BalancingSettings = Omit<LoadBalancerPlan, 'endpoints'>
type ServiceSettings = BalancingSettings | Composition

function settingsOf(service: ResolvedService, name: string): ServiceSettings {
  if (service.kind === 'loadBalancer') {
    const balancing = balancingOf(service.config, name)
    return service.transport === undefined ? balancing : { ...balancing, transport: service.transport }
  }
  const { composition } = service
  const sticky = stickyCookiePlan(service.sticky, name)
  return composition.kind === 'weighted' && sticky ? { ...composition, sticky } : composition
}

const settings = new WeakMap<LoadBalancerConfig, BalancingSettings>()

function balancingOf(config: LoadBalancerConfig, service: string): BalancingSettings {
  const known = settings.get(config)
  if (known) return known
  const made = makeSettings(config, service)
  // The cookie's name holds the service's, and configurations that say nothing may be one object.
  if (!made.sticky) settings.set(config, made)
  return made
}

/** What is as by default is left out: most services say nothing of it. */
function makeSettings(config: LoadBalancerConfig, service: string): BalancingSettings {
  const { strategy, passHostHeader, maxConnections, maxQueue, queueTimeout, slowStart } = config
  const { attempts, perTryTimeout, maxRequestBodyBytes: maxReplayBytes } = config.retry
  const retry = { attempts, perTryTimeout, maxReplayBytes }
  const sticky = stickyCookiePlan(config.sticky, service)
  return {
    kind: 'loadBalancer',
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
  const plan: ServicePlan = { ...made, endpoints }
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
