import type { Server, Socket } from 'node:net'
import { OutcomeBatch } from '../balancing/outcomes.ts'
import type { OutcomeReport } from '../balancing/outcomes.ts'
import type { MiddlewareTools, Next } from '../middleware.ts'
import { Deadlines } from '../proxy/deadlines.ts'
import { MemoryBudget } from '../proxy/memory-budget.ts'
import { HeaderList } from '../proxy/header-list.ts'
import { Response } from '../proxy/response.ts'
import { PROMETHEUS_TYPE } from '../telemetry/metrics/prometheus-text.ts'
import { ClientConnections } from './data-plane/client-connections.ts'
import { Counts } from './data-plane/counts.ts'
import { EntryPoint } from './data-plane/entry-points.ts'
import type { RequestEvents } from './data-plane/entry-points.ts'
import { MirrorTraffic } from './data-plane/mirror-traffic.ts'
import { RequestMeters } from './data-plane/request-meters.ts'
import type { MeterNews } from './data-plane/request-meters.ts'
import { Routers } from './data-plane/routers.ts'
import type { InFlight } from './data-plane/service.ts'
import { Services } from './data-plane/services.ts'
import type { WatchedEndpoint } from './data-plane-host.ts'
import { Transports } from './data-plane/transports.ts'
import type { WorkerSettings } from './entry-point-settings.ts'
import { LoadShedder } from './load-shedder.ts'
import type { PlanNames } from './plan-receiver.ts'
import type { PlanDelta } from './plan.ts'
import { PlugIns } from './plug-ins.ts'
import { PluginGuard } from './plugin-guard.ts'
import { SharedSlots, statsOf } from './shared-slots.ts'
import type { Slot, SlotStats } from './shared-slots.ts'

/** What the data plane tells its host. */
export interface DataPlaneEvents extends RequestEvents {
  /** A draining endpoint has nothing in flight in this worker any more. */
  drained(service: string, endpoint: string, version: number): void
  /** How attempts at failing endpoints went. */
  outcomes(reports: readonly OutcomeReport[]): void
  /** What is counted where; left out where nobody asks. */
  meters?(news: readonly MeterNews[]): void
  /** What the metrics show now, as text for Prometheus; empty when there is no such page. */
  metricsPage?(): Promise<string>
  /** A middleware threw; `where` names it or its router. */
  failed(where: string, error: unknown): void
}

export interface DataPlaneStats extends SlotStats {
  readonly version: number
  /** TLS handshakes by what came of them: `h2`, `http/1.1`, or why they failed. */
  readonly handshakes: Readonly<Record<string, number>>
  readonly inFlight: InFlight
}

/** Bytes of request bodies that a worker holds to send them twice, where no limit is set. */
const HELD_BYTES = 32 * 1024 * 1024

/** Everything that serves requests in one thread: accepts, routes, forwards. It does what its plan says, no more. */
export class DataPlane {
  #version = 0
  #terminating = false
  readonly #deadlines = new Deadlines()
  readonly #plugIns: PlugIns
  readonly #guard: PluginGuard
  readonly #slot: Slot
  readonly #outcomes: OutcomeBatch
  readonly #connections: ClientConnections
  readonly #entryPoints: ReadonlyMap<string, EntryPoint>
  readonly #transports = new Transports()
  readonly #services: Services
  readonly #routers: Routers

