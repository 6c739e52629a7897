import type { StatusRange } from '../config/status-ranges.ts'
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
  /** Those that services connect with, and `default@internal` for all others. */
  readonly transports: ReadonlyMap<string, TransportPlan>
  /** Undefined: nothing is served over TLS. */
  readonly tls?: TlsPlan | undefined
}

export interface RouterPlan {
  readonly entryPoints: readonly string[]
  readonly rule: Rule
  readonly priority: number
  /** Place of its provider in the order of precedence: of equal priorities, the lower is tried first. */
  readonly rank: number
  readonly middlewares: readonly string[]
  readonly service: string
  /** By name of a middleware: what all workers share of it for this router. Left out when there is none. */
  readonly memories?: ReadonlyMap<string, SharedArrayBuffer>
  /** It takes TLS connections, and those alone; otherwise plain ones. Entry points may ask for TLS on their own. */
  readonly tls?: boolean
}

/** How plans name the middlewares of a private plug-in: none of the program's own has a dot in its name. */
export function pluginType(name: string): string {
  return `plugin.${name}`
}

export interface MiddlewarePlan {
  /** Name of the definition, such as `addPrefix`; or `pluginType`. */
  readonly type: string
  readonly options: Readonly<Record<string, unknown>>
}

export type ServicePlan = LoadBalancerPlan | CompositePlan

export interface LoadBalancerPlan {
  readonly kind: 'loadBalancer'
  readonly strategy: string
  readonly passHostHeader: boolean
  readonly endpoints: ReadonlyMap<string, EndpointPlan>
  /** Left out when there are none. */
  readonly limits?: ServiceLimits
  /** Name of how its endpoints are connected to; left out: `default@internal`, or as is built in. */
  readonly transport?: string
  /** Milliseconds over which the share of a `warming` endpoint grows from a tenth to its whole weight. */
  readonly slowStart?: number
  /** Left out: as by default. */
  readonly retry?: RetryPlan
  /** Left out when sessions do not stick. */
  readonly sticky?: StickyCookiePlan
  /** False: endpoints of all zones are alike. Left out: the proxy's own zone comes first, when it knows it. */
  readonly zonePreference?: false
}

/** How often a request may be sent again, and what may be. */
export interface RetryPlan {
  /** Further attempts after the first; 0: none. */
  readonly attempts: number
  /** Milliseconds from the begin of an attempt to the head of its response; 0: no limit. */
  readonly perTryTimeout: number
  /** Bytes of a request body that are kept to be sent again. */
  readonly maxReplayBytes: number
}

/** A cookie that says where a session belongs. */
export interface StickyCookiePlan {
  readonly name: string
  /** What stands behind its value: `; Path=/; HttpOnly`. */
  readonly attributes: string
}

/** How endpoints are connected to. It holds private keys: never to be logged or shown. */
export interface TransportPlan {
  /** Milliseconds for a connection to be there, its TLS handshake included; 0: no limit. */
  readonly dialTimeout: number
  /** Milliseconds from the request's last byte to the response's head; 0: no limit. */
  readonly responseHeaderTimeout: number
  /** Milliseconds that a connection may wait for its next request; 0: no limit. */
  readonly idleTimeout: number
  /** Connections per endpoint and worker that may wait for their next request. */
  readonly maxIdleConnections: number
  readonly tls: UpstreamTlsPlan
}

export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'

export interface UpstreamTlsPlan {
  /** Left out: the host of the endpoint's URL. */
  readonly serverName?: string
  /** False: any certificate will do. */
  readonly verify: boolean
  /** In PEM; left out: whom the system trusts. Empty: nobody. */
  readonly authorities?: readonly string[]
  /** In PEM, leaf first. */
  readonly certificates: readonly { readonly chain: string; readonly key: string }[]
  /** As OpenSSL writes them; empty: the default ones. */
  readonly ciphers: string
  readonly minVersion?: TlsVersion
  readonly maxVersion?: TlsVersion
  /** The certificate must bear one of these names; empty: no more than the host's. */
  readonly peerNames: readonly { readonly type: 'DNS' | 'URI'; readonly value: string }[]
}

/** A service that leads to others. */
export type CompositePlan = Composition & {
  /** Those of a load balancer that bore its name before: they drain. */
  readonly endpoints: ReadonlyMap<string, EndpointPlan>
}

/** How a service leads to others; these are named in full, and come before it in the plan. */
export type Composition = WeightedPlan | HighestRandomWeightPlan | MirroringPlan | FailoverPlan

/** One of several services that share the requests. */
export interface SharePlan {
  readonly name: string
  readonly weight: number
}

