import { LifeCycle } from '../balancing/life-cycle.ts'
import type { Transition, WantedEndpoint, WantedService } from '../balancing/life-cycle.ts'
import { describeOrigin } from '../config/problem.ts'
import type { Problem } from '../config/problem.ts'
import { refusedIp } from '../discovery/address.ts'
import { certificateDefinitions } from '../discovery/certificate-definitions.ts'
import type { CertificateDefinitions } from '../discovery/certificate-definitions.ts'
import type { Discovery } from '../discovery/discovery.ts'
import { NameResolver } from '../discovery/name-resolver.ts'
import type { Preparation } from '../discovery/preparation.ts'
import { resolveRouting } from '../discovery/resolve.ts'
import type { Endpoint, RoutingConfig } from '../discovery/routing-config.ts'
import type { SourceBuilder } from '../discovery/source-builder.ts'
import type { RoutingContext, Source } from '../discovery/source.ts'
import type { Logger } from '../telemetry/log.ts'
import { membershipLines } from '../telemetry/membership-log.ts'
import type { Membership } from '../telemetry/membership-log.ts'
import { CertificateStore } from './certificates/certificate-store.ts'
import type { DataPlaneHost } from './data-plane-host.ts'
import { buildPlan } from './plan-builder.ts'
import { EMPTY_PLAN, isEmptyDelta, planDelta } from './plan-delta.ts'
import { SharedMemories } from './shared-memories.ts'
import type { Plan, TlsPlan } from './plan.ts'

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
  /** Worker threads, whether they live or are being replaced. */
  readonly workers: number
  /** Entry points all of whose routers take TLS connections. */
  readonly tlsEntryPoints?: readonly string[]
}

/**
 * The way of every change: pictures of providers → routing configuration → endpoint lives → plan → difference to the
 * workers. Each step is a pure function or a small state of its own; this class only calls them in order.
 */
export class ControlPlane {
  readonly #options: ControlPlaneOptions
  readonly #resolver: NameResolver
  readonly #lifeCycle: LifeCycle
  readonly #certificates: CertificateStore
  readonly #memories: SharedMemories
  #certificateDefinitions: CertificateDefinitions = { definitions: [], problems: [] }
  /** As resolved, before middlewares were prepared: what the next resolution falls back on. */
  #resolved: RoutingConfig = NOTHING
  #routing: RoutingConfig = NOTHING
  #plan: Plan = EMPTY_PLAN
  #membership: Membership = new Map()
  #reasons = new Map<string, string>()
  #listed = new Set<string>()
  #pending = false
  #timer: NodeJS.Timeout | undefined
  #closed = false
  #applied: Promise<void> = Promise.resolve()

