import { join } from 'node:path'
import { decodeSchema } from './decode.ts'
import { parseEnvironment } from './environment.ts'
import type { ReadText, Variables } from './environment.ts'
import { withExcerpts } from './excerpt.ts'
import { parseConfigText } from './file.ts'
import { parseFlags } from './flags.ts'
import { mergeTrees } from './merge.ts'
import { valuesOf } from './node-path.ts'
import { describeOrigin } from './problem.ts'
import type { Origin, Problem } from './problem.ts'
import { canonicalPath, kindAt } from './schema-path.ts'
import { list, section } from './source-tree.ts'
import type { SourceNode } from './source-tree.ts'
import { completeStatic } from './static-checks.ts'
import { staticSchema } from './static.ts'
import type { ProviderShapes, StaticConfig, StaticOptions } from './static.ts'
import type { z } from './fields.ts'
import { oldTraefikProblems } from './traefik-v1.ts'

export interface LoadInputs {
  /** Read instead of the file that flags, environment or the usual places name. */
  readonly file?: string | undefined
  /** Arguments such as `--log.level=debug`. */
  readonly flags: readonly string[]
  readonly env: Variables
  /** Rejects as `fs.readFile` does. */
  readonly readText: ReadText
  /** The providers that there are. */
  readonly providers: ProviderShapes
  /** How many processors this machine has. */
  readonly cpus: number
}

export interface LoadedStatic {
  /** Undefined when there is an error among the problems. */
  readonly config: StaticConfig | undefined
  /** Where each value that was written comes from, by its path such as `log.level`. */
  readonly origins: ReadonlyMap<string, Origin>
  readonly problems: readonly Problem[]
  /** The file that was read, if any. */
  readonly file: string | undefined
}

const FOLDERS = ['.', '/etc/tidegate', '/etc/traefik']
const NAMES = [
  'tidegate.yml',
  'tidegate.yaml',
  'tidegate.toml',
  'tidegate.json',
  'traefik.yml',
  'traefik.yaml',
  'traefik.toml',
]

/**
 * The static configuration out of a file, the environment and flags, each laid upon the one before. Never rejects:
 * everything that is wrong is among the problems, all of it at once.
 */
export async function loadStaticConfig(inputs: LoadInputs): Promise<LoadedStatic> {
  const schema = staticSchema(inputs.providers)
  const flags = parseFlags(inputs.flags, schema)
  const environment = await parseEnvironment(inputs.env, schema, inputs.readText)
  const file = await readConfigFile(
    inputs.file ?? flags.configFile ?? environment.configFile,
    inputs.readText,
  )
  const layers = [file.tree, environment.tree, flags.tree].filter((layer) => layer !== undefined)
  const tree = layers.reduce<SourceNode>(mergeTrees, section(new Map(), { source: file.path ?? 'defaults' }))
  const understood = understand(schema, tree, inputs)
  const found = [...file.problems, ...environment.problems, ...flags.problems, ...understood.problems]
  const problems = withExcerpts(
    found,
    new Map(file.path === undefined ? [] : [[file.path, file.text]]),
    secretsIn(schema, tree),
  )
  return {
    config: problems.some(({ severity }) => severity === 'error') ? undefined : understood.config,
    origins: originsOf(schema, tree),
    problems,
    file: file.path,
  }
}

interface Understood {
  readonly config: StaticConfig | undefined
  readonly problems: readonly Problem[]
}

/** Of an old configuration only that is told: complaints about its single keys would be beside the point. */
function understand(
  schema: ReturnType<typeof staticSchema>,
  tree: SourceNode,
  inputs: LoadInputs,
): Understood {
  const old = oldTraefikProblems(tree)
  if (old.length > 0) return { config: undefined, problems: old }
  const decoded = decodeSchema(schema, tree)
  const value = decoded.value ?? decodeSound(schema, tree, decoded.problems)
  const completed = value && completeStatic(value, tree, inputs)
  return {
    config: completed?.config,
    problems: [...decoded.problems.map(withHint), ...(completed?.problems ?? [])],
  }
}

