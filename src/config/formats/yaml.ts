import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml'
import type { Alias, Document, Node, Pair, Scalar, YAMLError, YAMLMap } from 'yaml'
import type { Origin, Problem } from '../problem.ts'
import { list, scalar } from '../source-tree.ts'
import type { ScalarNode, SectionNode, SourceNode } from '../source-tree.ts'
import { guarded, MAX_DEPTH, Refusal, syntaxProblem } from './parsed.ts'
import type { Parsed } from './parsed.ts'

/** Nodes that aliases may add; a text of 1 KiB could otherwise grow to gigabytes ("billion laughs"). */
const MAX_ALIASED_NODES = 100_000

/** YAML 1.2 (core schema) with merge keys; one document; every key at most once in its section. */
export function parseYaml(text: string, file: string): Parsed {
  return guarded(file, () => {
    const lines = new LineCounter()
    const documents = parseAllDocuments(text, { ...OPTIONS, merge: true, lineCounter: lines })
    const [first, second] = documents as Document.Parsed[]
    const originAt = originIn(file, lines)
    if (!first) return { node: undefined, problems: [] }
    if (second) {
      throw new Refusal(
        'a file holds one YAML document, and a second one starts here',
        originAt(second.range[0]),
      )
    }
    // What follows the first syntax error is mostly its consequence.
    const [error] = first.errors
    if (error) return { node: undefined, problems: [problemOf(error, originAt)] }
    const { node, problems } = treeOf(first, originAt)
    return { node, problems: [...first.warnings.map((warning) => warningOf(warning, originAt)), ...problems] }
  })
}

/** The library compares each key with every other; `TreeBuilder` finds double keys in one pass. */
const OPTIONS = { uniqueKeys: false, prettyErrors: false } as const

/** Origins of offsets in a text. */
export function originIn(file: string, lines: LineCounter): (offset: number) => Origin {
  return (offset) => {
    const { line, col } = lines.linePos(offset)
    return { source: file, line: Math.max(1, line), column: Math.max(1, col) }
  }
}

/** The document's tree, aliases and merge keys resolved. The node is undefined when it holds nothing. */
export function treeOf(document: Document.Parsed, originAt: (offset: number) => Origin): Parsed {
  const { contents } = document
  if (contents === null || (isScalar(contents) && contents.value === null))
    return { node: undefined, problems: [] }
  const builder = new TreeBuilder(document, originAt)
  return { node: builder.build(contents, 0), problems: builder.problems }
}

function problemOf(error: YAMLError, originAt: (offset: number) => Origin): Problem {
  const tooDeep = /call stack|stack overflow/i.test(error.message)
  const message = tooDeep ? 'sections are nested too deeply' : lowerFirst(error.message)
  return syntaxProblem(message, originAt(error.pos[0]))
}

function warningOf(warning: YAMLError, originAt: (offset: number) => Origin): Problem {
  return { ...problemOf(warning, originAt), severity: 'warning' }
}

class TreeBuilder {
  readonly problems: Problem[] = []
  readonly #document: Document.Parsed
  readonly #originAt: (offset: number) => Origin
  readonly #open = new Set<Node>()
  #aliasedNodes = 0
  #insideAliases = 0

  constructor(document: Document.Parsed, originAt: (offset: number) => Origin) {
    this.#document = document
    this.#originAt = originAt
  }

