import type { Origin } from './problem.ts'

/**
 * Configuration as it was written, before any schema has looked at it: plain values in which every node
 * knows its origin. Files, environment, flags, tags and store keys all become this one form.
 */
export type SourceNode = ScalarNode | ListNode | SectionNode

interface Placed {
  readonly origin: Origin
  /** Where the key stands behind which the node stands, when that is another place. */
  readonly keyOrigin?: Origin | undefined
}

export interface ScalarNode extends Placed {
  readonly kind: 'scalar'
  readonly value: string | number | bigint | boolean | null
}

export interface ListNode extends Placed {
  readonly kind: 'list'
  readonly items: readonly SourceNode[]
}

export interface SectionNode extends Placed {
  readonly kind: 'section'
  /** Keys as they were written, in order. */
  readonly entries: ReadonlyMap<string, SourceNode>
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

/** Where the node begins, its key included: what is said of the key is said of this place. */
export function originWithKey({ origin, keyOrigin }: SourceNode): Origin {
  return keyOrigin ?? origin
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