/** What is left without the wrong values, so that checks across values complain in the same run. */
function decodeSound(
  schema: ReturnType<typeof staticSchema>,
  tree: SourceNode,
  problems: readonly Problem[],
): StaticOptions | undefined {
  let left: SourceNode | undefined = tree
  let found = problems
  // Each round takes away a level at most: a wrong value, then a section that cannot be without it.
  for (let round = 0; round < 4 && left; round++) {
    const wrong = found.filter(({ code }) => code !== 'E101').map(({ origin }) => describeOrigin(origin))
    left = withoutPlaces(left, new Set(wrong))
    const decoded = left && decodeSchema(schema, left)
    if (decoded?.value) return decoded.value
    found = decoded?.problems ?? []
  }
  return undefined
}

/** A value that is left out stands where its key does, which may be where its section begins: the inner one goes first. */
function withoutPlaces(node: SourceNode, wrong: ReadonlySet<string>): SourceNode | undefined {
  const rest = withoutPlacesBelow(node, wrong)
  return rest === node && wrong.has(describeOrigin(node.origin)) ? undefined : rest
}

/** The same node when nothing in it is wrong. */
function withoutPlacesBelow(node: SourceNode, wrong: ReadonlySet<string>): SourceNode {
  if (node.kind === 'scalar') return node
  if (node.kind === 'list') {
    const items = node.items.map((item) => withoutPlaces(item, wrong))
    if (items.every((item, i) => item === node.items[i])) return node
    return list(
      items.flatMap((item) => item ?? []),
      node.origin,
    )
  }
  const entries = [...node.entries].map(([key, value]) => [key, withoutPlaces(value, wrong)] as const)
  if (entries.every(([key, value]) => value === node.entries.get(key))) return node
  return section(new Map(entries.flatMap(([key, value]) => (value ? [[key, value]] : []))), node.origin)
}

/** Routers and services written into the static file are the commonest mistake of all. */
function withHint(problem: Problem): Problem {
  if (problem.code !== 'E101' || !/^unknown key `(?:http|tcp|udp|tls)`$/.test(problem.message)) return problem
  return { ...problem, remedy: 'routers and services stand in a file that `providers.file` names' }
}

interface ConfigFile {
  readonly path: string | undefined
  readonly text: string
  readonly tree: SourceNode | undefined
  readonly problems: readonly Problem[]
}

async function readConfigFile(named: string | undefined, readText: ReadText): Promise<ConfigFile> {
  const candidates =
    named === undefined ? FOLDERS.flatMap((folder) => NAMES.map((name) => join(folder, name))) : [named]
  for (const path of candidates) {
    try {
      return parseStatic(path, await readText(path))
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (named !== undefined || (code !== 'ENOENT' && code !== 'ENOTDIR')) return unreadable(path, code)
    }
  }
  return { path: undefined, text: '', tree: undefined, problems: [] }
}

function parseStatic(path: string, text: string): ConfigFile {
  const { node, problems } = parseConfigText(text, path)
  if (node === undefined || node.kind === 'section') return { path, text, tree: node, problems }
  const message = 'the static configuration must be a section of names and values'
  const wrong: Problem = { code: 'E102', severity: 'error', message, origin: node.origin }
  return { path, text, tree: undefined, problems: [...problems, wrong] }
}

const READ_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'the file does not exist',
  EACCES: 'this user may not read the file',
  EISDIR: 'this is a directory, and not a file',
}

function unreadable(path: string, code = ''): ConfigFile {
  const message = READ_FAULTS[code] ?? `the file cannot be read${code === '' ? '' : ` (${code})`}`
  const problem: Problem = { code: 'E107', severity: 'error', message, origin: { source: path } }
  return { path: undefined, text: '', tree: undefined, problems: [problem] }
}

/** All that stands where a secret belongs, in whatever form it was written. */
function secretsIn(schema: z.ZodType, tree: SourceNode): string[] {
  return [...valuesOf(tree)].flatMap(([path, node]) => {
    const isSecret = path.some((_, i) => kindAt(schema, path.slice(0, i + 1)) === 'secret')
    return isSecret && node.kind === 'scalar' && node.value !== null ? [String(node.value)] : []
  })
}

function originsOf(schema: z.ZodType, tree: SourceNode): Map<string, Origin> {
  return new Map(
    [...valuesOf(tree)].map(([path, node]) => [canonicalPath(schema, path).join('.'), node.origin]),
  )
}
