import { strategyNames } from '../balancing/strategy-catalogue.ts'
import { decode } from '../config/decode.ts'
import { fields } from '../config/fields.ts'
import type { Problem } from '../config/problem.ts'
import { fromPlain } from '../config/source-tree.ts'
import type { StaticConfig } from '../config/static.ts'
import { discover } from '../discover.ts'
import { certificateDefinitions } from '../discovery/certificate-definitions.ts'
import type { TagSourceOptions } from '../discovery/options.ts'
import type { ProviderDefinition, ProviderTools, Snapshot, Update } from '../discovery/provider.ts'
import { resolveRouting } from '../discovery/resolve.ts'
import type { RoutingConfig } from '../discovery/routing-config.ts'
import { SourceBuilder } from '../discovery/source-builder.ts'
import type { RoutingContext, Source } from '../discovery/source.ts'
import type { MiddlewareDefinition } from '../middleware.ts'
import { loadPlugins, pluginFiles } from '../plugins/plugins.ts'
import type { Plugins } from '../plugins/plugins.ts'
import { providerShapes } from '../provider-catalogue.ts'
import type { ProviderDefinitions } from '../provider-catalogue.ts'
import { allMatchers } from '../routing/matcher-catalogue.ts'
import { CertificateStore } from '../server/certificates/certificate-store.ts'
import { INTERNAL, internalRouting } from '../server/internal-routing.ts'

export interface RoutingTarget {
  readonly path: string
  readonly directory: boolean
}

export interface RoutingInputs {
  readonly config: StaticConfig
  /** The static file; undefined when there was none to read. */
  readonly file: string | undefined
  readonly definitions: ProviderDefinitions
  /** Checked instead of what the static configuration names. */
  readonly targets: readonly RoutingTarget[]
}

export interface CheckedRouting {
  readonly problems: readonly Problem[]
  /** `: 3 routers, 2 services`, or nothing when there was nothing to read. */
  readonly summary: string
  /** What would be served; undefined when there was nothing to read. */
  readonly routing: RoutingConfig | undefined
  /** What it was resolved with. */
  readonly context: RoutingContext
}

/** The provider whose sources lie on this machine, and so can be checked without asking anybody. */
const LOCAL = 'file'
const MIDDLEWARES = new URL('../middlewares/', import.meta.url)

/** Reads the dynamic configuration that lies in files, through the same steps that `run` takes. */
export async function checkRouting(inputs: RoutingInputs): Promise<CheckedRouting> {
  const definition = inputs.definitions.get(LOCAL)
  const optionSets = definition ? optionsToCheck(inputs) : []
  const plugins = await loadPlugins(pluginFiles(inputs.config.plugins))
  const context = await contextOf(inputs.config, plugins)
  if (!definition || optionSets.length === 0)
    return { problems: plugins.problems, summary: '', routing: undefined, context }
  const updates = (await Promise.all(optionSets.map((options) => firstLook(definition, options)))).flat()
  const builder = new SourceBuilder([
    { name: LOCAL, constraints: definition.constraints ?? 'tag', options: optionSets[0] },
  ])
  const source = builder.source({ name: LOCAL, parts: partsOf(updates) })
  const internal = {
    provider: INTERNAL,
    fragments: [],
    routing: [{ part: '', node: internalRouting(inputs.config) }],
  }
  const routing = resolveRouting([internal, source], context)
  const { routers, services, problems } = routing
  return {
    problems: [
      ...plugins.problems,
      ...updates.flatMap(problemsOf),
      ...builder.problems,
      ...(await certificateProblems(source)),
      ...problems.filter((one) => isDecidable(one, inputs)),
    ],
    summary: `: ${count(routers, 'router')}, ${count(services, 'service')}`,
    routing,
    context,
  }
}

/** Whether the certificates that files ask for can be read and served. */
async function certificateProblems(source: Source): Promise<readonly Problem[]> {
  const { definitions, problems } = certificateDefinitions([source])
  const store = new CertificateStore(() => {})
  await store.use(definitions)
  store.close()
  return [...problems, ...store.problems]
}

