import { parse, TomlError } from 'smol-toml'
import { parseTOML } from 'toml-eslint-parser'
import type { AST } from 'toml-eslint-parser'
import type { Origin } from '../problem.ts'
import { list, scalar, section } from '../source-tree.ts'
import type { SourceNode } from '../source-tree.ts'
import { guarded, MAX_DEPTH, Refusal, syntaxProblem } from './parsed.ts'
import type { Parsed } from './parsed.ts'

/** TOML 1.0: one library gives the values and decides what is valid, the other says where they stand. */
export function parseToml(text: string, file: string): Parsed {
  return guarded(file, () => {
    try {
      const values = parse(text, { integersAsBigInt: 'asNeeded', maxDepth: MAX_DEPTH })
      if (Object.keys(values).length === 0) return { node: undefined, problems: [] }
      return { node: nodeOf(values, [], placesOf(text, file)), problems: [] }
    } catch (error) {
      if (!(error instanceof TomlError)) throw error
      const origin = { source: file, line: error.line, column: error.column }
      return { node: undefined, problems: [syntaxProblem(messageOf(error), origin)] }
    }
  })
}

type Path = readonly (string | number)[]

interface Places {
  readonly file: string
  readonly values: Map<string, Origin>
  readonly keys: Map<string, Origin>
}

/** The library puts a piece of the text behind the first line, and that could hold a secret. */
function messageOf(error: TomlError): string {
  const [first = ''] = error.message.split('\n')
  return `not TOML: ${first.replace(/^Invalid TOML document: /, '')}`
}

function nodeOf(value: unknown, path: Path, places: Places): SourceNode {
  const origin = places.values.get(pathKey(path)) ?? places.keys.get(pathKey(path)) ?? { source: places.file }
  if (path.length > MAX_DEPTH) throw new Refusal(`sections are nested more than ${MAX_DEPTH} deep`, origin)
  if (Array.isArray(value))
    return list(
      value.map((item, i) => nodeOf(item, [...path, i], places)),
      origin,
    )
  if (value instanceof Date) return scalar(value.toISOString(), origin)
  if (typeof value === 'object' && value !== null) return sectionOf(value, path, origin, places)
  return scalar(value as string | number | bigint | boolean, origin)
}

function sectionOf(value: object, path: Path, origin: Origin, places: Places): SourceNode {
  const entries = new Map<string, SourceNode>()
  for (const [key, item] of Object.entries(value)) {
    const inner = [...path, key]
    const keyOrigin = places.keys.get(pathKey(inner))
    entries.set(key, { ...nodeOf(item, inner, places), keyOrigin })
  }
  return section(entries, origin)
}

/** Where everything stands; empty when the position parser understands less of TOML than the other. */
function placesOf(text: string, file: string): Places {
  const places: Places = { file, values: new Map(), keys: new Map() }
  try {
    for (const item of parseTOML(text, { tomlVersion: '1.1' }).body[0].body) {
      if (item.type === 'TOMLTable') placeTable(item, places)
      else placePair(item, [], places)
    }
  } catch {
    // Without positions the values are still right; complaints then name the file alone.
  }
  return places
}

function placeTable(table: AST.TOMLTable, places: Places): void {
  placeKeys(table.key, prefixOf(table), places)
  places.values.set(pathKey(table.resolvedKey), originOf(table, places.file))
  for (const pair of table.body) placePair(pair, table.resolvedKey, places)
}

/** `[[a.b]]` resolves to `a, 0, b, 1`; the names in its header stand at the paths without the last index. */
function prefixOf({ key, resolvedKey, kind }: AST.TOMLTable): Path {
  const full = kind === 'array' ? resolvedKey.slice(0, -1) : resolvedKey
  return full.slice(0, full.length - key.keys.length)
}

function placePair(pair: AST.TOMLKeyValue, base: Path, places: Places): void {
  placeKeys(pair.key, base, places)
  placeValue(pair.value, [...base, ...pair.key.keys.map(nameOf)], places)
}

function placeValue(node: AST.TOMLContentNode, path: Path, places: Places): void {
  places.values.set(pathKey(path), originOf(node, places.file))
  if (node.type === 'TOMLArray') node.elements.forEach((item, i) => placeValue(item, [...path, i], places))
  if (node.type === 'TOMLInlineTable') for (const pair of node.body) placePair(pair, path, places)
}

function placeKeys(key: AST.TOMLKey, base: Path, places: Places): void {
  let path = base
  for (const part of key.keys) {
    path = [...path, nameOf(part)]
    const id = pathKey(path)
    if (!places.keys.has(id)) places.keys.set(id, originOf(part, places.file))
  }
}

function nameOf(key: AST.TOMLBare | AST.TOMLQuoted): string {
  return key.type === 'TOMLBare' ? key.name : key.value
}

function originOf({ loc }: AST.TOMLNode, file: string): Origin {
  return { source: file, line: loc.start.line, column: loc.start.column + 1 }
}

function pathKey(path: Path): string {
  return JSON.stringify(path)
}
