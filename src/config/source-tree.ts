import type { Origin } from './problem.ts'

/**
 * Configuration as it was written, before any schema has looked at it: plain values in which every node
 * knows its origin. Files, environment, flags, tags and store keys all become this one form.
 */
export type SourceNode = ScalarNode | ListNode | SectionNode

export interface ScalarNode {
  readonly kind: 'scalar'
  readonly value: string | number | bigint | boolean | null
  readonly origin: Origin
}

export interface ListNode {
  readonly kind: 'list'
  readonly items: readonly SourceNode[]
  readonly origin: Origin
}

export interface SectionNode {
  readonly kind: 'section'
  /** Keys as they were written, in order. */
  readonly entries: ReadonlyMap<string, SourceNode>
  readonly origin: Origin
  /** Where each key itself stands, when that differs from where its value stands. */
  readonly keyOrigins?: ReadonlyMap<string, Origin>
}

export function scalar(value: ScalarNode['value'], origin: Origin): ScalarNode {
  return { kind: 'scalar', value, origin }
}

export function list(items: readonly SourceNode[], origin: Origin): ListNode {
  return { kind: 'list', items, origin }
}

export function section(entries: ReadonlyMap<string, SourceNode>, origin: Origin): SectionNode {
  return { kind: 'section', entries, origin }
}

/** The node under `key`, letters' case ignored as everywhere in configuration. */
export function child(node: SourceNode | undefined, key: string): SourceNode | undefined {
  if (node?.kind !== 'section') return undefined
  const exact = node.entries.get(key)
  if (exact) return exact
  const wanted = key.toLowerCase()
  for (const [name, value] of node.entries) if (name.toLowerCase() === wanted) return value
  return undefined
}

/** The plain value without origins; equal trees give deeply equal values. */
export function toPlain(node: SourceNode): unknown {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(toPlain)
  return Object.fromEntries([...node.entries].map(([key, value]) => [key, toPlain(value)]))
}

/** A tree from plain data, every node with the same origin. For tests and for values made by the program. */
export function fromPlain(value: unknown, origin: Origin): SourceNode {
  if (Array.isArray(value))
    return list(
      value.map((item) => fromPlain(item, origin)),
      origin,
    )
  if (value !== null && typeof value === 'object') {
    return section(
      new Map(Object.entries(value).map(([key, item]) => [key, fromPlain(item, origin)])),
      origin,
    )
  }
  return scalar(value as ScalarNode['value'], origin)
}
