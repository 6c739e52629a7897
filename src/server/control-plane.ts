import type { EndpointStatus, Transition, WantedEndpoint } from '../balancing/life-cycle.ts'
import type { OutcomeReport } from '../balancing/outcomes.ts'
import { describeOrigin } from '../config/problem.ts'
import type { Problem } from '../config/problem.ts'
import { refusedIp } from '../discovery/address.ts'
import { certificateDefinitions } from '../discovery/certificate-definitions.ts'
import type { CertificateDefinitions } from '../discovery/certificate-definitions.ts'
import type { Discovery } from '../discovery/discovery.ts'
import { FailingEndpoints } from '../discovery/failing-endpoints.ts'
import { NameResolver } from '../discovery/name-resolver.ts'
import type { Lookup } from '../discovery/name-resolver.ts'
import type { Preparation } from '../discovery/preparation.ts'
import { resolveRouting } from '../discovery/resolve.ts'
import type { Endpoint, ResolvedTransport, RoutingConfig } from '../discovery/routing-config.ts'
import type { SourceBuilder } from '../discovery/source-builder.ts'
import type { RoutingContext, Source } from '../discovery/source.ts'
import type { Logger } from '../telemetry/log.ts'
import { CertificateStore } from './certificates/certificate-store.ts'
import { TransportStore } from './transports/transport-store.ts'
import { tlsToService } from './transports/tls-to-service.ts'
import type { DataPlaneHost } from './data-plane-host.ts'
import { EndpointLives } from './endpoint-lives.ts'
import type { LivingService } from './endpoint-lives.ts'
import { healthCheckOf, lifeSettingsOf } from './life-settings.ts'
import type { Metrics } from './metrics/metrics.ts'
import { MembershipReporter } from './membership-reporter.ts'
import { buildPlan } from './plan-builder.ts'
import { EMPTY_PLAN, isEmptyDelta, planDelta } from './plan-delta.ts'
import { DEFAULT_TRANSPORT_NAME } from './plan.ts'
import type { Plan, PlanDelta, TlsPlan } from './plan.ts'
import { SharedMemories } from './shared-memories.ts'

export interface ControlPlaneOptions {
  readonly discovery: Discovery
  readonly sources: SourceBuilder
  /** What the program itself adds. */
  readonly internal: Source
  readonly context: RoutingContext
  /** What was wrong when the process started, and stays so. */
  readonly startProblems?: readonly Problem[]
  readonly preparation: Preparation
  readonly host: DataPlaneHost
  readonly log: Logger
  readonly draining: boolean
  /** Names of providers as in `name@provider`: of routers of equal priority, the earlier provider's wins. */
  readonly precedence: readonly string[]
  /** How endpoints are connected to whose service names no other way. */
  readonly defaultTransport?: ResolvedTransport | undefined
  /** Worker threads, whether they live or are being replaced. */
  readonly workers: number
  /** Entry points all of whose routers take TLS connections. */
  readonly tlsEntryPoints?: readonly string[]
  /** A change has been worked in, and handed to all workers. */
  readonly applied?: () => void
  /** Hears of plans and of what becomes of endpoints; undefined when nobody wants metrics. */
  readonly metrics?: Pick<Metrics, 'planned' | 'applied' | 'moved'> | undefined
  /** Hears what happens, for people and their tools. */
  readonly observer?: ControlPlaneObserver | undefined
  /** Default: the system's resolver. */
  readonly lookup?: Lookup
}

/** Who is told what happens. It must neither throw nor take long. */
export interface ControlPlaneObserver {
  /** States of endpoints have changed. */
  moved(transitions: readonly Transition[]): void
  /** What is served, or what is wrong, may have changed. */
  changed(): void
}

/**
 * The way of every change: pictures of providers → routing configuration → endpoint lives → plan → difference to the
 * workers. Each step is a pure function or a small state of its own; this class only calls them in order.
 */
