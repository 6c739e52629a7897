import { z } from 'zod'
import { decodeSchema, structureOf } from './decode.ts'
import type { Origin, Problem } from './problem.ts'
import { canonicalPath, schemaAt } from './schema-path.ts'
import { list, section } from './source-tree.ts'
import type { ScalarNode, SourceNode } from './source-tree.ts'

export interface Fitted {
  /** What is valid of the tree, its keys as the schema spells them; undefined when that is nothing. */
  readonly node: SourceNode | undefined
  /** Why the rest is left out, and warnings about what is not. */
  readonly problems: readonly Problem[]
}

/** Each round takes away what is wrong, and then a section that cannot be without it. */
const ROUNDS = 5

/**
 * What a schema takes of a tree, everything that it would refuse left out and told. Two values must not share one
 * origin object: what is wrong is found by it.
 */
export function fit(schema: z.ZodType, tree: SourceNode): Fitted {
  const problems: Problem[] = []
  let left: SourceNode | undefined = tree
  for (let round = 0; round < ROUNDS && left; round++) {
    const found = decodeSchema(schema, left).problems
    const errors = found.filter(({ severity }) => severity === 'error')
    problems.push(...errors)
    if (errors.length === 0) {
      problems.push(...found)
      return { node: canonical(schema, left, []), problems }
    }
    left = without(left, new Set(errors.map(({ origin }) => origin)))
  }
  return { node: left && canonical(schema, left, []), problems }
}

function without(node: SourceNode, wrong: ReadonlySet<Origin>): SourceNode | undefined {
  if (wrong.has(node.origin) || (node.keyOrigin && wrong.has(node.keyOrigin))) return undefined
  if (node.kind === 'scalar') return node
  if (node.kind === 'list') {
    const items = node.items.flatMap((item) => without(item, wrong) ?? [])
    return items.length === node.items.length && items.every((item, i) => item === node.items[i])
      ? node
      : list(items, node.origin)
  }
  const entries = [...node.entries].flatMap(([key, value]) => {
    const rest = without(value, wrong)
    return rest === undefined ? [] : ([[key, rest]] as const)
  })
  return section(new Map(entries), node.origin)
}

function canonical(schema: z.ZodType, node: SourceNode, path: readonly string[]): SourceNode {
  if (node.kind === 'scalar') return canonicalChoice(schema, node, path)
  if (node.kind === 'list')
    return list(
      node.items.map((item, i) => canonical(schema, item, [...path, String(i)])),
      node.origin,
    )
  const entries = [...node.entries].map(([key, value]) => {
    const name = canonicalPath(schema, [...path, key]).at(-1)!
    return [name, canonical(schema, value, [...path, name])] as const
  })
  return section(new Map(entries), node.origin)
}

/** `WARN` is read as `warn`, and written so. */
function canonicalChoice(schema: z.ZodType, node: ScalarNode, path: readonly string[]): ScalarNode {
  const found = schemaAt(schema, path)
  const structure = found && structureOf(found)
  if (!(structure instanceof z.ZodEnum) || typeof node.value !== 'string') return node
  const written = node.value.toLowerCase()
  const value = structure.options.find((one) => String(one).toLowerCase() === written)
  return value === undefined ? node : { ...node, value }
}
