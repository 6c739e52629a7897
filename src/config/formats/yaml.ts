import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml'
import type { Alias, Document, Node, Pair, Scalar, YAMLError, YAMLMap } from 'yaml'
import type { Origin, Problem } from '../problem.ts'
import type { ScalarNode, SourceNode } from '../source-tree.ts'
import { doubleKey, guarded, MAX_DEPTH, Refusal, syntaxProblem } from './parsed.ts'
import type { Parsed } from './parsed.ts'
import { numberOrText, TextList, TextScalar, TextSection } from './text-nodes.ts'
import type { TextPlace } from './text-nodes.ts'

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
    const { node, problems } = treeOf(first, originAt, file)
    return { node, problems: [...first.warnings.map((warning) => warningOf(warning, originAt)), ...problems] }
  })
}

/** The library compares each key with every other; `TreeBuilder` finds double keys in one pass. */
const OPTIONS = { uniqueKeys: false, prettyErrors: false } as const

type Place = Required<Pick<Origin, 'source' | 'line' | 'column'>>

/** Origins of offsets in a text. */
function originIn(file: string, lines: LineCounter): (offset: number) => Place {
  return (offset) => {
    const { line, col } = lines.linePos(offset)
    return { source: file, line: Math.max(1, line), column: Math.max(1, col) }
  }
}

/** The document's tree, aliases and merge keys resolved. The node is undefined when it holds nothing. */
function treeOf(document: Document.Parsed, originAt: (offset: number) => Place, file: string): Parsed {
  const { contents } = document
  if (contents === null || (isScalar(contents) && contents.value === null))
    return { node: undefined, problems: [] }
  const builder = new TreeBuilder(document, originAt, file)
  return { node: builder.build(contents, 0, undefined), problems: builder.problems }
}

function problemOf(error: YAMLError, originAt: (offset: number) => Place): Problem {
  const tooDeep = /call stack|stack overflow/i.test(error.message)
  const message = tooDeep ? 'sections are nested too deeply' : lowerFirst(error.message)
  return syntaxProblem(message, originAt(error.pos[0]))
}

function warningOf(warning: YAMLError, originAt: (offset: number) => Place): Problem {
  return { ...problemOf(warning, originAt), severity: 'warning' }
}

class TreeBuilder {
  readonly problems: Problem[] = []
  readonly #document: Document.Parsed
  readonly #originAt: (offset: number) => Place
  readonly #file: string
  readonly #open = new Set<Node>()
  #aliasedNodes = 0
  #insideAliases = 0

  constructor(document: Document.Parsed, originAt: (offset: number) => Place, file: string) {
    this.#document = document
    this.#originAt = originAt
    this.#file = file
  }

  /** The tree of a node that stands behind `key`; one that is left out stands at the offset `fallback`. */
  build(node: Node | null | undefined, fallback: number, key: Node | null | undefined): SourceNode {
    if (!node) return new TextScalar(null, this.#place(this.#originAt(fallback), key))
    this.#count(node)
    if (isAlias(node)) return this.#through(node, (target) => this.build(target, 0, key))
    if (isScalar(node)) return new TextScalar(scalarValue(node), this.#place(this.#originOf(node), key))
    this.#open.add(node)
    if (this.#open.size > MAX_DEPTH) {
      throw new Refusal(`sections are nested more than ${MAX_DEPTH} deep`, this.#originOf(node))
    }
    const place = this.#place(this.#originOf(node), key)
    const built = isMap(node) ? this.#section(node, place) : this.#list(node, place)
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

  #list(node: Node, place: TextPlace): SourceNode {
    const items = isSeq(node) ? node.items : []
    return new TextList(
      items.map((item) => this.build(item as Node | null, node.range?.[0] ?? 0, undefined)),
      place,
    )
  }

  #section(map: YAMLMap, place: TextPlace): SourceNode {
    const entries = new Map<string, SourceNode>()
    for (const pair of map.items as Pair<Node | null, Node | null>[]) {
      if (isMergeKey(pair.key)) continue
      const name = this.#keyName(pair.key, map)
      if (entries.has(name)) this.problems.push(doubleKey(name, this.#originOf(pair.key)))
      entries.set(name, this.build(pair.value, pair.key?.range?.[0] ?? 0, pair.key))
    }
    for (const pair of map.items as Pair<Node | null, Node | null>[]) {
      if (isMergeKey(pair.key)) this.#merge(pair, entries)
    }
    return new TextSection(entries, place)
  }

  /** `<<`: what is written in the section itself wins, then the earlier of several merged sections. */
  #merge(pair: Pair<Node | null, Node | null>, entries: Map<string, SourceNode>): void {
    const merged = this.build(pair.value, pair.key?.range?.[0] ?? 0, undefined)
    for (const section of merged.kind === 'list' ? merged.items : [merged]) {
      if (section.kind !== 'section') {
        throw new Refusal('a merge key `<<` takes a section or a list of sections', this.#originOf(pair.key))
      }
      for (const [name, value] of section.entries) if (!entries.has(name)) entries.set(name, value)
    }
  }

  #keyName(key: Node | null, map: YAMLMap): string {
    const resolved = isAlias(key) ? this.#through(key, (target) => target) : key
    if (isScalar(resolved)) return resolved.source ?? String(resolved.value)
    throw new Refusal('a key is a word, and not a list or a section', this.#originOf(key ?? map))
  }

  #originOf(node: Node | null): Place {
    return this.#originAt(node?.range?.[0] ?? 0)
  }

  #place({ line, column }: Place, key: Node | null | undefined): TextPlace {
    return { file: this.#file, line, column, key: key ? this.#originOf(key) : undefined }
  }
}

function isMergeKey(key: Node | null): boolean {
  return isScalar(key) && typeof key.value === 'symbol'
}

function scalarValue({ value, source }: Scalar): ScalarNode['value'] {
  if (typeof value === 'number') return source === undefined ? value : numberOrText(value, source)
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
  return typeof value === 'bigint' ? value : String(source ?? '')
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
