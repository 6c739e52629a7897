import assert from 'node:assert/strict'
import type { AddressInfo, Server } from 'node:net'
import type { OutcomeReport } from '../../src/balancing/outcomes.ts'
import type { ForwardedOptions } from '../../src/proxy/forwarded-headers.ts'
import type { ConnectionLimits } from '../../src/proxy/http1/connection-host.ts'
import { DEFAULT_HTTP2_LIMITS } from '../../src/proxy/http2/limits.ts'
import type { Http2Limits } from '../../src/proxy/http2/limits.ts'
import type { PluginFile } from '../../src/plugins/load-plugin.ts'
import { allMatchers } from '../../src/routing/matcher-catalogue.ts'
import { parseRule } from '../../src/routing/parser.ts'
import type { Rule } from '../../src/routing/rule-tree.ts'
import { DataPlane } from '../../src/server/data-plane.ts'
import type { DataPlaneStats } from '../../src/server/data-plane.ts'
import { connectionCaps } from '../../src/server/connection-gate.ts'
import type { ConnectionCaps } from '../../src/server/connection-gate.ts'
import type { Experiments, WorkerSettings } from '../../src/server/entry-point-settings.ts'
import { listen } from '../../src/server/listener.ts'
import type { OverloadLimits } from '../../src/server/load-shedder.ts'
import type {
  Composition,
  EndpointPlan,
  EndpointState,
  LoadBalancerPlan,
  MiddlewarePlan,
  PlanDelta,
  RouterPlan,
  ServiceDelta,
  TlsDelta,
  TransportPlan,
} from '../../src/server/plan.ts'
import { RawPeer } from './raw-peer.ts'
import type { RawUpstream } from './raw-upstream.ts'

const LIMITS: ConnectionLimits = {
  maxHeadBytes: 64 * 1024,
  maxTargetLength: 32 * 1024,
  maxFields: 256,
  maxBodyBytes: Number.POSITIVE_INFINITY,
  sanitizePath: true,
  encodeQuerySemicolons: false,
  refusedEscapes: [],
  keptNominated: [],
  headersTimeout: 10_000,
  abortOnClose: false,
  requestRate: { bytes: 4_800, window: 20_000 },
  responseRate: { bytes: 14_400, window: 60_000 },
  readTimeout: 60_000,
  writeTimeout: 0,
  idleTimeout: 180_000,
  keepAliveMaxTime: 0,
  keepAliveMaxRequests: 0,
}
const FORWARDED: ForwardedOptions = {
  insecure: false,
  trustedIPs: [],
  notAppendXForwardedFor: false,
  addXForwardedSchemeHeaders: false,
  underscores: 'keep',
}
/** Of workers with one entry point named `web`. */
export const ENGINE_SETTINGS: WorkerSettings = {
  entryPoints: [{ name: 'web', limits: LIMITS, forwarded: FORWARDED }],
  hostname: 'edge',
  pingTerminatingStatus: 503,
  accessLog: undefined,
  experiments: { retries: true, draining: true },
}
const MATCHERS = await allMatchers()

export interface EndpointSketch {
  readonly port: number
  readonly weight?: number
  readonly state?: EndpointState
  readonly tls?: boolean
  readonly authority?: string
  readonly pathPrefix?: string
  readonly warmingSince?: number
  readonly zone?: string
}

export interface ServiceSketch extends Partial<Omit<LoadBalancerPlan, 'kind' | 'endpoints'>> {
  /** By key; null takes one away. */
  readonly endpoints: Readonly<Record<string, EndpointSketch | null>>
}

export interface RouterSketch {
  readonly rule?: string
  readonly service?: string
  readonly middlewares?: readonly string[]
  readonly priority?: number
  /** On TLS connections alone. */
  readonly tls?: boolean
}

/** A service that leads to others, and what is left of a load balancer of its name. */
export type CompositeSketch = Composition & { readonly draining?: ServiceSketch['endpoints'] }

/** A change of the plan, by hand; null deletes. */
export interface PlanSketch {
  readonly routers?: Readonly<Record<string, RouterSketch | null>>
  readonly middlewares?: Readonly<Record<string, MiddlewarePlan | null>>
  readonly services?: Readonly<Record<string, ServiceSketch | CompositeSketch | null>>
  readonly transports?: Readonly<Record<string, TransportPlan | null>>
  readonly tls?: TlsDelta | null
}

export interface EngineSketch extends PlanSketch {
  readonly limits?: Partial<ConnectionLimits>
  readonly forwarded?: Partial<ForwardedOptions>
  readonly experiments?: Partial<Experiments>
  readonly http2?: Partial<Http2Limits>
  readonly caps?: Partial<ConnectionCaps>
  readonly overload?: Partial<OverloadLimits>
  readonly zone?: string
  readonly plugins?: readonly PluginFile[]
}

/** A data plane in this process behind a port of 127.0.0.1, with one entry point named `web`. */
export class Engine implements AsyncDisposable {
  readonly plane: DataPlane
  /** `service/endpoint` of every report that a draining endpoint has nothing in flight. */
  readonly drained: string[] = []
  /** What was reported of failing endpoints. */
  readonly outcomes: OutcomeReport[] = []
  /** What middlewares threw. */
  readonly failures: string[] = []
  /** Bytes of body and why-code of every exchange that is over. */
  readonly finished: { status: number; bytes: number; why: string | undefined; path: string }[] = []
  server!: Server
  #version = 0

