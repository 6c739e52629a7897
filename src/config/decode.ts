import { z } from 'zod'
import { formatDuration } from './duration.ts'
import { fields, innerOf, notesOf } from './fields.ts'
import type { OptionsOf, Shape } from './fields.ts'
import type { Origin, Problem } from './problem.ts'
import { originWithKey } from './source-tree.ts'
import type { SectionNode, SourceNode } from './source-tree.ts'
import { didYouMean } from './suggest.ts'

export interface DecodeOptions {
  /** What the problems say is affected, such as `router web@file`. */
  readonly resource?: string
  /** False for service tags: fields that name files are refused. Default true. */
  readonly trusted?: boolean
}

export interface Decoded<T> {
  /** Undefined when a value is wrong or missing; unknown keys alone leave it defined. */
  readonly value: T | undefined
  readonly problems: readonly Problem[]
}

/**
 * Turns a tree as it was written into validated options. Keys are matched whatever their case; an unknown key
 * costs only itself; every problem names the place of the value that it is about.
 */
export function decode<S extends Shape>(
  shape: S,
  node: SourceNode,
  options: DecodeOptions = {},
): Decoded<OptionsOf<S>> {
  return decodeSchema(fields.section('', shape), node, options) as Decoded<OptionsOf<S>>
}

/** `decode` for a schema that is already whole. */
export function decodeSchema<T extends z.ZodType>(
  schema: T,
  node: SourceNode,
  options: DecodeOptions = {},
): Decoded<z.output<T>> {
  const walk = new Walk(options)
  const plain = walk.plain(schema, node, [])
  const parsed = schema.safeParse(plain)
  if (!parsed.success) for (const issue of parsed.error.issues) walk.issue(issue)
  const wrong = !parsed.success || walk.refused
  return { value: wrong ? undefined : parsed.data, problems: walk.problems }
}

/** The structural schema inside wrappers: what decides which keys there are. */
export function structureOf(schema: z.ZodType): z.ZodType {
  let current = schema
  for (let inner = innerOf(current); inner; inner = innerOf(current)) current = inner
  return current
}

/** The fields of a section, or undefined when the schema is no section. */
export function shapeOf(schema: z.ZodType): Record<string, z.ZodType> | undefined {
  const structure = structureOf(schema)
  return structure instanceof z.ZodObject ? (structure.shape as Record<string, z.ZodType>) : undefined
}

type Path = readonly PropertyKey[]

class Walk {
  readonly problems: Problem[] = []
  refused = false
  readonly #origins = new Map<string, Origin>()
  readonly #kinds = new Map<string, string>()
  readonly #values = new Map<string, unknown>()
  readonly #options: DecodeOptions

  constructor(options: DecodeOptions) {
    this.#options = options
  }

  plain(schema: z.ZodType, node: SourceNode, path: Path): unknown {
    if (path.length > MAX_DEPTH) return this.#tooDeep(node, path)
    this.#remember(schema, node, pathText(path))
    this.#checkNotes(schema, node, path)
    const structure = structureOf(schema)
    if (structure instanceof z.ZodObject) return this.#section(structure, node, path)
    if (structure instanceof z.ZodRecord) return this.#record(structure.valueType as z.ZodType, node, path)
    if (structure instanceof z.ZodArray) return this.#list(structure.element as z.ZodType, node, path)
    if (node.kind === 'scalar') return node.value
    return node.kind === 'list'
      ? node.items.map((item, i) => this.plain(ANYTHING, item, [...path, i]))
      : Object.fromEntries(
          [...node.entries].map(([key, value]) => [key, this.plain(ANYTHING, value, [...path, key])]),
        )
  }

