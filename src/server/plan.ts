import type { Rule } from '../routing/rule-tree.ts'

/**
 * What the control plane tells the data plane: plain, structured-cloneable data. All names are full (`name@provider`),
 * all rules parsed, all chains expanded, all host names resolved: a worker only compiles.
 */
export interface Plan {
  readonly version: number
  readonly routers: ReadonlyMap<string, RouterPlan>
  readonly middlewares: ReadonlyMap<string, MiddlewarePlan>
  readonly services: ReadonlyMap<string, ServicePlan>
}

export interface RouterPlan {
  readonly entryPoints: readonly string[]
  readonly rule: Rule
  readonly priority: number
  /** Place of its provider in the order of precedence: of equal priorities, the lower is tried first. */
  readonly rank: number
  readonly middlewares: readonly string[]
  readonly service: string
}

export interface MiddlewarePlan {
  /** Name of the definition, such as `addPrefix`. */
  readonly type: string
  readonly options: Readonly<Record<string, unknown>>
}

export interface ServicePlan {
  readonly strategy: string
  readonly passHostHeader: boolean
  readonly endpoints: ReadonlyMap<string, EndpointPlan>
}

export type EndpointState = 'ready' | 'draining'

export interface EndpointPlan {
  /** As shown in logs and the API. */
  readonly url: string
  readonly tls: boolean
  /** IP address to connect to. */
  readonly address: string
  readonly port: number
  /** `host:port` as written in the URL: the Host header when the client's is not passed, and the name that TLS verifies. */
  readonly authority: string
  /** Path put in front of every request path; empty when there is none. */
  readonly pathPrefix: string
  readonly weight: number
  readonly state: EndpointState
}

/** The difference between two plans: null deletes. Applying it to version `base` gives `version`. */
export interface PlanDelta {
  readonly base: number
  readonly version: number
  readonly routers: ReadonlyMap<string, RouterPlan | null>
  readonly middlewares: ReadonlyMap<string, MiddlewarePlan | null>
  readonly services: ReadonlyMap<string, ServiceDelta | null>
}

export interface ServiceDelta {
  readonly strategy: string
  readonly passHostHeader: boolean
  readonly endpoints: ReadonlyMap<string, EndpointPlan | null>
}
