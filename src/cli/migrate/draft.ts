import type { Origin } from '../../config/problem.ts'
import { child, fromPlain, section } from '../../config/source-tree.ts'
import type { ScalarNode, SectionNode, SourceNode } from '../../config/source-tree.ts'

/** A tree in the making. Each value keeps the place from which it was taken. */
export class Draft {
  readonly #entries = new Map<string, SourceNode>()
  readonly #origin: Origin

  constructor(origin: Origin) {
    this.#origin = origin
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0
  }

  get node(): SectionNode {
    return section(this.#entries, this.#origin)
  }

  /** Puts a value, sections on the way included. What stood there is replaced. */
  put(path: readonly string[], value: SourceNode): void {
    const last = path.at(-1)!
    this.#sectionAt(path.slice(0, -1), value.origin).set(last, placed(value))
  }

  /** The same for a value that the old form has in other words. */
  say(
    path: readonly string[],
    value: ScalarNode['value'] | readonly string[] | object,
    origin: Origin,
  ): void {
    this.put(path, fromPlain(value, origin))
  }

  /** Adds to a list. */
  push(path: readonly string[], value: SourceNode): void {
    const known = path.reduce<SourceNode | undefined>((node, name) => child(node, name), this.node)
    const items = known?.kind === 'list' ? known.items : []
    this.put(path, { kind: 'list', items: [...items, placed(value)], origin: value.origin })
  }

  has(path: readonly string[]): boolean {
    return path.reduce<SourceNode | undefined>((node, name) => child(node, name), this.node) !== undefined
  }

  #sectionAt(path: readonly string[], origin: Origin): Map<string, SourceNode> {
    let entries = this.#entries
    for (const name of path) {
      const known = entries.get(name)
      if (known?.kind === 'section') {
        entries = known.entries as Map<string, SourceNode>
        continue
      }
      const made = new Map<string, SourceNode>()
      entries.set(name, section(made, { ...origin }))
      entries = made
    }
    return entries
  }
}

/** A copy whose places are its own: what is said of one of them is then said of no other value. */
export function placed(node: SourceNode): SourceNode {
  const origin = { ...node.origin }
  if (node.kind === 'list') return { kind: 'list', items: node.items.map(placed), origin }
  if (node.kind === 'scalar') return { kind: 'scalar', value: node.value, origin }
  return section(new Map([...node.entries].map(([key, value]) => [key, placed(value)])), origin)
}
