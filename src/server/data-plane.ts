import type { Socket, Server } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { LoadBalancer } from '../balancing/load-balancer.ts'
import { RetryBudget } from '../balancing/retry-budget.ts'
import type { Middleware, MiddlewareTools, Next } from '../middleware.ts'
import { Deadlines } from '../proxy/deadlines.ts'
import { forward } from '../proxy/forward.ts'
import type { ForwardTarget } from '../proxy/forward.ts'
import { compileForwardedPolicy } from '../proxy/forwarded-headers.ts'
import { ClientConnection } from '../proxy/http1/client-connection.ts'
import type { ConnectionHost } from '../proxy/http1/connection-host.ts'
import type { Http2Host, Peer } from '../proxy/http2/client-session.ts'
import { DEFAULT_HTTP2_LIMITS } from '../proxy/http2/limits.ts'
import { NewConnection } from '../proxy/new-connection.ts'
import type { Doorway } from '../proxy/new-connection.ts'
import type { Request } from '../proxy/request.ts'
import { Response } from '../proxy/response.ts'
import { TlsTerminator } from '../proxy/tls/terminator.ts'
import { Endpoint } from '../proxy/upstream/endpoint.ts'
import { DEFAULT_TRANSPORT } from '../proxy/upstream/transport.ts'
import { WHY_CODES } from '../proxy/why.ts'
import type { WhyCode } from '../proxy/why.ts'
import { WaitQueue } from '../proxy/wait-queue.ts'
import { Wire } from '../proxy/wire.ts'
import type { WireHandler } from '../proxy/wire.ts'
import { RoutingTable } from '../routing/table.ts'
import { compose } from './compose.ts'
import { ConnectionGate } from './connection-gate.ts'
import type { EntryPointSettings, WorkerSettings } from './entry-point-settings.ts'
import { LoadShedder } from './load-shedder.ts'
import { patchedTls } from './plan-delta.ts'
import type { PlanNames } from './plan-receiver.ts'
import type { MiddlewarePlan, PlanDelta, RouterPlan, ServiceDelta, TlsPlan } from './plan.ts'
import { PlugIns } from './plug-ins.ts'
import { COUNTER, GAUGE, SharedSlots, statsOf } from './shared-slots.ts'
import type { Slot, SlotStats } from './shared-slots.ts'

/** What the data plane tells its host. */
export interface DataPlaneEvents {
  /** A draining endpoint has nothing in flight in this worker any more. */
  drained(service: string, endpoint: string, version: number): void
  /** A request has come, and no middleware has seen it yet; undefined when nobody wants to know. */
  readonly begun: ((request: Request) => void) | undefined
  /** Its exchange is over: `bytes` of body have left; it came at `startedAt` (performance clock). */
  finished(request: Request, response: Response, bytes: number, startedAt: number): void
  /** A middleware threw; `where` names it or its router. */
  failed(where: string, error: unknown): void
}

export interface DataPlaneStats extends SlotStats {
  readonly version: number
  /** TLS handshakes by what came of them: `h2`, `http/1.1`, or why they failed. */
  readonly handshakes: Readonly<Record<string, number>>
  readonly inFlight: InFlight
}

/** Requests on their way, by service and endpoint. */
export type InFlight = Readonly<Record<string, Readonly<Record<string, number>>>>

/** A service as this worker serves it. It lives as long as the plan holds it; its counters survive every change. */
interface Service {
  readonly balancer: LoadBalancer<Endpoint>
  target: ForwardTarget
  strategy: string
  /** An endpoint may be free again. */
  readonly freed: () => void
  readonly next: Next
}

interface Router {
  readonly plan: RouterPlan
  /** Of the plan; here, since requests look at nothing else of it. */
  readonly service: string
  /** It leads to a page of the proxy's own, which answers whatever the load. */
  readonly internal: boolean
  readonly middlewares: Map<string, { plan: MiddlewarePlan; instance: Middleware }>
  handle: Next
}