export interface WeightedPlan {
  readonly kind: 'weighted'
  readonly services: readonly SharePlan[]
  /** Left out when sessions do not stick. */
  readonly sticky?: StickyCookiePlan
}

export interface HighestRandomWeightPlan {
  readonly kind: 'highestRandomWeight'
  readonly services: readonly SharePlan[]
}

export interface MirroringPlan {
  readonly kind: 'mirroring'
  /** The service that answers. */
  readonly service: string
  readonly mirrorBody: boolean
  /** Bytes of a body; -1: any number. */
  readonly maxBodySize: number
  readonly mirrors: readonly MirrorPlan[]
}

export interface MirrorPlan {
  readonly name: string
  /** Of the requests. */
  readonly percent: number
}

export interface FailoverPlan {
  readonly kind: 'failover'
  readonly service: string
  readonly fallback: string
  /** Answers of `service` after which `fallback` is asked. */
  readonly errors?: FailoverErrorsPlan
}

export interface FailoverErrorsPlan {
  readonly status: readonly StatusRange[]
  /** Bytes of a request body, above which it is refused; -1: any number. */
  readonly maxRequestBodyBytes: number
}

/** The services that a service leads to, by full name. */
export function childrenOf(plan: Composition): string[] {
  switch (plan.kind) {
    case 'weighted':
    case 'highestRandomWeight':
      return plan.services.map(({ name }) => name)
    case 'mirroring':
      return [plan.service, ...plan.mirrors.map(({ name }) => name)]
    case 'failover':
      return [plan.service, plan.fallback]
  }
}

/** What holds for all workers together; they divide it. */
export interface ServiceLimits {
  /** Connections to one endpoint. */
  readonly maxConnections: number
  /** Requests that may wait while all endpoints have that many. */
  readonly maxQueue: number
  /** Milliseconds that they may wait; 0: no limit. */
  readonly queueTimeout: number
}

/**
 * Whether an endpoint takes requests now. `draining` never does; `unhealthy` and `ejected` only when no endpoint is
 * ready or warming (panic mode).
 */
export type EndpointState = 'warming' | 'ready' | 'unhealthy' | 'ejected' | 'draining'

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
  /** Set while `warming`: when it came up, on the clock of `processNow()`. */
  readonly warmingSince?: number
  /** Availability zone, as its source tells. */
  readonly zone?: string
  /** The part of the service's requests that it shares with its group. */
  readonly canary?: CanaryPlan
}

/** A fixed part of a service's requests, however many endpoints share it. */
export interface CanaryPlan {
  readonly group: string
  /** Above 0, at most 100; the same in the whole group. */
  readonly percent: number
}

/** How endpoints are connected to whose service names no other way. */
export const DEFAULT_TRANSPORT_NAME = 'default@internal'

/** The difference between two plans: null deletes. Applying it to version `base` gives `version`. */
export interface PlanDelta {
  readonly base: number
  readonly version: number
  readonly routers: ReadonlyMap<string, RouterPlan | null>
  readonly middlewares: ReadonlyMap<string, MiddlewarePlan | null>
  readonly services: ReadonlyMap<string, ServiceDelta | null>
  readonly transports: ReadonlyMap<string, TransportPlan | null>
  /** Undefined: as it was. */
  readonly tls?: TlsDelta | null | undefined
}

export type ServiceDelta = LoadBalancerDelta | CompositeDelta

export type LoadBalancerDelta = Omit<LoadBalancerPlan, 'endpoints'> & EndpointChanges

export type CompositeDelta = Composition & EndpointChanges

interface EndpointChanges {
  readonly endpoints: ReadonlyMap<string, EndpointPlan | null>
}

/** What TLS connections are opened with. It holds private keys: never to be logged or shown. */
export interface TlsPlan {
  /** By what tells one from another. */
  readonly certificates: ReadonlyMap<string, CertificatePlan>
  /** The one for clients that name no server, or one that no certificate is for. */
  readonly defaultCertificate: string
  /** 48 bytes that seal session tickets: the same in all workers, so that each can resume what another began. */
  readonly ticketKey: Uint8Array
}

export interface CertificatePlan {
  /** Host names in lower case; `*.` stands for one label. */
  readonly names: readonly string[]
  /** PEM, leaf first. */
  readonly chain: string
  /** PEM. */
  readonly key: string
  /** Milliseconds since the epoch; of two certificates for one name, the one that is valid for longer serves. */
  readonly validTo: number
}

export interface TlsDelta {
  readonly certificates: ReadonlyMap<string, CertificatePlan | null>
  readonly defaultCertificate: string
  readonly ticketKey: Uint8Array
}