  constructor(options: ControlPlaneOptions) {
    this.#options = options
    this.#resolver = new NameResolver(() => this.schedule())
    this.#certificates = new CertificateStore(() => this.schedule())
    this.#memories = new SharedMemories(options.context.middlewares, options.workers)
    this.#lifeCycle = new LifeCycle({
      draining: options.draining,
      now: () => performance.now(),
      workers: () => options.host.workers,
    })
  }

  get routing(): RoutingConfig {
    return this.#routing
  }

  get plan(): Plan {
    return this.#plan
  }

  /** Everything that is not served as written, of all stages. */
  get problems(): readonly Problem[] {
    const { discovery, sources, startProblems = [] } = this.#options
    const certificates = [...this.#certificateDefinitions.problems, ...this.#certificates.problems]
    return [
      ...startProblems,
      ...sources.problems,
      ...discovery.problems,
      ...this.#unresolvedNames(),
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
    if (preparation.needed(resolved)) await preparation.load(resolved)
    // A newer change that came while a file was read has been worked in already.
    if (this.#resolved !== resolved || this.#closed) return
    this.#routing = preparation.apply(resolved)
    this.#publish(this.#lifeCycle.update(this.#wanted(), this.#plan.version + 1))
    this.#publish(this.#lifeCycle.sweep())
    this.#listProblems()
  }

  /** Has files of middlewares and certificates read anew. */
  refresh(): void {
    this.#options.preparation.forget()
    this.#certificates.forget()
    this.schedule()
  }

  /** A worker has nothing in flight to a draining endpoint any more. */
  drained(worker: number, service: string, endpoint: string, version: number): void {
    if (!this.#closed) this.#publish(this.#lifeCycle.drained(worker, service, endpoint, version))
  }

  /** The worker of this slot has died: what it held is let go, and a drain may have waited for it. */
  workerDied(slot: number): void {
    this.#memories.release(slot)
    if (!this.#closed) this.#publish(this.#lifeCycle.sweep())
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#resolver.close()
    this.#certificates.close()
  }

  // ---- endpoints --------------------------------------------------------------------------------------------

  #wanted(): Map<string, WantedService> {
    const hosts = new Set<string>()
    const wanted = new Map<string, WantedService>()
    for (const [name, { endpoints, config }] of this.#routing.services) {
      const addressed = endpoints.flatMap((endpoint) => {
        hosts.add(endpoint.host)
        return this.#addressed(endpoint)
      })
      wanted.set(name, { drainTimeout: config.drainTimeout, endpoints: new Map(addressed) })
    }
    this.#resolver.keepOnly(hosts)
    return wanted
  }

  /** A host name with several addresses is several endpoints. */
  #addressed(endpoint: Endpoint): (readonly [string, WantedEndpoint])[] {
    const addresses = this.#resolver.addresses(endpoint.host)
    // A name must not lead where an address may not: to this machine's own metadata service, for one.
    const allowed =
      endpoint.instance === undefined ? addresses : addresses.filter((address) => !refusedIp(address))
    return allowed.map((address) => {
      const key = address === endpoint.host ? endpoint.key : `${endpoint.key}|${address}`
      return [key, toWanted(endpoint, address)] as const
    })
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
    const { host, log } = this.#options
    const built = buildPlan(
      this.#routing,
      this.#lifeCycle.live,
      this.#plan.version + 1,
      this.#plan,
      this.#options.precedence,
      this.#tls(),
    )
    const plan = this.#memories.lend(built)
    const delta = planDelta(this.#plan, plan)
    this.#logMembership(transitions)
    this.#armTimer()
    if (isEmptyDelta(delta)) return
    this.#plan = plan
    this.#applied = host.apply(delta, plan).catch((error: unknown) => {
      log.error(
        `a change could not be handed to the workers: ${error instanceof Error ? error.message : String(error)}`,
      )
    })
  }

  /** Certificates are handed out only when something is served with them. */
  #tls(): TlsPlan | undefined {
    const { tlsEntryPoints = [] } = this.#options
    const used =
      tlsEntryPoints.length > 0 ||
      [...this.#routing.routers.values()].some(({ config }) => config.tls !== undefined)
    return used ? this.#certificates.plan() : undefined
  }

  #armTimer(): void {
    clearTimeout(this.#timer)
    const wait = this.#lifeCycle.nextDeadline
    if (wait === undefined || this.#closed) return
    this.#timer = setTimeout(() => this.#publish(this.#lifeCycle.sweep()), wait)
    this.#timer.unref()
  }

  // ---- log --------------------------------------------------------------------------------------------------

  #logMembership(transitions: readonly Transition[]): void {
    if (transitions.length === 0) return
    for (const { service, key, reason } of transitions) this.#reasons.set(`${service}\n${key}`, reason)
    const after: Membership = new Map(
      [...this.#lifeCycle.live].map(([service, endpoints]) => [
        service,
        new Map(
          [...endpoints].map(([key, { url, state }]) => [
            key,
            { url, state, ...this.#reasonOf(service, key) },
          ]),
        ),
      ]),
    )
    const whyLeft = (service: string, key: string): string | undefined =>
      this.#reasons.get(`${service}\n${key}`)
    for (const { message, fields } of membershipLines(this.#membership, after, whyLeft))
      this.#options.log.info(message, fields)
    this.#membership = after
    for (const { service, key, to } of transitions)
      if (to === 'gone') this.#reasons.delete(`${service}\n${key}`)
  }

  #reasonOf(service: string, key: string): { reason?: string } {
    const reason = this.#reasons.get(`${service}\n${key}`)
    return reason === undefined ? {} : { reason }
  }

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
  problems: [],
}

function toWanted(endpoint: Endpoint, address: string): WantedEndpoint {
  const { scheme, host, port, pathPrefix, weight, zone, terminating = false } = endpoint
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
  return {
    url: `${scheme}://${authority}`,
    tls: scheme === 'https',
    address,
    port,
    authority,
    pathPrefix,
    weight,
    ...(zone === undefined ? {} : { zone }),
    terminating,
  }
}

function problemLine({ message, remedy, resource, origin, code }: Problem): string {
  return `${describeOrigin(origin)}: ${resource === undefined ? '' : `${resource}: `}${message}${remedy === undefined ? '' : `; ${remedy}`} [${code}]`
}
