import { readFile } from 'node:fs/promises'
import { strategyNames } from '../balancing/strategy-catalogue.ts'
import { decode } from '../config/decode.ts'
import { fields } from '../config/fields.ts'
import type { Problem } from '../config/problem.ts'
import { fromPlain } from '../config/source-tree.ts'
import type { StaticConfig } from '../config/static.ts'
import { discover } from '../discover.ts'
import { certificateDefinitions } from '../discovery/certificate-definitions.ts'
import type { TagSourceOptions } from '../discovery/options.ts'
import { Preparation } from '../discovery/preparation.ts'
import type { Snapshot } from '../discovery/provider.ts'
import { resolveRouting } from '../discovery/resolve.ts'
import type { RoutingConfig } from '../discovery/routing-config.ts'
import { SourceBuilder } from '../discovery/source-builder.ts'
import type { ProviderPicture } from '../discovery/source-state.ts'
import type { RoutingContext, Source } from '../discovery/source.ts'
import type { MiddlewareDefinition } from '../middleware.ts'
import { loadPlugins, pluginFiles } from '../plugins/plugins.ts'
import type { Plugins } from '../plugins/plugins.ts'
import { providerShapes } from '../provider-catalogue.ts'
import type { ProviderDefinitions } from '../provider-catalogue.ts'
import { allMatchers } from '../routing/matcher-catalogue.ts'
import { CertificateStore } from '../server/certificates/certificate-store.ts'
import { INTERNAL, internalRouting } from '../server/internal-routing.ts'
import { lookOnce } from './first-look.ts'
import type { Look } from './first-look.ts'

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
  /** Other providers than files are read as well, each within this time; undefined: they are not. Milliseconds. */
  readonly ask?: number | undefined
  /** Is told which provider is being read, and what it has shown. */
  readonly onProgress?: (line: string) => void
}

export interface CheckedRouting {
  readonly problems: readonly Problem[]
  /** `: 3 routers, 2 services`, or nothing when there was nothing to read. */
  readonly summary: string
  /** What would be served; undefined when there was nothing to read. */
  readonly routing: RoutingConfig | undefined
  /** What it was resolved with. */
  readonly context: RoutingContext
  /** Providers, as in `name@provider`, that are configured and of which nothing is known. */
  readonly unread: readonly string[]
}

/** The provider whose sources lie on this machine, and so can be checked without asking anybody. */
const LOCAL = 'file'
const MIDDLEWARES = new URL('../middlewares/', import.meta.url)

/** Milliseconds: long enough for the next cluster or datacenter of a source that has shown its first. */
const QUIET = 700

/** Reads the dynamic configuration, that in files and, if asked for, all other, through the same steps that `run` takes. */
export async function checkRouting(inputs: RoutingInputs): Promise<CheckedRouting> {
  const plugins = await loadPlugins(pluginFiles(inputs.config.plugins))
  const looks = (await Promise.all([lookAtFiles(inputs), askOthers(inputs)])).flat()
  const unread = unreadOf(inputs, looks)
  const context = await contextOf(inputs.config, plugins)
  if (looks.length === 0)
    return { problems: plugins.problems, summary: '', routing: undefined, context, unread }
  const builder = new SourceBuilder(
    looks.map(({ name, options, constraints }) => ({ name, options, constraints })),
  )
  const sources = merged(looks).map((look) => builder.source(look))
  const internal = {
    provider: INTERNAL,
    fragments: [],
    routing: [{ part: '', node: internalRouting(inputs.config) }],
  }
  const resolved = resolveRouting([internal, ...sources], context)
  const preparation = new Preparation(context.middlewares, { readText: (path) => readFile(path, 'utf8') })
  await preparation.load(resolved)
  const routing = preparation.apply(resolved)
  return {
    problems: [
      ...plugins.problems,
      ...looks.flatMap(({ problems }) => problems),
      ...builder.problems,
      ...(await certificateProblems(sources)),
      ...routing.problems.filter((one) => isDecidable(one, inputs, unread)),
    ],
    summary: `: ${count(routing.routers, 'router')}, ${count(routing.services, 'service')}`,
    routing,
    context,
    unread,
  }
}

interface ReadSource extends Look {
  readonly options: TagSourceOptions | undefined
  readonly constraints: 'tag' | 'label'
}

async function lookAtFiles(inputs: RoutingInputs): Promise<ReadSource[]> {
  const definition = inputs.definitions.get(LOCAL)
  if (!definition) return []
  const { constraints = 'tag' } = definition
  return Promise.all(
    optionsToCheck(inputs).map(async (options) => ({
      ...(await lookOnce(LOCAL, definition, options, { limit: FILES_LIMIT, quiet: 0 })),
      options,
      constraints,
    })),
  )
}

/** Milliseconds; disks do not answer later. */
const FILES_LIMIT = 30_000

async function askOthers({
  config,
  definitions,
  ask,
  onProgress = () => {},
}: RoutingInputs): Promise<ReadSource[]> {
  if (ask === undefined) return []
  const others = [...config.providers.sources].filter(([name]) => name !== LOCAL)
  return Promise.all(
    others.map(async ([name, options]) => {
      const definition = definitions.get(name)!
      const { constraints = 'tag', tagged } = definition
      onProgress(`reading ${name} …`)
      const look = await lookOnce(name, definition, options, { limit: ask, quiet: QUIET })
      onProgress(`${name}: ${describeLook(look)}`)
      return { ...look, constraints, options: tagged ? (options as TagSourceOptions) : undefined }
    }),
  )
}

/** `12 instances in dc1 and dc2` */
function describeLook({ parts }: Look): string {
  if (parts.size === 0) return 'could not be read'
  const instances = [...parts.values()].flatMap((part) => part.instances ?? []).length
  const names = [...parts.keys()].filter((name) => name !== '')
  const found = `${instances} instance${instances === 1 ? '' : 's'}`
  return names.length === 0 ? found : `${found} in ${names.join(', ')}`
}

/** All files together are one source. */
function merged(looks: readonly ReadSource[]): ProviderPicture[] {
  const pictures = new Map<string, Map<string, Snapshot>>()
  for (const { name, parts } of looks) {
    const known = pictures.get(name) ?? new Map<string, Snapshot>()
    for (const [part, snapshot] of parts) known.set(part, snapshot)
    pictures.set(name, known)
  }
  return [...pictures].map(([name, parts]) => ({ name, parts }))
}

function unreadOf({ config }: RoutingInputs, looks: readonly Look[]): string[] {
  const read = new Set(looks.filter(({ parts }) => parts.size > 0).map(({ name }) => name))
  return [...config.providers.sources.keys()]
    .map((name) => name.toLowerCase())
    .filter((name) => name !== LOCAL && !read.has(name))
}

/** Whether the certificates that files ask for can be read and served. */
async function certificateProblems(sources: readonly Source[]): Promise<readonly Problem[]> {
  const { definitions, problems } = certificateDefinitions(sources)
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
function isDecidable(
  { code, message }: Problem,
  { file }: RoutingInputs,
  unread: readonly string[],
): boolean {
  // That something is left out follows from its errors, which are listed themselves.
  if (code === 'E214') return false
  if (code === 'E208') return file !== undefined
  if (code !== 'E205' && code !== 'E206') return true
  return !unread.some((name) => message.includes(`@${name}`))
}

function count(found: ReadonlyMap<string, unknown>, word: string): string {
  // The program's own are not what was checked.
  const own = [...found.keys()].filter((name) => !name.endsWith(`@${INTERNAL}`)).length
  return `${own} ${word}${own === 1 ? '' : 's'}`
}