/** Refused connections that may be told so at once; beyond that they are reset. */
const MAX_REFUSING = 1_000

/** Everything that serves requests in one thread: accepts, routes, forwards. It does what its plan says, no more. */
export class DataPlane {
  #version = 0
  #terminating = false
  #stopping = false
  #idleFor = 0
  readonly #settings: WorkerSettings
  readonly #events: DataPlaneEvents
  readonly #tools: Omit<MiddlewareTools, 'name'>
  readonly #deadlines = new Deadlines()
  readonly #budget = new RetryBudget()
  readonly #plugIns = new PlugIns()
  readonly #entryPoints = new Map<string, EntryPoint>()
  readonly #middlewares = new Map<string, MiddlewarePlan>()
  readonly #services = new Map<string, Service>()
  readonly #routers = new Map<string, Router>()
  readonly #connections = new Set<Connection>()
  #tls: { readonly plan: TlsPlan; readonly terminator: TlsTerminator; readonly http2: Http2 } | undefined =
    undefined
  readonly #slot: Slot
  readonly #shedder: LoadShedder
  /** Connections that are being told that they are too many. */
  #refusing = 0

  /** It counts in `slot`. */
  constructor(
    settings: WorkerSettings,
    events: DataPlaneEvents,
    tools: Omit<MiddlewareTools, 'name'>,
    slot: Slot = new SharedSlots(1).slot(0),
  ) {
    this.#slot = slot
    this.#settings = settings
    this.#events = events
    this.#tools = tools
    this.#shedder = new LoadShedder(settings.overload ?? { maxInFlight: 0, maxEventLoopDelay: 0 })
    this.#deadlines.onTick = (late) => this.#shedder.observe(late)
    for (const entryPoint of settings.entryPoints)
      this.#entryPoints.set(entryPoint.name, this.#openEntryPoint(entryPoint))
  }