type LocalOptions = TagSourceOptions & Record<string, unknown>

/** One set of options for each path to look at, all else as configured. */
function optionsToCheck({ config, definitions, targets }: RoutingInputs): LocalOptions[] {
  const configured = config.providers.sources.get(LOCAL) as LocalOptions | undefined
  if (targets.length === 0) return configured ? [{ ...configured, watch: false }] : []
  const base = configured ?? defaultOptions(definitions)
  return targets.map(({ path, directory }) => ({
    ...base,
    watch: false,
    filename: directory ? '' : path,
    directory: directory ? path : '',
  }))
}

function defaultOptions(definitions: ProviderDefinitions): LocalOptions {
  const shape = providerShapes(definitions).get(LOCAL)!(fields)
  return decode(shape, fromPlain({}, { source: 'defaults' })).value as LocalOptions
}

/** What a provider finds at first; then it is cancelled. */
async function firstLook(definition: ProviderDefinition, options: LocalOptions): Promise<Update[]> {
  const cancel = new AbortController()
  const iterator = definition.create(options, toolsFor(cancel.signal))[Symbol.asyncIterator]()
  const updates: Update[] = []
  try {
    let next: IteratorResult<Update, unknown> | undefined = await iterator.next()
    while (next && !next.done) {
      updates.push(next.value)
      next = await inSameBreath(iterator.next())
    }
  } finally {
    cancel.abort()
  }
  return updates
}

/** Everything that one look finds is yielded without waiting for anything; whatever waits belongs to the next. */
async function inSameBreath<T>(promise: Promise<T>): Promise<T | undefined> {
  const { promise: pause, resolve } = Promise.withResolvers<undefined>()
  setImmediate(() => resolve(undefined))
  return Promise.race([promise, pause])
}

function toolsFor(signal: AbortSignal): ProviderTools {
  return {
    signal,
    name: LOCAL,
    now: Date.now,
    monotonic: () => performance.now(),
    random: Math.random,
    sleep: () => new Promise(() => {}),
    onRefresh: () => {},
  }
}

function partsOf(updates: readonly Update[]): Map<string, Snapshot> {
  const snapshots = updates.filter(
    (update): update is Snapshot => !('failure' in update) && !('gone' in update),
  )
  return new Map(snapshots.map((snapshot) => [snapshot.part ?? '', snapshot]))
}

function problemsOf(update: Update): readonly Problem[] {
  if ('failure' in update) return [update.failure]
  return 'gone' in update ? [] : (update.problems ?? [])
}

async function contextOf(config: StaticConfig, plugins: Plugins): Promise<RoutingContext> {
  return {
    entryPoints: [...config.entryPoints].map(([name, { asDefault, internal, http }]) => ({
      name,
      asDefault,
      internal,
      middlewares: http.middlewares,
    })),
    matchers: await allMatchers(),
    middlewares: new Map([...(await discover<MiddlewareDefinition>(MIDDLEWARES)), ...plugins.definitions]),
    failedPlugins: plugins.failures,
    strategies: await strategyNames(),
  }
}

/** What other providers define, and which entry points a static file that is not here names, cannot be told. */
function isDecidable({ code, message }: Problem, { config, file }: RoutingInputs): boolean {
  // That something is left out follows from its errors, which are listed themselves.
  if (code === 'E214') return false
  if (code === 'E208') return file !== undefined
  if (code !== 'E205' && code !== 'E206') return true
  const unread = [...config.providers.sources.keys()].filter((name) => name !== LOCAL)
  return !unread.some((name) => message.includes(`@${name.toLowerCase()}`))
}

function count(found: ReadonlyMap<string, unknown>, word: string): string {
  // The program's own are not what was checked.
  const own = [...found.keys()].filter((name) => !name.endsWith(`@${INTERNAL}`)).length
  return `${own} ${word}${own === 1 ? '' : 's'}`
}
