import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import type { Admin } from './admin/admin.ts'
import type { AdminServer } from './admin/admin-server.ts'
import { viewOf } from './app-view.ts'
import type { EndpointStatus } from './balancing/life-cycle.ts'
import { strategyNames } from './balancing/strategy-catalogue.ts'
import type { Problem } from './config/problem.ts'
import { ConfigurationError } from './config/problem.ts'
import type { StaticConfig } from './config/static.ts'
import { discover } from './discover.ts'
import { systemClock } from './discovery/clock.ts'
import { Discovery } from './discovery/discovery.ts'
import { tagSourceOptions } from './discovery/options.ts'
import type { TagSourceOptions } from './discovery/options.ts'
import { PictureStore } from './discovery/picture-store.ts'
import { Preparation } from './discovery/preparation.ts'
import type { RoutingConfig } from './discovery/routing-config.ts'
import { SourceBuilder } from './discovery/source-builder.ts'
import type { TaggedProvider } from './discovery/source-builder.ts'
import type { RoutingContext } from './discovery/source.ts'
import type { StoredPicture } from './discovery/stored-picture.ts'
import { Watcher } from './discovery/watcher.ts'
import { fields } from './config/fields.ts'
import type { MiddlewareDefinition } from './middleware.ts'
import { loadPlugins, pluginFiles } from './plugins/plugins.ts'
import type { Plugins } from './plugins/plugins.ts'
import { allProviders } from './provider-catalogue.ts'
import type { ProviderDefinitions } from './provider-catalogue.ts'
import { allMatchers } from './routing/matcher-catalogue.ts'
import { ControlPlane } from './server/control-plane.ts'
import type { DataPlaneHost, HostEvents, ThreadStats } from './server/data-plane-host.ts'
import type { WorkerSettings } from './server/entry-point-settings.ts'
import { HeapKeeper } from './server/heap-keeper.ts'
import { InProcessHost } from './server/in-process-host.ts'
import { INTERNAL, internalRouting } from './server/internal-routing.ts'
import { addressProblem, adminAddressProblem, holdAddresses } from './server/entry-point-addresses.ts'
import type { HeldAddress } from './server/held-address.ts'
import type { InheritedSocket } from './server/inherited-sockets.ts'
import type { ListenAddress } from './server/listener.ts'
import { workerSettings } from './server/worker-settings.ts'
import { WorkerHost } from './server/worker-host.ts'
import { openConnections, openMetrics, openPushers, prometheusPage } from './server/metrics/open-metrics.ts'
import { LineWriter } from './telemetry/line-writer.ts'
import { createLogger } from './telemetry/log.ts'
import type { Logger } from './telemetry/log.ts'
import type { StatsDPusher } from './telemetry/statsd.ts'

export interface AppOptions {
  readonly config: StaticConfig
  /** Default: the one that the configuration asks for. */
  readonly log?: Logger
  /** Default `workers`; `in-process` keeps the data plane in this thread, for tests. */
  readonly hosting?: 'workers' | 'in-process'
  /** Listening sockets that whoever started this process has opened for it. */
  readonly inherited?: readonly InheritedSocket[]
}

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

/** Milliseconds that the first pictures may take before entry points open with what is there. */
const FIRST_PICTURES_MS = 5_000

/** Milliseconds for which idle connections stay open in a stop: requests on them may be on their way. */
const IDLE_GRACE_MS = 2_000

/**
 * Starts everything: finds services, plans, serves.
 * @throws ConfigurationError when an address cannot be listened on; nothing listens then
 */
