import type { Origin } from './problem.ts'
import { child } from './source-tree.ts'
import type { SourceNode } from './source-tree.ts'

/** The node at the end of `path`, letters' case ignored; list items by their index. */
export function nodeAt(
  root: SourceNode | undefined,
  path: readonly (string | number)[],
): SourceNode | undefined {
  return path.reduce<SourceNode | undefined>(
    (node, name) => (node?.kind === 'list' ? node.items[Number(name)] : child(node, String(name))),
    root,
  )
}

/** Where the value at `path` was written, or the innermost section around it that was written at all. */
export function originAt(root: SourceNode, path: readonly (string | number)[]): Origin {
  for (let length = path.length; length > 0; length--) {
    const node = nodeAt(root, path.slice(0, length))
    if (node) return node.origin
  }
  return root.origin
}

/** Every plain value of a tree with the path to it. */
export function* valuesOf(
  node: SourceNode,
  path: readonly string[] = [],
): Generator<[readonly string[], SourceNode]> {
  if (node.kind === 'scalar') yield [path, node]
  else if (node.kind === 'list')
    for (const [i, item] of node.items.entries()) yield* valuesOf(item, [...path, String(i)])
  else for (const [key, value] of node.entries) yield* valuesOf(value, [...path, key])
}