  /** It counts in `slot`. */
  constructor(
    settings: WorkerSettings,
    events: DataPlaneEvents,
    middlewareTools: Pick<MiddlewareTools, 'verifyPassword'>,
    slot: Slot = new SharedSlots(1).slot(0),
  ) {
    this.#slot = slot
    const counts = new Counts(slot)
    const shedder = new LoadShedder(settings.overload ?? { maxInFlight: 0, maxEventLoopDelay: 0 })
    const failed = (where: string, error: unknown): void => {
      counts.failure()
      events.failed(where, error)
    }
    const plugins = settings.plugins ?? []
    this.#guard = new PluginGuard(
      slot.gauges,
      plugins.map(({ name }) => name),
      failed,
    )
    this.#plugIns = new PlugIns(plugins, this.#guard)
    counts.beat()
    this.#deadlines.onTick = (late) => {
      counts.beat()
      counts.delay(late)
      shedder.observe(late)
    }
    this.#connections = new ClientConnections(this.#deadlines, counts)
    const { hostname, experiments, zone, workers = 1 } = settings
    const meters = settings.meters && new RequestMeters(settings.meters, (news) => events.meters?.(news))
    const tools = {
      worker: slot.index,
      hostname,
      matchers: this.#plugIns.matchers,
      deadlines: this.#deadlines,
      connections: this.#connections,
      counts,
      shedder,
      events,
      meters,
    }
    this.#entryPoints = new Map(settings.entryPoints.map((one) => [one.name, new EntryPoint(one, tools)]))
    this.#outcomes = new OutcomeBatch((reports) => events.outcomes(reports))
    const serviceTools = {
      deadlines: this.#deadlines,
      outcomes: this.#outcomes,
      retries: experiments.retries,
      workers,
      zone,
      strategy: (name: string) => this.#plugIns.strategy(name),
      transport: (name: string | undefined) => this.#transports.get(name),
      tlsFailed: (service: string, endpoint: string, reason: string) =>
        events.failed(`service ${service}`, new Error(`no secure connection to ${endpoint}: ${reason}`)),
      drained: (service: string, endpoint: string) => events.drained(service, endpoint, this.#version),
      meters,
      waiting: (change: number) => counts.waiting(change),
      mirrors: new MirrorTraffic(this.#deadlines, counts),
      held: new MemoryBudget(HELD_BYTES),
    }
    this.#services = new Services(
      serviceTools,
      this.#internalServices(settings.pingTerminatingStatus, events),
    )
    this.#routers = new Routers({
      plugIns: this.#plugIns,
      middlewareTools,
      worker: slot.index,
      workers,
      tables: new Map([...this.#entryPoints].map(([name, { tables }]) => [name, tables])),
      next: (service) => this.#services.next(service),
      meters,
      failed,
    })
  }

  /** Serves a socket that was accepted with `pauseOnConnect`, by `server` or in another thread. */
  accept(entryPoint: string, socket: Socket, server?: Server): void {
    this.#entryPoints.get(entryPoint)!.accept(socket, server)
  }

  /**
   * Takes a change of the plan over. Only what it names is touched; requests under way finish as they began.
   * @throws Error when the change follows another version than the one that is served
   */
  async apply(delta: PlanDelta): Promise<void> {
    await this.#plugIns.load(delta)
    const http2 = delta.tls ? await import('../proxy/http2/client-session.ts') : undefined
    if (delta.base !== this.#version)
      throw new Error(`plan ${delta.version} follows ${delta.base}, but this worker has ${this.#version}`)
    this.#version = delta.version
    this.#connections.useTls(delta.tls, http2)
    this.#transports.apply(delta.transports)
    if (delta.transports.size > 0) this.#services.useTransports()
    const replaced = new Set<string>()
    for (const [name, service] of delta.services)
      if (service && this.#services.set(name, service)) replaced.add(name)
    this.#services.link()
    this.#routers.apply(delta, replaced)
    for (const [name, service] of delta.services) if (!service) this.#services.delete(name)
    this.#services.link()
  }

  /** Has the next success of these endpoints told, as if they had failed here. */
  watch(endpoints: readonly WatchedEndpoint[]): void {
    for (const [service, endpoint] of endpoints) this.#services.watch(service, endpoint)
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
    this.#connections.stop(idleFor)
  }

  /** Takes an error that nobody has caught in this thread. False when it is of no plug-in. */
  strayError(error: unknown): boolean {
    return this.#guard.stray(error)
  }

  /** Closes everything at once. */
  close(): void {
    this.#connections.destroy()
    this.#outcomes.flush()
    this.#services.close()
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
    return {
      routers: this.#routers.names,
      middlewares: this.#routers.middlewareNames,
      services: this.#services.names,
      transports: this.#transports.names,
    }
  }

  stats(): DataPlaneStats {
    return {
      ...statsOf(this.#slot),
      version: this.#version,
      handshakes: this.#connections.handshakes,
      inFlight: this.inFlight(),
    }
  }

  inFlight(): InFlight {
    return this.#services.inFlight()
  }

  /** What the proxy answers itself. Services of its own are not in the plan. */
  #internalServices(pingTerminatingStatus: number, events: DataPlaneEvents): ReadonlyMap<string, Next> {
    return new Map<string, Next>([
      [
        'ping@internal',
        () => (this.#terminating ? Response.because('SD', pingTerminatingStatus) : Response.because('PG')),
      ],
      ['prometheus@internal', () => metricsAnswer(events)],
      ['noop@internal', () => Response.because('NR')],
    ])
  }
}

async function metricsAnswer(events: DataPlaneEvents): Promise<Response> {
  const text = (await events.metricsPage?.()) ?? ''
  if (text === '') return Response.because('NR')
  const headers = new HeaderList(['Content-Type', PROMETHEUS_TYPE, 'Cache-Control', 'no-store'])
  return new Response(200, headers, text, 'PM')
}
