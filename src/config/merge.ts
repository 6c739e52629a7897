import type { Origin } from './problem.ts'
import { scalar, section } from './source-tree.ts'
import type { SourceNode } from './source-tree.ts'

/**
 * `over` laid upon `base`: sections are merged key by key, letters' case ignored; any other value replaces the one
 * below it. A bare `true` switches a section on, and so keeps what the section already holds.
 */
export function mergeTrees(base: SourceNode, over: SourceNode): SourceNode {
  if (base.kind === 'section' && isSwitchedOn(over)) return base
  if (base.kind !== 'section' || over.kind !== 'section') return over
  const entries = new Map(base.entries)
  const spelling = new Map([...entries.keys()].map((key) => [key.toLowerCase(), key]))
  for (const [key, value] of over.entries) {
    const name = spelling.get(key.toLowerCase()) ?? key
    const below = entries.get(name)
    entries.set(name, below ? mergeTrees(below, value) : value)
  }
  return { kind: 'section', entries, origin: base.origin, keyOrigin: base.keyOrigin }
}

/** A tree that holds one text at the end of a path, everything in it with the same origin. */
export function treeOfPath(path: readonly string[], value: string, origin: Origin): SourceNode {
  return path.reduceRight<SourceNode>(
    (inner, name) => section(new Map([[name, inner]]), origin),
    scalar(value, origin),
  )
}

function isSwitchedOn(node: SourceNode): boolean {
  return (
    node.kind === 'scalar' && (node.value === null || ['true', ''].includes(String(node.value).toLowerCase()))
  )
}
