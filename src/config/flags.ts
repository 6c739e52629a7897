import type { z } from './fields.ts'
import { mergeTrees, treeOfPath } from './merge.ts'
import type { Origin, Problem } from './problem.ts'
import { canonicalPath, kindAt } from './schema-path.ts'
import { section } from './source-tree.ts'
import type { SourceNode } from './source-tree.ts'

export interface ParsedFlags {
  readonly tree: SourceNode
  /** `--configFile`. */
  readonly configFile: string | undefined
  readonly problems: readonly Problem[]
}

interface Flag {
  readonly path: readonly string[]
  /** As it was written, without its value. */
  readonly name: string
  readonly value: string
}

/** Kinds that a flag without a value switches on. */
const SWITCHES: ReadonlySet<string> = new Set(['boolean', 'section', 'record', 'any'])

/**
 * Reads `--providers.consulCatalog.endpoint.address=…`, `--flag value` and `--flag`; letters' case does not matter.
 * A list may be given as `a,b` or by several flags. Unknown flags stay in the tree: its decoder complains of them.
 */
export function parseFlags(args: readonly string[], schema: z.ZodType): ParsedFlags {
  const problems: Problem[] = []
  const flags = readFlags(args, schema, problems)
  let tree: SourceNode = section(new Map(), { source: 'flags' })
  for (const flag of joinLists(flags, schema, problems)) {
    tree = mergeTrees(tree, treeOfPath(flag.path, flag.value, originOf(flag.name)))
  }
  return { tree, configFile: flags.find(isConfigFile)?.value, problems }
}

function readFlags(args: readonly string[], schema: z.ZodType, problems: Problem[]): Flag[] {
  const flags: Flag[] = []
  for (let i = 0; i < args.length; i++) {
    const [, name, value] = /^--([A-Za-z][\w.[\]-]*)(?:=(.*))?$/s.exec(args[i]!) ?? []
    const path = name === undefined ? undefined : pathOf(name)
    if (name === undefined || path === undefined) {
      problems.push(notAFlag(args[i]!, i))
      continue
    }
    const taken = value === undefined ? valueAfter(args[i + 1], kindOf(path, schema)) : undefined
    if (taken !== undefined) i++
    const found = value ?? taken ?? (isSwitch(kindOf(path, schema)) ? 'true' : undefined)
    if (found === undefined) problems.push(withoutValue(name))
    else flags.push({ path: canonicalPath(schema, path), name: `--${name}`, value: found })
  }
  return flags
}

/** The names in `tls.domains[0].main`; undefined when it is no path. */
function pathOf(name: string): string[] | undefined {
  const path = name.replaceAll(/\[(\d+)\]/g, '.$1').split('.')
  return path.every((part) => part !== '' && !/[[\]]/.test(part)) ? path : undefined
}

function kindOf(path: readonly string[], schema: z.ZodType): string | undefined {
  return path.length === 1 && path[0]!.toLowerCase() === 'configfile' ? 'file' : kindAt(schema, path)
}

/** The argument behind a flag, if it is the flag's value. Switches take only what is plainly meant for them. */
function valueAfter(next: string | undefined, kind: string | undefined): string | undefined {
  if (next === undefined || next.startsWith('--')) return undefined
  return kind !== undefined && isSwitch(kind) && !/^(true|false)$/i.test(next) ? undefined : next
}

/** What the schema does not know counts as a switch when nothing follows; its decoder then complains of it. */
function isSwitch(kind: string | undefined): boolean {
  return kind === undefined || SWITCHES.has(kind)
}

function isConfigFile({ path }: Flag): boolean {
  return path.length === 1 && path[0]!.toLowerCase() === 'configfile'
}

/** Several flags for one list are one list; any other value is given once. */
function joinLists(flags: readonly Flag[], schema: z.ZodType, problems: Problem[]): Flag[] {
  const byPath = new Map<string, Flag>()
  for (const flag of flags) {
    if (isConfigFile(flag)) continue
    const id = flag.path.join('.').toLowerCase()
    const earlier = byPath.get(id)
    if (!earlier) byPath.set(id, flag)
    else if (kindAt(schema, flag.path) === 'list')
      byPath.set(id, { ...earlier, value: `${earlier.value},${flag.value}` })
    else problems.push(givenTwice(flag.name))
  }
  return [...byPath.values()]
}

function originOf(name: string): Origin {
  return { source: 'flags', key: name }
}

/** The argument itself is not shown: it may be the value of a secret. */
function notAFlag(arg: string, index: number): Problem {
  const message = arg.startsWith('-')
    ? `argument ${index + 1} is not a flag of the form \`--name=value\``
    : `argument ${index + 1} belongs to no flag`
  const remedy = 'write `--name=value`; `tidegate --help` lists the commands'
  return { code: 'E101', severity: 'error', message, remedy, origin: { source: 'flags' } }
}

function withoutValue(name: string): Problem {
  const message = `the flag \`--${name}\` needs a value`
  return {
    code: 'E103',
    severity: 'error',
    message,
    remedy: `write \`--${name}=…\``,
    origin: originOf(`--${name}`),
  }
}

function givenTwice(name: string): Problem {
  const message = `the flag \`${name}\` is given twice`
  return { code: 'E109', severity: 'error', message, remedy: 'remove one of the two', origin: originOf(name) }
}
