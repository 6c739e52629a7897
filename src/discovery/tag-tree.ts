import type { Origin } from '../config/problem.ts'
import { list, scalar, section } from '../config/source-tree.ts'
import type { SectionNode, SourceNode } from '../config/source-tree.ts'

/** One step of a tag's key: `domains[0]` has a name and an index. */
export interface KeyPart {
  readonly name: string
  readonly index?: number
}

export interface TagValue {
  readonly text: string
  readonly origin: Origin
  /** Place of its prefix among the prefixes that are read; lower wins. */
  readonly rank: number
}

interface Draft {
  readonly name: string
  readonly origin: Origin
  readonly rank: number
  value?: TagValue
  readonly keys: Map<string, Draft>
  readonly items: Map<number, Draft>
}

/** Puts `key=value` tags together into a tree. Values are to be added in the order of their ranks. */
export class TagTree {
  readonly #root: Draft

  constructor(origin: Origin) {
    this.#root = newDraft('', { text: '', origin, rank: 0 })
  }

  /**
   * Adds one value; keys are the same whatever their letters' case. Of two values for one key the one of lower rank
   * stays, and of two of the same rank the later one.
   * @returns what the value has pushed aside without meaning the same, if anything
   */
  add(path: readonly KeyPart[], value: TagValue): TagValue | undefined {
    if (this.#isAnotherMiddleware(path, value.rank)) return undefined
    let node = this.#root
    for (const { name, index } of path) {
      node = entryOf(node.keys, name.toLowerCase(), name, value)
      if (index !== undefined) node = entryOf(node.items, index, name, value)
    }
    const before = node.value
    if (before !== undefined && before.rank < value.rank) return undefined
    node.value = value
    return before !== undefined && before.text !== value.text ? before : undefined
  }

  /** The tree; `onLost` hears of values that stand where a section or a list was given as well. */
  toNode(onLost: (value: TagValue) => void): SectionNode {
    return toSection(this.#root, onLost)
  }

  /** A middleware is of one kind: where a better prefix has settled it, another kind is not mixed in. */
  #isAnotherMiddleware(path: readonly KeyPart[], rank: number): boolean {
    const [root, kind, name, type] = path.map((part) => part.name.toLowerCase())
    if (root !== 'http' || kind !== 'middlewares' || type === undefined) return false
    const settled = this.#root.keys.get(root)?.keys.get(kind)?.keys.get(name!)
    return settled !== undefined && settled.rank < rank && !settled.keys.has(type)
  }
}

function newDraft(name: string, { origin, rank }: TagValue): Draft {
  return { name, origin, rank, keys: new Map(), items: new Map() }
}

function entryOf<K>(drafts: Map<K, Draft>, key: K, name: string, value: TagValue): Draft {
  const known = drafts.get(key)
  if (known) return known
  const made = newDraft(name, value)
  drafts.set(key, made)
  return made
}

function toNode(draft: Draft, onLost: (value: TagValue) => void): SourceNode {
  if (draft.items.size === 0 && draft.keys.size === 0) {
    return scalar(draft.value?.text ?? '', draft.value?.origin ?? draft.origin)
  }
  // `tls=true` beside `tls.options=x` says nothing more; any other value does.
  if (draft.value !== undefined && !/^(?:true|1|t|)$/i.test(draft.value.text)) onLost(draft.value)
  if (draft.items.size === 0) return toSection(draft, onLost)
  for (const key of draft.keys.values()) for (const value of valuesOf(key)) onLost(value)
  return toList(draft, onLost)
}

function toSection({ keys, origin }: Draft, onLost: (value: TagValue) => void): SectionNode {
  return section(new Map([...keys.values()].map((entry) => [entry.name, toNode(entry, onLost)])), origin)
}

function toList({ items, origin }: Draft, onLost: (value: TagValue) => void): SourceNode {
  const inOrder = [...items].toSorted(([a], [b]) => a - b)
  return list(
    inOrder.map(([, item]) => toNode(item, onLost)),
    origin,
  )
}

function* valuesOf(draft: Draft): Iterable<TagValue> {
  if (draft.value !== undefined) yield draft.value
  for (const inner of [...draft.keys.values(), ...draft.items.values()]) yield* valuesOf(inner)
}