export class ControlPlane {
  readonly #options: ControlPlaneOptions
  readonly #resolver: NameResolver
  readonly #lives: EndpointLives
  readonly #membership: MembershipReporter
  readonly #failing = new FailingEndpoints()
  readonly #certificates: CertificateStore
  readonly #transports: TransportStore
  readonly #memories: SharedMemories
  /** Host names of instances that lead to an address where none may be, and why that is so. */
  #refusedNames = new Map<string, string>()
  #certificateDefinitions: CertificateDefinitions = { definitions: [], problems: [] }
  /** As resolved, before middlewares were prepared: what the next resolution falls back on. */
  #resolved: RoutingConfig = NOTHING
  #routing: RoutingConfig = NOTHING
  #plan: Plan = EMPTY_PLAN
  #listed = new Set<string>()
  #pending = false
  #closed = false
  #applied: Promise<void> = Promise.resolve()

  constructor(options: ControlPlaneOptions) {
    this.#options = options
    this.#resolver = new NameResolver(() => this.schedule(), options.lookup)
    this.#certificates = new CertificateStore(() => this.schedule())
    this.#transports = new TransportStore(() => this.schedule())
    this.#memories = new SharedMemories(options.context.middlewares, options.workers)
    this.#lives = new EndpointLives({
      draining: options.draining,
      workers: () => options.host.workers,
      tls: (service) => tlsToService(service, this.#routing, this.#transports.plans()),
      nextVersion: () => this.#plan.version + 1,
      changed: (transitions) => this.#publish(transitions),
      watch: (endpoints) => options.host.watch(endpoints),
      unanswered: (service, endpoint, failing) => this.connectionsFail(service, endpoint, failing),
    })
    this.#membership = new MembershipReporter(options.log)
  }

  get routing(): RoutingConfig {
    return this.#routing
  }

  get plan(): Plan {
    return this.#plan
  }

  /** Every endpoint that is known, its state and why. */
  get endpoints(): readonly EndpointStatus[] {
    return this.#lives.endpoints
  }

  /** Everything that is not served as written, of all stages. */
  get problems(): readonly Problem[] {
    const { discovery, sources, startProblems = [] } = this.#options
    const certificates = [
      ...this.#certificateDefinitions.problems,
      ...this.#certificates.problems,
      ...this.#transports.problems,
    ]
    return [
      ...startProblems,
      ...sources.problems,
      ...discovery.problems,
      ...this.#unresolvedNames(),
      ...this.#misleadingNames(),
      ...this.#routing.problems,
      ...certificates,
    ]
  }

  /** Resolves when every worker has taken over what has been planned so far. */
  get applied(): Promise<void> {
    return this.#applied
  }

  /** Something has changed: works it in soon, several changes at once where they come together. */
  schedule(): void {
    if (this.#pending || this.#closed) return
    this.#pending = true
    setImmediate(() => {
      this.#pending = false
      if (!this.#closed) void this.rebuild()
    })
  }

  /** Works in everything that is known now. Waits only when a middleware or a certificate has a file to be read. */
  async rebuild(): Promise<void> {
    const { discovery, sources, internal, context, preparation } = this.#options
    const all = [internal, ...discovery.pictures.map((picture) => sources.source(picture))]
    const resolved = resolveRouting(all, context, this.#resolved)
    this.#resolved = resolved
    this.#certificateDefinitions = certificateDefinitions(all)
    const { definitions } = this.#certificateDefinitions
    if (this.#certificates.needed(definitions)) await this.#certificates.use(definitions)
    const transports = this.#transportsOf(resolved)
    if (this.#transports.needed(transports)) await this.#transports.use(transports)
    if (preparation.needed(resolved)) await preparation.load(resolved)
    // A newer change that came while a file was read has been worked in already.
    if (this.#resolved !== resolved || this.#closed) return
    this.#routing = preparation.apply(resolved)
    this.#publish(this.#lives.update(this.#wanted()))
    this.#listProblems()
    this.#options.observer?.changed()
  }

  /** Has files of middlewares and certificates read anew. */
  refresh(): void {
    this.#options.preparation.forget()
    this.#certificates.forget()
    this.#transports.forget()
    this.schedule()
  }

  /** A worker has nothing in flight to a draining endpoint any more. */
  drained(worker: number, service: string, endpoint: string, version: number): void {
    if (!this.#closed) this.#lives.drained(worker, service, endpoint, version)
  }

  /** What workers have to say of attempts at endpoints. */
  outcomes(reports: readonly OutcomeReport[]): void {
    if (!this.#closed) this.#lives.outcomes(reports)
  }

  /** Drains an endpoint until `undrain`, whatever discovery says; false when there is none of this name. */
  drain(service: string, endpoint: string, reason: string): boolean {
    return this.#lives.drain(service, endpoint, reason)
  }

  /** Takes `drain` back; false when the endpoint was not drained so. */
  undrain(service: string, endpoint: string): boolean {
    return this.#lives.undrain(service, endpoint)
  }

  /** Gives an endpoint a weight, or takes it back (undefined); false when there is no such endpoint, or no such weight. */
  weigh(service: string, endpoint: string, weight: number | undefined): boolean {
    return this.#lives.weigh(service, endpoint, weight)
  }

  /**
   * Connections to an endpoint fail (refused, reset, timed out; not: answers with 5xx), or succeed again: told once
   * when that changes. An endpoint whose absence its source has not proved is let go then.
   */
  connectionsFail(service: string, endpoint: string, failing: boolean): void {
    if (this.#closed) return
    this.#failing.report(service, endpoint, failing)
    if (failing && this.#isInDoubt(service, endpoint)) this.schedule()
  }

  /** The worker of this slot has died: what it held is let go, and a drain may have waited for it. */
  workerDied(slot: number): void {
    this.#memories.release(slot)
    if (!this.#closed) this.#lives.sweep()
  }

  close(): void {
    this.#closed = true
    this.#lives.close()
    this.#resolver.close()
    this.#certificates.close()
    this.#transports.close()
  }

  // ---- endpoints --------------------------------------------------------------------------------------------

  #wanted(): Map<string, LivingService> {
    const hosts = new Set<string>()
    const wanted = new Map<string, LivingService>()
    this.#refusedNames = new Map()
    for (const [name, service] of this.#routing.services) {
      if (service.kind !== 'loadBalancer') continue
      const { endpoints, config } = service
      const addressed = endpoints.flatMap((endpoint) => {
        hosts.add(endpoint.host)
        return this.#addressed(name, endpoint)
      })
      const settings = lifeSettingsOf(config)
      wanted.set(name, { settings, check: healthCheckOf(config), endpoints: new Map(addressed) })
    }
    this.#resolver.keepOnly(hosts)
    this.#failing.keepOnly(wanted)
    return wanted
  }

  #isInDoubt(service: string, key: string): boolean {
    const { endpoints = [] } = this.#routing.services.get(service) ?? {}
    return endpoints.some((endpoint) => endpoint.unproven === true && key.startsWith(endpoint.key))
  }

  /** A host name with several addresses is several endpoints. */
  #addressed(service: string, endpoint: Endpoint): (readonly [string, WantedEndpoint])[] {
    const addresses = this.#resolver.addresses(endpoint.host)
    // A name must not lead where an address may not: to this machine's own metadata service, for one.
    const allowed = addresses.filter((address) => this.#mayServe(endpoint, address))
    return allowed.map((address) => {
      const key = address === endpoint.host ? endpoint.key : `${endpoint.key}|${address}`
      const wanted = toWanted(endpoint, address)
      const letGo = this.#failing.isLetGo(service, key, endpoint)
      return [key, letGo ? { ...wanted, terminating: true } : wanted] as const
    })
  }

  #mayServe({ instance, host }: Endpoint, address: string): boolean {
    const refused = instance === undefined ? undefined : refusedIp(address)
    if (refused !== undefined) this.#refusedNames.set(host, `${address}, which ${refused}`)
    return refused === undefined
  }

  #misleadingNames(): Problem[] {
    return [...this.#refusedNames].map(([host, where]) => ({
      code: 'E304',
      severity: 'error',
      origin: { source: 'DNS', key: host },
      message: `the host name ${host} of an instance stands for ${where}; nothing is sent there`,
      remedy: 'register the address at which the service can be reached',
    }))
  }

  #unresolvedNames(): Problem[] {
    return [...this.#resolver.failures].map(([host, reason]) => ({
      code: 'E401',
      severity: 'error',
      origin: { source: 'DNS', key: host },
      message: `the host name ${host} cannot be resolved: ${reason}`,
      remedy: 'correct the name or the resolver of this machine; it is tried again every two seconds',
    }))
  }

  // ---- plan -------------------------------------------------------------------------------------------------

  #publish(transitions: readonly Transition[]): void {
    const built = buildPlan(
      this.#routing,
      this.#lives.live,
      this.#plan.version + 1,
      this.#plan,
      this.#options.precedence,
      this.#tls(),
      this.#transports.plans(),
    )
    const plan = this.#memories.lend(built)
    const delta = planDelta(this.#plan, plan)
    this.#membership.report(transitions, this.#lives.live)
    this.#options.metrics?.moved(transitions)
    if (transitions.length > 0) this.#options.observer?.moved(transitions)
    if (isEmptyDelta(delta)) return
    this.#plan = plan
    this.#options.metrics?.planned(plan, delta)
    this.#applied = this.#handOver(delta, plan)
  }

  async #handOver(delta: PlanDelta, plan: Plan): Promise<void> {
    const { host, log, applied, metrics } = this.#options
    try {
      await host.apply(delta, plan)
      applied?.()
      metrics?.applied()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      log.error(`a change could not be handed to the workers: ${reason}`)
    }
  }

  #transportsOf({ serversTransports }: RoutingConfig): RoutingConfig['serversTransports'] {
    const { defaultTransport } = this.#options
    return defaultTransport
      ? new Map([...serversTransports, [DEFAULT_TRANSPORT_NAME, defaultTransport]])
      : serversTransports
  }

  /** Certificates are handed out only when something is served with them. */
  #tls(): TlsPlan | undefined {
    const { tlsEntryPoints = [] } = this.#options
    const used =
      tlsEntryPoints.length > 0 ||
      [...this.#routing.routers.values()].some(({ config }) => config.tls !== undefined)
    return used ? this.#certificates.plan() : undefined
  }

  // ---- log --------------------------------------------------------------------------------------------------

  /** Each problem is logged once, when it begins; the list itself is always at hand. */
  #listProblems(): void {
    const now = new Set<string>()
    const logged = new Set(this.#options.discovery.failures)
    for (const problem of this.problems) {
      if (logged.has(problem)) continue
      const line = problemLine(problem)
      now.add(line)
      if (this.#listed.has(line)) continue
      this.#options.log[problem.severity === 'error' ? 'error' : 'warn'](line, { code: problem.code })
    }
    this.#listed = now
  }
}

const NOTHING: RoutingConfig = {
  routers: new Map(),
  middlewares: new Map(),
  services: new Map(),
  serversTransports: new Map(),
  problems: [],
}

function toWanted(endpoint: Endpoint, address: string): WantedEndpoint {
  const {
    key,
    scheme,
    host,
    port,
    pathPrefix,
    weight,
    zone,
    canary,
    instance,
    terminating = false,
  } = endpoint
  const text = `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
  // Where the key says the same, as it does for servers in files, it need not be kept twice.
  const url = text === key ? key : text
  return {
    url,
    tls: scheme === 'https',
    address,
    port,
    authority: url.slice(scheme.length + '://'.length),
    pathPrefix,
    weight,
    ...(instance === undefined ? {} : { instance }),
    ...(zone === undefined ? {} : { zone }),
    ...(canary && { canary }),
    terminating,
  }
}

function problemLine({ message, remedy, resource, origin, code }: Problem): string {
  return `${describeOrigin(origin)}: ${resource === undefined ? '' : `${resource}: `}${message}${remedy === undefined ? '' : `; ${remedy}`} [${code}]`
}