  build(node: Node | null | undefined, fallback: number): SourceNode {
    if (!node) return scalar(null, this.#originAt(fallback))
    this.#count(node)
    if (isAlias(node)) return this.#alias(node)
    if (isScalar(node)) return scalar(scalarValue(node), this.#originOf(node))
    this.#open.add(node)
    if (this.#open.size > MAX_DEPTH) {
      throw new Refusal(`sections are nested more than ${MAX_DEPTH} deep`, this.#originOf(node))
    }
    const built = isMap(node) ? this.#section(node) : this.#list(node)
    this.#open.delete(node)
    return built
  }

  #count(node: Node): void {
    if (this.#insideAliases > 0 && ++this.#aliasedNodes > MAX_ALIASED_NODES) {
      throw new Refusal(
        'aliases make the file too large',
        this.#originOf(node),
        'write the repeated parts out',
      )
    }
  }

  #alias(alias: Alias): SourceNode {
    return this.#through(alias, (target) => this.build(target, 0))
  }

  /** Hands over what an alias stands for, and refuses one that contains itself. */
  #through<T>(alias: Alias, use: (target: Node) => T): T {
    const target = alias.resolve(this.#document)
    if (!target)
      throw new Refusal(`the alias *${alias.source} has no anchor before it`, this.#originOf(alias))
    if (this.#open.has(target))
      throw new Refusal(`the alias *${alias.source} contains itself`, this.#originOf(alias))
    this.#insideAliases++
    const result = use(target)
    this.#insideAliases--
    return result
  }

  #list(node: Node): SourceNode {
    const items = isSeq(node) ? node.items : []
    return list(
      items.map((item) => this.build(item as Node | null, node.range?.[0] ?? 0)),
      this.#originOf(node),
    )
  }

  #section(map: YAMLMap): SectionNode {
    const entries = new Map<string, SourceNode>()
    const keyOrigins = new Map<string, Origin>()
    for (const pair of map.items as Pair<Node | null, Node | null>[]) {
      if (isMergeKey(pair.key)) continue
      const name = this.#keyName(pair.key, map)
      if (entries.has(name)) this.problems.push(doubleKey(name, this.#originOf(pair.key)))
      entries.set(name, this.build(pair.value, pair.key?.range?.[0] ?? 0))
      keyOrigins.set(name, this.#originOf(pair.key))
    }
    for (const pair of map.items as Pair<Node | null, Node | null>[]) {
      if (isMergeKey(pair.key)) this.#merge(pair, entries, keyOrigins)
    }
    return { kind: 'section', entries, origin: this.#originOf(map), keyOrigins }
  }

  /** `<<`: what is written in the section itself wins, then the earlier of several merged sections. */
  #merge(
    pair: Pair<Node | null, Node | null>,
    entries: Map<string, SourceNode>,
    keyOrigins: Map<string, Origin>,
  ): void {
    const merged = this.build(pair.value, pair.key?.range?.[0] ?? 0)
    for (const section of merged.kind === 'list' ? merged.items : [merged]) {
      if (section.kind !== 'section') {
        throw new Refusal('a merge key `<<` takes a section or a list of sections', this.#originOf(pair.key))
      }
      for (const [name, value] of section.entries) {
        if (entries.has(name)) continue
        entries.set(name, value)
        keyOrigins.set(name, section.keyOrigins?.get(name) ?? value.origin)
      }
    }
  }

  #keyName(key: Node | null, map: YAMLMap): string {
    const resolved = isAlias(key) ? this.#through(key, (target) => target) : key
    if (isScalar(resolved)) return resolved.source ?? String(resolved.value)
    throw new Refusal('a key is a word, and not a list or a section', this.#originOf(key ?? map))
  }

  #originOf(node: Node | null): Origin {
    return this.#originAt(node?.range?.[0] ?? 0)
  }
}

function doubleKey(name: string, origin: Origin): Problem {
  return {
    code: 'E109',
    severity: 'error',
    message: `the key \`${name}\` stands twice in its section`,
    remedy: 'remove one of the two',
    origin,
  }
}

function isMergeKey(key: Node | null): boolean {
  return isScalar(key) && typeof key.value === 'symbol'
}

/**
 * A number that would print otherwise than it was written (`0123`, `1.10`, twenty digits) stays text: a text field
 * then gets what was written, and number fields read text as well.
 */
function scalarValue({ value, source }: Scalar): ScalarNode['value'] {
  if (typeof value === 'number' && source !== undefined && String(value) !== source) {
    return /^[+-]?\d+(?:\.\d+)?$/.test(source) ? source : value
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null)
    return value
  return typeof value === 'bigint' ? value : String(source ?? '')
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