  /** Serves a socket that was accepted with `pauseOnConnect`, by `server` or in another thread. */
  accept(entryPoint: string, socket: Socket, server?: Server): void {
    this.#add(COUNTER.accepted, 1)
    const point = this.#entryPoints.get(entryPoint)!
    // A client that was reset before it was accepted has no address any more, but what it sent can still be read:
    // nobody could say whether it is allowed, and nobody waits for the answer.
    if (socket.remoteAddress === undefined) {
      socket.destroy()
      return
    }
    const peer = {
      address: plainAddress(socket.remoteAddress),
      port: socket.remotePort ?? 0,
      // All sockets of a listener have its port: asking once spares each connection a system call.
      localPort: (point.localPort ||= socket.localPort ?? 0),
      secure: false,
    }
    socket.setNoDelay(true)
    const refusal = point.gate.enter(peer.address)
    if (refusal !== undefined) {
      this.#refuse(refusal, socket, server, peer, point.host)
      return
    }
    const open = (handler: WireHandler): Wire =>
      closing(Wire.accepted(socket, server, handler), () => point.gate.leave(peer.address))
    // Where nothing is served over TLS, no first byte is waited for.
    const connection = this.#tls
      ? new NewConnection(open, point.doorway(peer))
      : new ClientConnection(open, peer, point.host)
    this.#connections.add(connection)
    this.#gauge()
    if (this.#stopping) connection.stop(this.#idleFor)
  }

  /** Takes a change of the plan over. Only what it names is touched; requests under way finish as they began. */
  async apply(delta: PlanDelta): Promise<void> {
    await this.#plugIns.load(delta)
    // HTTP/2 costs memory in every worker that loads it, and only TLS connections choose it.
    const http2 = delta.tls ? await import('../proxy/http2/client-session.ts') : undefined
    if (delta.base !== this.#version)
      throw new Error(`plan ${delta.version} follows ${delta.base}, but this worker has ${this.#version}`)
    this.#version = delta.version
    this.#setTls(delta.tls, http2)
    for (const [name, service] of delta.services) if (service) this.#setService(name, service)
    const changed = new Set<string>()
    for (const [name, middleware] of delta.middlewares) {
      changed.add(name)
      if (middleware) this.#middlewares.set(name, middleware)
      else this.#middlewares.delete(name)
    }
    for (const [name, router] of delta.routers) this.#trySetRouter(name, router)
    this.#recompile(changed, delta.routers)
    for (const [name, service] of delta.services) if (!service) this.#deleteService(name)
  }

  /** Answers the ping page with 503 from now on, so that whoever is in front sends its requests elsewhere. */
  announceStop(): void {
    this.#terminating = true
  }

  /**
   * Answers every request with `Connection: close` from now on. An idle connection may wait for `idleFor`
   * milliseconds for a request that may be on its way already.
   */
  stop(idleFor = 1_000): void {
    this.#stopping = true
    this.#idleFor = idleFor
    for (const connection of this.#connections) connection.stop(idleFor)
  }

  /** Closes everything at once. */
  close(): void {
    for (const connection of this.#connections) connection.destroy()
    for (const { balancer } of this.#services.values())
      for (const endpoint of balancer.endpoints.values()) endpoint.close()
    this.#deadlines.close()
  }

  /** Client connections that are open. */
  get connections(): number {
    return this.#connections.size
  }

  /** Of the plan that is served. */
  get version(): number {
    return this.#version
  }

  /** What is served, drains included. */
  get names(): PlanNames {
    const services = [...this.#services].map(
      ([name, { balancer }]) => [name, balancer.endpoints.keys()] as const,
    )
    return { routers: this.#routers.keys(), middlewares: this.#middlewares.keys(), services }
  }

  stats(): DataPlaneStats {
    return {
      ...statsOf(this.#slot),
      version: this.#version,
      handshakes: Object.fromEntries(this.#tls?.terminator.outcomes ?? []),
      inFlight: this.inFlight(),
    }
  }

  inFlight(): InFlight {
    return Object.fromEntries(
      [...this.#services].map(([name, { balancer }]) => [
        name,
        Object.fromEntries(
          [...balancer.endpoints.values()].map((endpoint) => [endpoint.key, endpoint.inFlight]),
        ),
      ]),
    )
  }

  // ---- connections ------------------------------------------------------------------------------------------

  /** A flood costs little: so many are told why at a time, the others are reset, as is who expects TLS. */
  #refuse(
    why: WhyCode,
    socket: Socket,
    server: Server | undefined,
    peer: ConstructorParameters<typeof ClientConnection>[1],
    host: ConnectionHost,
  ): void {
    if (this.#tls || this.#refusing >= MAX_REFUSING) {
      this.#count(why)
      socket.resetAndDestroy()
      return
    }
    this.#refusing++
    const connection = new ClientConnection(
      (handler) => closing(Wire.accepted(socket, server, handler), () => this.#refusing--),
      peer,
      host,
    )
    this.#connections.add(connection)
    connection.refuse(why)
  }

  #setTls(delta: PlanDelta['tls'], http2: Http2 | undefined): void {
    if (delta === undefined) return
    const { tls: plan } = patchedTls(this.#tls?.plan, delta)
    if (!plan || !http2) {
      this.#tls = undefined
      return
    }
    const terminator = this.#tls?.terminator
    terminator?.use(plan)
    this.#tls = { plan, terminator: terminator ?? new TlsTerminator(plan), http2 }
  }

  #enterPlain(connection: NewConnection, bytes: Buffer, peer: Peer, host: ConnectionHost): void {
    const { wire } = connection
    const client = new ClientConnection(
      (handler) => swapHandler(wire, handler),
      { ...peer, secure: false },
      host,
    )
    this.#replace(connection, client)
    client.onBytes(bytes)
  }

  #enterSecure(connection: NewConnection, bytes: Buffer, peer: Peer, host: SecureHost): void {
    const tls = this.#tls
    // TLS was switched off between the connection and its first byte.
    if (!tls) return connection.destroy()
    tls.terminator.accept(connection.wire.release(bytes), (socket) => {
      this.#replace(connection, this.#openSecure(socket, connection.wire, peer, host, tls.http2))
    })
  }

  #openSecure(
    socket: TLSSocket,
    below: Wire,
    peer: Peer,
    host: SecureHost,
    { ClientSession: Session }: Http2,
  ): Connection {
    if (socket.alpnProtocol === 'h2') return new Session(socket, peer, host)
    return new ClientConnection(
      (handler) => Wire.tls(socket, handler, below),
      { ...peer, secure: true },
      host,
    )
  }

  #replace(before: NewConnection, after: Connection): void {
    this.#connections.delete(before)
    this.#connections.add(after)
    if (this.#stopping) after.stop(this.#idleFor)
  }

  /** What other threads see. */
  #gauge(): void {
    Atomics.store(this.#slot.gauges, GAUGE.connections, this.#connections.size)
  }

  // ---- requests ---------------------------------------------------------------------------------------------

  #openEntryPoint(settings: EntryPointSettings): EntryPoint {
    const policy = compileForwardedPolicy(settings.forwarded, this.#settings.hostname)
    const table = new RoutingTable<Router>(this.#plugIns.matchers)
    const secureTable = new RoutingTable<Router>(this.#plugIns.matchers)
    const gate = new ConnectionGate(settings.caps ?? { maxConnections: 0, maxConnectionsPerClient: 0 })
    const answer =
      (from: RoutingTable<Router>) =>
      (request: Request, managedSeen: boolean): Response | Promise<Response> => {
        request.entryPoint = settings.name
        const accepted = policy(request, managedSeen)
        this.#events.begun?.(request)
        if (!accepted) return Response.because('BR')
        return this.#handle(from, request)
      }
    const host = {
      deadlines: this.#deadlines,
      limits: settings.limits,
      stopping: () => this.#stopping,
      handle: answer(table),
      finished: (request: Request, response: Response, bytes: number, startedAt: number) => {
        this.#discount(request)
        this.#add(COUNTER.requests, 1)
        if (request.retries > 0) this.#add(COUNTER.retries, request.retries)
        if (request.why !== undefined) this.#count(request.why)
        this.#events.finished(request, response, bytes, startedAt)
      },
      tunnelled: (request: Request) => this.#discount(request),
      refused: (why: WhyCode, request: Request, startedAt: number) => {
        this.#discount(request)
        this.#count(why)
        request.why = why
        request.entryPoint = settings.name
        const response = Response.because(why)
        if (request.accessEntry === undefined) this.#events.begun?.(request)
        this.#events.finished(request, response, response.body?.length ?? 0, startedAt)
      },
      closed: (connection: Connection) => {
        this.#connections.delete(connection)
        this.#gauge()
      },
    }
    const secureHost = {
      ...host,
      handle: answer(secureTable),
      http2: settings.http2 ?? DEFAULT_HTTP2_LIMITS,
      flooded: () => this.#tls?.terminator.count('h2-flood'),
    }
    const doorway = (peer: Peer): Doorway => ({
      deadlines: this.#deadlines,
      readTimeout: settings.limits.headersTimeout,
      plain: (connection, bytes) => this.#enterPlain(connection, bytes, peer, host),
      secure: (connection, bytes) => this.#enterSecure(connection, bytes, peer, secureHost),
      closed: host.closed,
    })
    return { host, gate, table, secureTable, secure: settings.tls === true, doorway, localPort: 0 }
  }

  #count(why: WhyCode): void {
    this.#add(COUNTER.why + WHY_CODES.indexOf(why), 1)
  }

  #add(counter: number, times: number): void {
    this.#slot.counters[counter] = this.#slot.counters[counter]! + times
  }

  #handle(table: RoutingTable<Router>, request: Request): Response | Promise<Response> {
    const router = table.find(request)
    if (router === undefined) return Response.because('NR')
    request.router = router.name
    request.service = router.target.service
    if (!router.target.internal) {
      if (this.#shedder.turnsAway()) return Response.because('OV')
      this.#shedder.inFlight++
      request.counted = true
    }
    return router.target.handle(request)
  }

  #caught(router: string, chain: Next): Next {
    const failed = (error: unknown): Response => this.#failed(router, error)
    return (request) => {
      try {
        const answer = chain(request)
        return answer instanceof Promise ? answer.catch(failed) : answer
      } catch (error) {
        return failed(error)
      }
    }
  }

  /** It is no longer under way. */
  #discount(request: Request): void {
    if (!request.counted) return
    request.counted = false
    this.#shedder.inFlight--
  }

  #failed(where: string, error: unknown): Response {
    this.#events.failed(where, error)
    return Response.because('IE')
  }

  // ---- services ---------------------------------------------------------------------------------------------

  #setService(name: string, delta: ServiceDelta): void {
    const service = this.#services.get(name) ?? this.#createService(name, delta)
    if (service.strategy !== delta.strategy) {
      service.strategy = delta.strategy
      service.balancer.useStrategy(this.#plugIns.strategy(delta.strategy))
    }
    service.target = { ...service.target, passHostHeader: delta.passHostHeader }
    const maxConnections = this.#shareOf(delta.limits?.maxConnections) ?? Number.POSITIVE_INFINITY
    if (delta.limits) {
      const { maxQueue, queueTimeout } = delta.limits
      service.target.queue.limits = { maxQueue: this.#shareOf(maxQueue)!, queueTimeout }
    }
    for (const endpoint of service.balancer.endpoints.values()) endpoint.maxConnections = maxConnections
    const gone: Endpoint[] = []
    for (const [key, plan] of delta.endpoints) {
      const endpoint = service.balancer.endpoints.get(key)
      if (plan === null) {
        service.balancer.delete(key)
        if (endpoint) gone.push(endpoint)
      } else if (endpoint) endpoint.update(plan)
      else {
        const drained = (): void => this.#events.drained(name, key, this.#version)
        const created = new Endpoint(key, plan, DEFAULT_TRANSPORT, this.#deadlines, drained, service.freed)
        created.maxConnections = maxConnections
        service.balancer.set(created)
        if (created.draining) drained()
      }
    }
    service.balancer.refresh()
    service.freed()
    // Only now: what is still on its way to them may be sent again, and must find those that are left.
    for (const endpoint of gone) endpoint.close()
  }

  /** This worker's part of what is limited for all; at least one, or a service would be served by some workers only. */
  #shareOf(limit: number | undefined): number | undefined {
    return limit === undefined ? undefined : Math.ceil(limit / (this.#settings.workers ?? 1))
  }

  #createService(name: string, { strategy, passHostHeader }: ServiceDelta): Service {
    const balancer = new LoadBalancer<Endpoint>(this.#plugIns.strategy(strategy))
    const queue = new WaitQueue(this.#deadlines, () => balancer.hasRoom)
    const { retries } = this.#settings.experiments
    const service: Service = {
      balancer,
      strategy,
      target: { balancer, passHostHeader, budget: this.#budget, queue, retries },
      freed: () => queue.wake(),
      next: (request) => forward(request, service.target),
    }
    this.#services.set(name, service)
    return service
  }

  #deleteService(name: string): void {
    const service = this.#services.get(name)
    this.#services.delete(name)
    if (!service) return
    const { balancer } = service
    const gone = [...balancer.endpoints.values()]
    for (const { key } of gone) balancer.delete(key)
    balancer.refresh()
    service.freed()
    for (const endpoint of gone) endpoint.close()
  }

  /** What answers for a service. Services of the proxy's own are not in the plan. */
  #serviceNext(name: string): Next {
    const service = this.#services.get(name)
    if (service) return service.next
    if (name === 'ping@internal') return () => this.#ping()
    return () => Response.because(name === 'noop@internal' ? 'NR' : 'UH')
  }

  #ping(): Response {
    return this.#terminating
      ? Response.because('SD', this.#settings.pingTerminatingStatus)
      : Response.because('PG')
  }

  // ---- routers ----------------------------------------------------------------------------------------------

  /** A router that cannot be set up stays as it was, and the others are none the worse for it. */
  #trySetRouter(name: string, plan: RouterPlan | null): void {
    try {
      this.#setRouter(name, plan)
    } catch (error) {
      this.#events.failed(`router ${name}`, error)
    }
  }

  #setRouter(name: string, plan: RouterPlan | null): void {
    const before = this.#routers.get(name)
    if (plan === null) this.#routers.delete(name)
    else this.#routers.set(name, this.#compileRouter(name, plan, before))
    const tables = plan ? this.#tablesOf(plan) : []
    for (const table of before ? this.#tablesOf(before.plan) : [])
      if (!tables.includes(table)) table.delete(name)
    for (const table of tables) {
      const { rule, priority, rank } = plan!
      table.set(name, { rule, priority, rank, target: this.#routers.get(name)! })
    }
  }

  /** Of each of its entry points the one for plain connections or the one for TLS. */
  #tablesOf({ entryPoints, tls = false }: RouterPlan): RoutingTable<Router>[] {
    return entryPoints.flatMap((name) => {
      const entryPoint = this.#entryPoints.get(name)
      if (!entryPoint) return []
      return entryPoint.secure || tls ? entryPoint.secureTable : entryPoint.table
    })
  }

  /** A middleware of unchanged options keeps its instance, and with it its state. */
  #compileRouter(name: string, plan: RouterPlan, before: Router | undefined): Router {
    const middlewares: Router['middlewares'] = new Map()
    for (const middleware of plan.middlewares) {
      const wanted = this.#middlewares.get(middleware)
      if (!wanted) throw new Error(`router ${name} names middleware ${middleware}, which the plan lacks`)
      const kept = before?.middlewares.get(middleware)
      const instance = kept?.plan === wanted ? kept.instance : this.#createMiddleware(middleware, wanted)
      middlewares.set(middleware, { plan: wanted, instance })
    }
    const chain = plan.middlewares.map((middleware) => middlewares.get(middleware)!.instance)
    const next = this.#serviceNext(plan.service)
    // A service never throws and never rejects, so a router without middlewares needs no net, which costs a promise.
    const handle = chain.length === 0 ? next : this.#caught(name, compose(chain, next))
    const internal = plan.service.endsWith('@internal')
    return { plan, service: plan.service, internal, middlewares, handle }
  }

  #createMiddleware(name: string, { type, options }: MiddlewarePlan): Middleware {
    return this.#plugIns.middleware(type).create(options as never, { name, ...this.#tools })
  }

  /** Routers that did not change themselves, but whose middlewares did. */
  #recompile(changed: ReadonlySet<string>, done: ReadonlyMap<string, unknown>): void {
    if (changed.size === 0) return
    for (const [name, router] of this.#routers) {
      if (done.has(name) || !router.plan.middlewares.some((middleware) => changed.has(middleware))) continue
      this.#trySetRouter(name, router.plan)
    }
  }
}

interface EntryPoint {
  readonly host: ConnectionHost
  readonly gate: ConnectionGate
  readonly table: RoutingTable<Router>
  readonly secureTable: RoutingTable<Router>
  /** All its routers take TLS connections. */
  readonly secure: boolean
  readonly doorway: (peer: Peer) => Doorway
  /** 0 until the first connection tells. */
  localPort: number
}

/** A client's, whatever it speaks. */
type Connection = Pick<ClientConnection, 'stop' | 'destroy'>
type SecureHost = ConnectionHost & Http2Host
type Http2 = typeof import('../proxy/http2/client-session.ts')

function closing(wire: Wire, closed: () => void): Wire {
  wire.socket.once('close', closed)
  return wire
}

function swapHandler(wire: Wire, handler: WireHandler): Wire {
  wire.handler = handler
  return wire
}

/** IPv4-mapped addresses as what they are: rules and logs are written for IPv4. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address
}
