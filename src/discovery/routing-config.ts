import type { Origin, Problem } from '../config/problem.ts'
import type { LoadBalancerConfig, RouterConfig } from '../config/routing.ts'
import type { ServersTransportConfig } from '../config/servers-transport.ts'
import type { SourceNode } from '../config/source-tree.ts'
import type { StickyConfig } from '../config/sticky.ts'
import type { Rule } from '../routing/rule-tree.ts'
import type { CanaryPlan, Composition } from '../server/plan.ts'
import type { Instance } from './provider.ts'

/** What one instance asks for with its tags, defaults filled in, before it is merged with its fellows. */
export interface Fragment {
  readonly instance: Instance
  /** Sections `routers`, `services` and `middlewares` as the tags and the defaults have them; every value with its origin. */
  readonly http: SourceNode
  /** The instance as an endpoint, per name of the service that it serves. */
  readonly endpoints: ReadonlyMap<string, Endpoint>
  readonly problems: readonly Problem[]
}

/** One server of a service: where requests go. */
export interface Endpoint {
  /** Unique within its service: the address, and the instance where there is one, since a new life is a new endpoint. */
  readonly key: string
  readonly scheme: 'http' | 'https' | 'h2c'
  /** IP address or host name; brackets stripped. */
  readonly host: string
  readonly port: number
  /** Put in front of request paths; empty when there is none. */
  readonly pathPrefix: string
  /** 0 keeps it out. */
  readonly weight: number
  /** The part of the service's requests that it shares with the others of its group. */
  readonly canary?: CanaryPlan
  readonly zone?: string
  /** `id (name)` of the instance that it stands for. */
  readonly instance?: string
  /** It drains: nothing new is sent to it. */
  readonly terminating?: boolean
  /** Its source does not show it, but has not proved that it is gone: it serves while connections to it succeed. */
  readonly unproven?: true
}

/** The merged, validated and linked configuration of all sources, by full name (`name@provider`). */
export interface RoutingConfig {
  readonly routers: ReadonlyMap<string, ResolvedRouter>
  readonly middlewares: ReadonlyMap<string, ResolvedMiddleware>
  readonly services: ReadonlyMap<string, ResolvedService>
  readonly serversTransports: ReadonlyMap<string, ResolvedTransport>
  /** Everything that is not served as written. */
  readonly problems: readonly Problem[]
}

export interface ResolvedRouter {
  readonly config: RouterConfig
  readonly rule: Rule
  /** As written, or as the default rule made it. */
  readonly ruleText: string
  /** Never 0: the length of the rule when nothing else was said. */
  readonly priority: number
  readonly entryPoints: readonly string[]
  /** Full names, those of the entry points first, chains expanded. */
  readonly middlewares: readonly string[]
  /** Full name. */
  readonly service: string
  readonly origin: Origin
  /**
   * Full name of the definition, when its entry points have different middlewares of their own: it is then served
   * as one router for each of those entry points.
   */
  readonly definedAs?: string
}

export interface ResolvedMiddleware {
  /** Name of the definition, such as `addPrefix`. */
  readonly type: string
  readonly options: Readonly<Record<string, unknown>>
  /** Full names of the services that it asks itself; left out when there are none. */
  readonly services?: readonly string[]
  readonly origin: Origin
}

export type ResolvedService = ResolvedLoadBalancer | ResolvedComposite

export interface ResolvedLoadBalancer {
  readonly kind: 'loadBalancer'
  readonly config: LoadBalancerConfig
  /** Full name of how its endpoints are connected to; undefined: as by default. */
  readonly transport?: string
  readonly endpoints: readonly Endpoint[]
  readonly origin: Origin
}

/** How endpoints are connected to; what it names of files has not been read. */
export interface ResolvedTransport {
  readonly config: ServersTransportConfig
  readonly origin: Origin
}

/** A service that leads to other services, named in full. */
export interface ResolvedComposite {
  readonly kind: Composition['kind']
  readonly composition: Composition
  /** Of a weighted one whose sessions stick. */
  readonly sticky?: StickyConfig
  /** It has none of its own. */
  readonly endpoints: readonly []
  readonly origin: Origin
}