  #remember(schema: z.ZodType, node: SourceNode, path: string): void {
    this.#origins.set(path, node.origin)
    const kind = notesOf(schema)?.kind
    if (kind !== undefined) this.#kinds.set(path, kind)
    if (kind === 'choice' && node.kind === 'scalar') this.#values.set(path, node.value)
  }

  #checkNotes(schema: z.ZodType, node: SourceNode, path: Path): void {
    const notes = notesOf(schema)
    if (notes?.pending !== undefined) {
      this.#problem(
        'E105',
        node.origin,
        `\`${pathText(path)}\` is understood but not built yet (${notes.pending})`,
        'remove it, or accept that it has no effect',
        'warning',
      )
    }
    if (notes?.trustedOnly === true && this.#options.trusted === false) {
      this.refused = true
      this.#problem(
        'E110',
        node.origin,
        `\`${pathText(path)}\` names a file, and that is not taken from a service's tags`,
        'define this in a file of the file provider and refer to it by name',
      )
    }
  }

  #section(schema: z.ZodObject, node: SourceNode, path: Path): unknown {
    if (node.kind === 'scalar') return emptySection(node.value)
    if (node.kind === 'list') return node.items.map((item) => (item.kind === 'scalar' ? item.value : {}))
    const shape = schema.shape as Record<string, z.ZodType>
    const result: Record<string, unknown> = {}
    for (const [key, value] of node.entries) {
      const name = canonicalKey(shape, key)
      if (name === undefined) this.#unknownKey(key, value, shape, path)
      else if (Object.hasOwn(result, name)) this.#givenTwice(key, value, [...path, name])
      else result[name] = this.plain(shape[name]!, value, [...path, name])
    }
    return result
  }

  #record(valueSchema: z.ZodType, node: SourceNode, path: Path): unknown {
    if (node.kind === 'scalar') return emptySection(node.value)
    if (node.kind === 'list') return node.items.map(() => undefined)
    return Object.fromEntries(
      [...node.entries].map(([key, value]) => [key, this.plain(valueSchema, value, [...path, key])]),
    )
  }

  #list(itemSchema: z.ZodType, node: SourceNode, path: Path): unknown {
    if (node.kind === 'scalar') return node.value
    const items = node.kind === 'list' ? node.items : this.#indexedItems(node, path)
    if (!items) return {}
    return items.map((item, i) => this.plain(itemSchema, item, [...path, i]))
  }

  /** Stores and flags write lists as sections whose keys are indexes: `servers/0/url`. Another key costs only itself. */
  #indexedItems(node: SectionNode, path: Path): SourceNode[] | undefined {
    const [indexed, others] = partitioned([...node.entries], ([key]) => /^\d+$/.test(key))
    if (indexed.length === 0 && others.length > 0) return undefined
    for (const [key, value] of others) {
      const message = `\`${key}\` is no index of the list \`${pathText(path)}\``
      this.#problem('E101', originWithKey(value), message, 'write a number, 0 for the first')
    }
    return indexed.toSorted(([a], [b]) => Number(a) - Number(b)).map(([, value]) => value)
  }

  #unknownKey(key: string, value: SourceNode, shape: object, path: Path): void {
    const where = path.length === 0 ? '' : ` in \`${pathText(path)}\``
    const names = Object.keys(shape)
    const remedy =
      didYouMean(key, names) ?? (names.length <= 12 ? `known here: ${names.join(', ')}` : undefined)
    this.#problem('E101', originWithKey(value), `unknown key \`${key}\`${where}`, remedy)
  }

  /** `Name` beside `name`: keys are the same whatever their case, so one of the two has to lose. */
  #givenTwice(key: string, value: SourceNode, path: Path): void {
    this.#problem(
      'E109',
      originWithKey(value),
      `\`${pathText(path)}\` is given twice, here as \`${key}\`; the first one counts`,
      'remove one of the two',
    )
  }

  #tooDeep(node: SourceNode, path: Path): undefined {
    this.refused = true
    const top = pathText(path.slice(0, 1))
    this.#problem('E102', node.origin, `\`${top}\` is nested more than ${MAX_DEPTH} levels deep`)
  }

  issue(issue: z.core.$ZodIssue): void {
    const path = pathText(issue.path)
    const missing = issue.code === 'invalid_type' && !this.#origins.has(path)
    const subject = path === '' ? 'the value' : `\`${path}\``
    if (missing) this.#problem('E103', this.#originOf(issue.path), `${subject} is required`)
    else
      this.#problem(
        'E102',
        this.#originOf(issue.path),
        `${subject}: ${sentence(issue, this.#kinds.get(path))}`,
        this.#nearestChoice(issue, path),
      )
  }

  #nearestChoice(issue: z.core.$ZodIssue, path: string): string | undefined {
    const value = this.#values.get(path)
    return issue.code === 'invalid_value' && typeof value === 'string'
      ? didYouMean(value, issue.values.map(String))
      : undefined
  }

  #originOf(path: Path): Origin {
    for (let length = path.length; length >= 0; length--) {
      const origin = this.#origins.get(pathText(path.slice(0, length)))
      if (origin) return origin
    }
    return { source: 'unknown' }
  }

  #problem(
    code: Problem['code'],
    origin: Origin,
    message: string,
    remedy?: string,
    severity: Problem['severity'] = 'error',
  ): void {
    const { resource } = this.#options
    this.problems.push({
      code,
      severity,
      message,
      origin,
      ...(remedy === undefined ? {} : { remedy }),
      ...(resource === undefined ? {} : { resource }),
    })
  }
}

const ANYTHING = z.unknown()

/** Far beyond any honest configuration, and far from where the stack ends. */
const MAX_DEPTH = 100

/** `tls=true` and `tls=` in tags, `tls: {}` and `tls:` in files all mean a section with its defaults. */
function emptySection(value: unknown): unknown {
  const word = typeof value === 'string' ? value.toLowerCase() : value
  if (word === null || word === true || word === '' || word === 'true') return {}
  return word === false || word === 'false' ? undefined : value
}

function partitioned<T>(items: readonly T[], test: (item: T) => boolean): [yes: T[], no: T[]] {
  const { yes = [], no = [] } = Object.groupBy(items, (item) => (test(item) ? 'yes' : 'no'))
  return [yes, no]
}

function canonicalKey(shape: object, key: string): string | undefined {
  if (Object.hasOwn(shape, key)) return key
  const wanted = key.toLowerCase()
  return Object.keys(shape).find((name) => name.toLowerCase() === wanted)
}

function pathText(path: Path): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  )
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'expected text',
  secret: 'expected text',
  file: 'expected the path of a file',
  boolean: 'expected true or false',
  integer: 'expected a whole number',
  number: 'expected a number',
  duration: 'expected a duration such as `10s` or `1m30s`',
  bytes: 'expected a size such as `64KiB` or `1MB`',
  list: 'expected a list',
  record: 'expected a section',
  section: 'expected a section',
}

/** The schema library's complaint in the words of configuration. It never holds the value, which may be a secret. */
function sentence(issue: z.core.$ZodIssue, kind = ''): string {
  const bound = (limit: number | bigint): string =>
    kind === 'duration' ? formatDuration(Number(limit)) : String(limit)
  if (issue.code === 'too_small' && Number(issue.minimum) === 0) return 'must not be negative'
  if (issue.code === 'too_small') return `must be at least ${bound(issue.minimum)}`
  if (issue.code === 'too_big') return `must be at most ${bound(issue.maximum)}`
  if (issue.code === 'invalid_value')
    return `expected ${alternatives(issue.values.map((value) => `\`${String(value)}\``))}`
  return EXPECTED[kind] ?? lowerFirst(issue.message.replace(/^Invalid (?:input|option): /, ''))
}

function alternatives(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