  constructor({ limits, forwarded, experiments, http2, caps, overload, zone, plugins }: EngineSketch) {
    const settings = {
      entryPoints: [
        {
          name: 'web',
          limits: { ...LIMITS, ...limits },
          forwarded: { ...FORWARDED, ...forwarded },
          http2: { ...DEFAULT_HTTP2_LIMITS, ...http2 },
          caps: connectionCaps(caps ?? {}, 1),
        },
      ],
      hostname: 'edge',
      pingTerminatingStatus: 503,
      accessLog: undefined,
      experiments: { retries: true, draining: true, ...experiments },
      overload: { maxInFlight: 0, maxEventLoopDelay: 0, ...overload },
      zone,
      ...(plugins && { plugins }),
    }
    this.plane = new DataPlane(
      settings,
      {
        drained: (service, endpoint) => this.drained.push(`${service}/${endpoint}`),
        outcomes: (reports) => this.outcomes.push(...reports),
        begun: undefined,
        finished: (request, response, bytes) =>
          this.finished.push({ status: response.status, bytes, why: request.why, path: request.path }),
        failed: (where, error) => this.failures.push(`${where}: ${String(error)}`),
      },
      { verifyPassword: async () => true },
    )
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  get stats(): DataPlaneStats {
    return this.plane.stats()
  }

  /** Requests on their way to the endpoints of `main`. */
  get inFlight(): number {
    return Object.values(this.stats.inFlight['main'] ?? {}).reduce((sum, count) => sum + count, 0)
  }

  async apply(change: PlanSketch): Promise<void> {
    await this.plane.apply(planDelta(change, this.#version))
    this.#version++
  }

  connect(): Promise<RawPeer> {
    return RawPeer.open(this.port)
  }

  /** Sends these bytes on a new connection and gives all that comes until the proxy closes it. */
  async sendToEnd(bytes: string): Promise<{ text: string; ending: 'end' | 'reset' }> {
    await using client = await this.connect()
    return await client.write(bytes).readToEnd()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.plane.close()
    if (this.server.listening) await new Promise((resolve) => this.server.close(resolve))
  }
}

/** Starts an engine with this plan. */
export async function startEngine(sketch: EngineSketch): Promise<Engine> {
  const engine = new Engine(sketch)
  await engine.apply(sketch)
  engine.server = await listen({ entryPoint: 'web', host: '127.0.0.1', port: 0 }, engine.plane)
  return engine
}

/** An engine that sends everything to these upstreams, as the endpoints `0`, `1` … of the service `main`. */
export function engineBefore(upstreams: readonly RawUpstream[], sketch: EngineSketch = {}): Promise<Engine> {
  const endpoints = Object.fromEntries(upstreams.map(({ port }, i) => [String(i), { port }]))
  return startEngine({ routers: { all: {} }, services: { main: { endpoints } }, ...sketch })
}

/** The fields that the proxy adds for a client that it does not trust, in the order in which they leave. */
export function ownFields(host: string, port = '80'): string {
  return [
    'X-Forwarded-For: 127.0.0.1',
    `X-Forwarded-Host: ${host}`,
    `X-Forwarded-Port: ${port}`,
    'X-Forwarded-Proto: http',
    'X-Forwarded-Server: edge',
    'X-Real-Ip: 127.0.0.1',
  ]
    .map((line) => `${line}\r\n`)
    .join('')
}

export function ruleOf(text: string): Rule {
  const parsed = parseRule(text, MATCHERS)
  assert.ok('rule' in parsed, `rule ${text}`)
  return parsed.rule
}

function planDelta(
  { routers = {}, middlewares = {}, services = {}, transports = {}, tls }: PlanSketch,
  base: number,
): PlanDelta {
  return {
    base,
    version: base + 1,
    routers: mapped(routers, routerPlan),
    middlewares: mapped(middlewares, (middleware) => middleware),
    services: mapped(services, serviceDelta),
    transports: mapped(transports, (transport) => transport),
    tls,
  }
}

function routerPlan({
  rule = 'PathPrefix(`/`)',
  service = 'main',
  middlewares = [],
  priority,
  tls = false,
}: RouterSketch): RouterPlan {
  return {
    entryPoints: ['web'],
    rule: ruleOf(rule),
    priority: priority ?? rule.length,
    rank: 0,
    middlewares,
    service,
    tls,
  }
}

function serviceDelta(sketch: ServiceSketch | CompositeSketch): ServiceDelta {
  if ('kind' in sketch) {
    const { draining = {}, ...composition } = sketch
    return { ...composition, endpoints: mapped(draining, endpointPlan) }
  }
  const { endpoints, ...settings } = sketch
  return {
    kind: 'loadBalancer',
    strategy: 'wrr',
    passHostHeader: true,
    ...settings,
    endpoints: mapped(endpoints, endpointPlan),
  }
}

export function endpointPlan(sketch: EndpointSketch): EndpointPlan {
  const { port, weight = 1, state = 'ready', tls = false, pathPrefix = '', warmingSince, zone } = sketch
  const authority = sketch.authority ?? `127.0.0.1:${port}`
  const url = `${tls ? 'https' : 'http'}://${authority}`
  return {
    url,
    tls,
    address: '127.0.0.1',
    port,
    authority,
    pathPrefix,
    weight,
    state,
    ...(warmingSince === undefined ? {} : { warmingSince }),
    ...(zone === undefined ? {} : { zone }),
  }
}

function mapped<A, B>(
  record: Readonly<Record<string, A | null>>,
  make: (value: A) => B,
): Map<string, B | null> {
  return new Map(Object.entries(record).map(([name, value]) => [name, value === null ? null : make(value)]))
}