export async function startApp({
  config,
  log = createLogger(config.log),
  hosting = 'workers',
  inherited = [],
}: AppOptions): Promise<App> {
  const wanted = [...config.entryPoints].map(
    ([
      entryPoint,
      {
        listen: { host, port },
      },
    ]) => ({
      entryPoint,
      host,
      port,
    }),
  )
  const held = await holdAddresses(wanted, inherited)
  const providers = await allProviders()
  const accessLog = openAccessLog(config, log)
  const metrics = openMetrics(config)
  const page = metrics && prometheusPage(config, metrics)
  const hostEvents: HostEvents = {
    drained: (worker, service, endpoint, version) => controlPlane.drained(worker, service, endpoint, version),
    outcomes: (reports) => controlPlane.outcomes(reports),
    accessLog: (lines) => accessLog?.take(lines),
    meters: (worker, news) => metrics?.heard(worker, news),
    metricsPage: () => page?.() ?? '',
    failed: (where, message) => log.error(`${where}: ${message}`),
    died: (worker, reason, slot) => {
      metrics?.workerDied(worker)
      log.error(`worker ${worker} died: ${reason}; another takes its place`, { code: 'E502' })
      controlPlane.workerDied(slot)
    },
  }
  const settings = workerSettings(config, hostname())
  const heap = hosting === 'workers' ? new HeapKeeper() : undefined
  const host = openHost(hosting, config, settings, hostEvents)
  // Whoever reads of what happens is there only with the admin API.
  let admin: Admin | undefined = undefined
  const watchers = openWatchers(config, providers, log, () => admin?.observer.changed())
  const discovery = new Discovery(watchers, { store: openStore(config, watchers, log) })
  const plugins = await loadPlugins(pluginFiles(config.plugins))
  const context = await routingContext(config, plugins)
  const controlPlane = new ControlPlane({
    discovery,
    sources: new SourceBuilder(taggedProviders(config, providers)),
    internal: { provider: INTERNAL, fragments: [], routing: [{ part: '', node: internalRouting(config) }] },
    context,
    startProblems: plugins.problems,
    preparation: new Preparation(context.middlewares, { readText: (path) => readFile(path, 'utf8') }),
    host,
    log,
    draining: config.experiments.draining,
    metrics,
    observer: {
      moved: (transitions) => admin?.observer.moved(transitions),
      changed: () => admin?.observer.changed(),
    },
    precedence: precedence(config),
    defaultTransport: config.serversTransport && {
      config: config.serversTransport,
      origin: { source: 'the static configuration', key: 'serversTransport' },
    },
    workers: hosting === 'workers' ? config.workers : 1,
    tlsEntryPoints: [...config.entryPoints].flatMap(([name, { http }]) => (http.tls ? [name] : [])),
    ...(heap && { applied: () => heap.changed() }),
  })
  const readText = (path: string): Promise<string> => readFile(path, 'utf8')
  // Loaded only where it is used: its server brings 15 MiB with it.
  admin =
    config.api &&
    (await import('./admin/admin.ts')).createAdmin(config.api, {
      view: viewOf({
        config,
        context,
        precedence: precedence(config),
        discovery,
        controlPlane,
        isStopping: () => app.isStopping,
      }),
      admin: controlPlane,
      log,
      readText,
    })
  metrics?.readFrom({
    problems: () => controlPlane.problems,
    endpoints: () => controlPlane.endpoints,
    providers: () => discovery.states,
    threads: () => host.stats(),
    connections: () => openConnections(settings),
    accessLog: () => accessLog,
  })
  const pushers = metrics ? await openPushers(config, metrics, log) : []
  const app: RunningApp = new RunningApp(
    config,
    log,
    host,
    discovery,
    controlPlane,
    accessLog,
    held,
    admin?.server,
    pushers,
  )
  await app.start()
  return app
}

class RunningApp implements App {
  readonly #held: ReadonlyMap<string, HeldAddress>
  readonly #config: StaticConfig
  readonly #log: Logger
  readonly #host: DataPlaneHost
  readonly #discovery: Discovery
  readonly #controlPlane: ControlPlane
  readonly #accessLog: LineWriter | undefined
  readonly #admin: AdminServer | undefined
  readonly #pushers: readonly StatsDPusher[]
  #stopped: Promise<void> | undefined

  constructor(
    config: StaticConfig,
    log: Logger,
    host: DataPlaneHost,
    discovery: Discovery,
    controlPlane: ControlPlane,
    accessLog: LineWriter | undefined,
    held: ReadonlyMap<string, HeldAddress>,
    admin: AdminServer | undefined,
    pushers: readonly StatsDPusher[],
  ) {
    this.#pushers = pushers
    this.#admin = admin
    this.#config = config
    this.#log = log
    this.#host = host
    this.#discovery = discovery
    this.#controlPlane = controlPlane
    this.#accessLog = accessLog
    this.#held = held
  }

