import type { Origin, Problem } from '../../config/problem.ts'
import { child, originWithKey } from '../../config/source-tree.ts'
import type { SourceNode } from '../../config/source-tree.ts'
import type { Draft } from './draft.ts'

/** A section of an old file that remembers which of its values have been taken, so that no other is forgotten. */
export class OldSection {
  readonly node: SourceNode
  readonly path: string
  readonly #taken: Set<SourceNode>

  constructor(node: SourceNode, path = '', taken = new Set<SourceNode>()) {
    this.node = node
    this.path = path
    this.#taken = taken
  }

  get origin(): Origin {
    return this.node.origin
  }

  /** The value, which then counts as taken. */
  take(key: string): SourceNode | undefined {
    const found = child(this.node, key)
    if (found) this.#taken.add(found)
    return found
  }

  /** The text of a value that is no list and no section. */
  text(key: string): string | undefined {
    const found = child(this.node, key)
    if (found?.kind !== 'scalar' || found.value === null) return undefined
    this.#taken.add(found)
    return String(found.value)
  }

  isTrue(key: string): boolean {
    return this.text(key)?.toLowerCase() === 'true'
  }

  /** A list, or one text with commas. */
  list(key: string): string[] {
    const found = this.take(key)
    if (found?.kind === 'list')
      return found.items.flatMap((item) => (item.kind === 'scalar' ? [String(item.value)] : []))
    return found?.kind === 'scalar' && found.value !== null
      ? String(found.value)
          .split(',')
          .map((one) => one.trim())
          .filter((one) => one !== '')
      : []
  }

  /** A section below, or `key = true`, which switches it on. */
  section(key: string): OldSection | undefined {
    const found = child(this.node, key)
    if (!found) return undefined
    // That it is there says something, whatever is in it.
    if (found.kind === 'section' && found.entries.size === 0) this.#taken.add(found)
    if (found.kind === 'scalar') {
      this.#taken.add(found)
      if (found.value === false || String(found.value).toLowerCase() === 'false') return undefined
    }
    return new OldSection(found, this.#below(key), this.#taken)
  }

  /** All sections below, by name. */
  get sections(): [string, OldSection][] {
    if (this.node.kind !== 'section') return []
    return [...this.node.entries].map(([name, node]) => [
      name,
      new OldSection(node, this.#below(name), this.#taken),
    ])
  }

  /** Carries values over, each `key` or `[key, name of today]`. */
  carry(draft: Draft, path: readonly string[], keys: readonly (string | readonly [string, string])[]): void {
    for (const one of keys) {
      const [old, today] = typeof one === 'string' ? [one, one] : one
      const found = this.take(old)
      if (found) draft.put([...path, ...today.split('.')], found)
    }
  }

  /** A problem for everything that nobody has taken, whole sections first. */
  leftOver(say: (path: string, origin: Origin) => Problem): Problem[] {
    if (this.#taken.has(this.node)) return []
    if (this.path !== '' && !this.#isTouched(this.node)) return [say(this.path, originWithKey(this.node))]
    if (this.node.kind !== 'section') return []
    return this.sections.flatMap(([, inner]) => inner.leftOver(say))
  }

  #isTouched(node: SourceNode): boolean {
    if (this.#taken.has(node)) return true
    if (node.kind === 'scalar') return false
    const inner = node.kind === 'list' ? node.items : [...node.entries.values()]
    return inner.some((one) => this.#isTouched(one))
  }

  #below(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`
  }
}
