import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import type { Admin } from './admin/admin.ts'
import { viewOf } from './app-view.ts'
import { strategyNames } from './balancing/strategy-catalogue.ts'
import type { StaticConfig } from './config/static.ts'
import { discover } from './discover.ts'
import { systemClock } from './discovery/clock.ts'
import { Discovery } from './discovery/discovery.ts'
import { tagSourceOptions } from './discovery/options.ts'
import type { TagSourceOptions } from './discovery/options.ts'
import { PictureStore } from './discovery/picture-store.ts'
import { Preparation } from './discovery/preparation.ts'
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
import { RunningApp } from './running-app.ts'
import type { App } from './running-app.ts'
import { allMatchers } from './routing/matcher-catalogue.ts'
import { ControlPlane } from './server/control-plane.ts'
import type { DataPlaneHost, HostEvents } from './server/data-plane-host.ts'
import type { WorkerSettings } from './server/entry-point-settings.ts'
import { HeapKeeper } from './server/heap-keeper.ts'
import { InProcessHost } from './server/in-process-host.ts'
import { INTERNAL, internalRouting } from './server/internal-routing.ts'
import { holdAddresses } from './server/entry-point-addresses.ts'
import type { InheritedSocket } from './server/inherited-sockets.ts'
import { workerSettings } from './server/worker-settings.ts'
import { WorkerHost } from './server/worker-host.ts'
import { openConnections, openMetrics, openPushers, prometheusPage } from './server/metrics/open-metrics.ts'
import { LineWriter } from './telemetry/line-writer.ts'
import { createLogger } from './telemetry/log.ts'
import type { Logger } from './telemetry/log.ts'

export interface AppOptions {
  readonly config: StaticConfig
  /** Default: the one that the configuration asks for. */
  readonly log?: Logger
  /** Default `workers`; `in-process` keeps the data plane in this thread, for tests. */
  readonly hosting?: 'workers' | 'in-process'
  /** Listening sockets that whoever started this process has opened for it. */
  readonly inherited?: readonly InheritedSocket[]
}

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
  const app: RunningApp = new RunningApp({
    config,
    log,
    host,
    discovery,
    controlPlane,
    accessLog,
    held,
    admin: admin?.server,
    pushers,
  })
  await app.start()
  return app
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