  /** Entry points open only once there is something to route to: a new process must not answer 404 for a moment. */
  async start(): Promise<void> {
    await this.#discovery.restore()
    this.#discovery.start(() => this.#controlPlane.schedule())
    const complete = await this.#discovery.ready(FIRST_PICTURES_MS)
    if (!complete) this.#log.warn('not all providers have answered yet; serving what is known')
    await this.#controlPlane.rebuild()
    await this.#controlPlane.applied
    await this.#listen()
    await this.#listenForAdmin()
    const places = [...this.addresses].map(([name, { host, port }]) => `${name} on ${host}:${port}`)
    const { routers, services } = this.routing
    this.#log.info(`serving: ${places.join(', ')}`, {
      workers: this.#host.workers.length,
      routers: routers.size,
      services: services.size,
    })
  }

  /** Also in the time since its address was proved free, another process may have begun to listen there. */
  async #listen(): Promise<void> {
    for (const held of this.#held.values()) {
      try {
        await this.#host.listen([held])
      } catch (error) {
        await this.#close()
        throw new ConfigurationError([addressProblem(held.address, error)])
      }
    }
  }

  async #listenForAdmin(): Promise<void> {
    try {
      await this.#admin?.listen()
    } catch (error) {
      await this.#close()
      throw new ConfigurationError([adminAddressProblem(this.#config.api!.listen, error)])
    }
  }

  get isStopping(): boolean {
    return this.#stopped !== undefined
  }

  get adminPort(): number | undefined {
    return this.#admin?.port
  }

  get addresses(): ReadonlyMap<string, ListenAddress> {
    return new Map([...this.#held].map(([name, { address }]) => [name, address]))
  }

  get routing(): RoutingConfig {
    return this.#controlPlane.routing
  }

  get problems(): readonly Problem[] {
    return this.#controlPlane.problems
  }

  get endpoints(): readonly EndpointStatus[] {
    return this.#controlPlane.endpoints
  }

  stats(): readonly ThreadStats[] {
    return this.#host.stats()
  }

  reload(): void {
    this.#log.info('reading sources anew')
    this.#discovery.refresh()
    this.#controlPlane.refresh()
  }

  reopenLogs(): void {
    this.#log.reopen()
    this.#accessLog?.reopen()
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
    const lives = [...this.#config.entryPoints.values()].map(({ transport }) => transport.lifeCycle)
    const acceptFor = Math.max(...lives.map(({ requestAcceptGraceTimeout }) => requestAcceptGraceTimeout))
    const graceFor = Math.max(...lives.map(({ graceTimeOut }) => graceTimeOut))
    this.#host.announceStop()
    this.#log.info('stopping', { acceptFor, graceFor })
    await pause(acceptFor)
    const late = await isLate(this.#host.stop(Math.min(IDLE_GRACE_MS, graceFor / 2)), graceFor)
    if (late)
      this.#log.warn(
        'requests were still in flight when the grace time was over; their connections are closed',
      )
    await this.#close()
    this.#log.info('stopped')
    this.#log.flush()
  }

  async #close(): Promise<void> {
    this.#controlPlane.close()
    await Promise.all(this.#pushers.map((pusher) => pusher.close()))
    await this.#admin?.close()
    await this.#discovery.stop()
    await this.#host.close()
    await this.#accessLog?.close()
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

function openHost(
  hosting: 'workers' | 'in-process',
  { workers }: StaticConfig,
  settings: WorkerSettings,
  events: HostEvents,
): DataPlaneHost {
  return hosting === 'workers'
    ? new WorkerHost({ workers, settings }, events)
    : new InProcessHost(settings, events)
}

function openAccessLog({ accessLog }: StaticConfig, log: Logger): LineWriter | undefined {
  if (!accessLog) return undefined
  const { filePath, bufferingSize } = accessLog
  return new LineWriter({
    bufferingSize,
    ...(filePath === undefined ? {} : { filePath }),
    report: (message) => log.warn(`access log: ${message}`),
  })
}

function openWatchers(
  config: StaticConfig,
  definitions: ProviderDefinitions,
  log: Logger,
  onHealth: () => void,
): Watcher[] {
  const { sources, providersThrottleDuration } = config.providers
  const { proofs } = config.experiments
  return [...sources].map(([name, options]) => {
    const definition = definitions.get(name)!
    return new Watcher({
      name,
      throttle: providersThrottleDuration,
      trusted: definition.trusted ?? false,
      proofs,
      log,
      onHealth,
      create: (tools) => definition.create(options as never, tools),
    })
  })
}

function openStore(
  { providers: { snapshot } }: StaticConfig,
  watchers: readonly Watcher[],
  log: Logger,
): PictureStore | undefined {
  if (!snapshot) return undefined
  const picture = (): StoredPicture => new Map(watchers.map(({ name, stored }) => [name, stored]))
  return new PictureStore({ ...snapshot, picture, log, clock: systemClock })
}

function taggedProviders(config: StaticConfig, definitions: ProviderDefinitions): TaggedProvider[] {
  const names = Object.keys(tagSourceOptions(fields))
  return [...config.providers.sources].map(([name, options]) => {
    const { tagged, constraints = 'tag' } = definitions.get(name)!
    const shared = Object.fromEntries(Object.entries(options).filter(([key]) => names.includes(key)))
    return {
      name: name.toLowerCase(),
      constraints,
      options: tagged ? (shared as TagSourceOptions) : undefined,
    }
  })
}

/** Traefik's order, with what the configuration puts in front. */
const PRECEDENCE = [
  'internal',
  'file',
  'redis',
  'consul',
  'consulcatalog',
  'nomad',
  'etcd',
  'ecs',
  'ec2',
  'http',
  'zookeeper',
]

function precedence({ providers }: StaticConfig): string[] {
  return [...new Set([...providers.precedence.map((name) => name.toLowerCase()), ...PRECEDENCE])]
}

async function routingContext(config: StaticConfig, plugins: Plugins): Promise<RoutingContext> {
  const own = await discover<MiddlewareDefinition>(new URL('./middlewares/', import.meta.url))
  const middlewares = new Map([...own, ...plugins.definitions])
  const entryPoints = [...config.entryPoints].map(([name, { asDefault, internal, http }]) => ({
    name,
    asDefault,
    internal,
    middlewares: http.middlewares,
  }))
  const [matchers, strategies] = await Promise.all([allMatchers(), strategyNames()])
  return { entryPoints, middlewares, failedPlugins: plugins.failures, matchers, strategies }
}
