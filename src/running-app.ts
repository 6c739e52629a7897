import type { AdminServer } from './admin/admin-server.ts'
import type { EndpointStatus } from './balancing/life-cycle.ts'
import type { Problem } from './config/problem.ts'
import { ConfigurationError } from './config/problem.ts'
import type { StaticConfig } from './config/static.ts'
import type { Discovery } from './discovery/discovery.ts'
import type { RoutingConfig } from './discovery/routing-config.ts'
import type { ControlPlane } from './server/control-plane.ts'
import type { DataPlaneHost, ThreadStats } from './server/data-plane-host.ts'
import { addressProblem, adminAddressProblem } from './server/entry-point-addresses.ts'
import type { HeldAddress } from './server/held-address.ts'
import type { ListenAddress } from './server/listener.ts'
import type { LineWriter } from './telemetry/line-writer.ts'
import type { Logger } from './telemetry/log.ts'
import type { StatsDPusher } from './telemetry/statsd.ts'

/** A running Tidegate. */
export interface App extends AsyncDisposable {
  /** Where each entry point listens, ports that the system chose included. */
  readonly addresses: ReadonlyMap<string, ListenAddress>
  /** What is served now. */
  readonly routing: RoutingConfig
  /** Everything that is not served as written. */
  readonly problems: readonly Problem[]
  /** Every endpoint that is known, its state and why. */
  readonly endpoints: readonly EndpointStatus[]
  /** Where the admin API listens; undefined when it is off. */
  readonly adminPort: number | undefined
  stats(): readonly ThreadStats[]
  /** Stops gracefully: what is in flight finishes within the grace times of its entry point. */
  stop(): Promise<void>
  /** Reads sources anew (SIGHUP). */
  reload(): void
  /** Opens log files anew after they were rotated away (SIGUSR1). */
  reopenLogs(): void
}

/** What it is made of. */
export interface AppParts {
  readonly config: StaticConfig
  readonly log: Logger
  readonly host: DataPlaneHost
  readonly discovery: Discovery
  readonly controlPlane: ControlPlane
  readonly accessLog: LineWriter | undefined
  /** By entry point. */
  readonly held: ReadonlyMap<string, HeldAddress>
  readonly admin: AdminServer | undefined
  readonly pushers: readonly StatsDPusher[]
}

/** Milliseconds that the first pictures may take before entry points open with what is there. */
const FIRST_PICTURES_MS = 5_000

/** Milliseconds for which idle connections stay open in a stop: requests on them may be on their way. */
const IDLE_GRACE_MS = 2_000

/** Its life: from the first pictures over open doors to the last request. */
export class RunningApp implements App {
  readonly #parts: AppParts
  #stopped: Promise<void> | undefined

  constructor(parts: AppParts) {
    this.#parts = parts
  }

  /** Entry points open only once there is something to route to: a new process must not answer 404 for a moment. */
  async start(): Promise<void> {
    await this.#parts.discovery.restore()
    this.#parts.discovery.start(() => this.#parts.controlPlane.schedule())
    const complete = await this.#parts.discovery.ready(FIRST_PICTURES_MS)
    if (!complete) this.#parts.log.warn('not all providers have answered yet; serving what is known')
    await this.#parts.controlPlane.rebuild()
    await this.#parts.controlPlane.applied
    await this.#listen()
    await this.#listenForAdmin()
    const places = [...this.addresses].map(([name, { host, port }]) => `${name} on ${host}:${port}`)
    const { routers, services } = this.routing
    this.#parts.log.info(`serving: ${places.join(', ')}`, {
      workers: this.#parts.host.workers.length,
      routers: routers.size,
      services: services.size,
    })
  }

  /** Also in the time since its address was proved free, another process may have begun to listen there. */
  async #listen(): Promise<void> {
    for (const held of this.#parts.held.values()) {
      try {
        await this.#parts.host.listen([held])
      } catch (error) {
        await this.#close()
        throw new ConfigurationError([addressProblem(held.address, error)])
      }
    }
  }

  async #listenForAdmin(): Promise<void> {
    try {
      await this.#parts.admin?.listen()
    } catch (error) {
      await this.#close()
      throw new ConfigurationError([adminAddressProblem(this.#parts.config.api!.listen, error)])
    }
  }

  get isStopping(): boolean {
    return this.#stopped !== undefined
  }

  get adminPort(): number | undefined {
    return this.#parts.admin?.port
  }

  get addresses(): ReadonlyMap<string, ListenAddress> {
    return new Map([...this.#parts.held].map(([name, { address }]) => [name, address]))
  }

  get routing(): RoutingConfig {
    return this.#parts.controlPlane.routing
  }

  get problems(): readonly Problem[] {
    return this.#parts.controlPlane.problems
  }

  get endpoints(): readonly EndpointStatus[] {
    return this.#parts.controlPlane.endpoints
  }

  stats(): readonly ThreadStats[] {
    return this.#parts.host.stats()
  }

  reload(): void {
    this.#parts.log.info('reading sources anew')
    this.#parts.discovery.refresh()
    this.#parts.controlPlane.refresh()
  }

  reopenLogs(): void {
    this.#parts.log.reopen()
    this.#parts.accessLog?.reopen()
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** The ping page says so first, so that whoever is in front can look elsewhere before the doors close. */
  async #stop(): Promise<void> {
    const lives = [...this.#parts.config.entryPoints.values()].map(({ transport }) => transport.lifeCycle)
    const acceptFor = Math.max(...lives.map(({ requestAcceptGraceTimeout }) => requestAcceptGraceTimeout))
    const graceFor = Math.max(...lives.map(({ graceTimeOut }) => graceTimeOut))
    this.#parts.host.announceStop()
    this.#parts.log.info('stopping', { acceptFor, graceFor })
    await pause(acceptFor)
    const late = await isLate(this.#parts.host.stop(Math.min(IDLE_GRACE_MS, graceFor / 2)), graceFor)
    if (late)
      this.#parts.log.warn(
        'requests were still in flight when the grace time was over; their connections are closed',
      )
    await this.#close()
    this.#parts.log.info('stopped')
    this.#parts.log.flush()
  }

  async #close(): Promise<void> {
    this.#parts.controlPlane.close()
    await Promise.all(this.#parts.pushers.map((pusher) => pusher.close()))
    await this.#parts.admin?.close()
    await this.#parts.discovery.stop()
    await this.#parts.host.close()
    await this.#parts.accessLog?.close()
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** Whether `done` takes longer than this. */
function isLate(done: Promise<void>, milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(true), milliseconds)
    void done.then(() => {
      clearTimeout(timer)
      resolve(false)
    })
  })
}
