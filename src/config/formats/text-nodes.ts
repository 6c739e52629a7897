import type { Origin } from '../problem.ts'
import type { ListNode, ScalarNode, SectionNode, SourceNode } from '../source-tree.ts'

/** Where a node stands in a text, and its key, when it stands behind one. All numbers are 1-based. */
export interface TextPlace {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly key?: { readonly line: number; readonly column: number } | undefined
}

/**
 * A node of a text. It keeps numbers, of which it makes origins when it is asked for them: a configuration of 10,000
 * routers with five endpoints each has 200,000 nodes, and hardly one is ever complained about. As objects, their
 * origins and maps of those took 60 MiB.
 */
class TextNode {
  readonly file: string
  readonly line: number
  readonly column: number
  /** 0: it stands behind no key. */
  readonly keyLine: number
  readonly keyColumn: number

  constructor({ file, line, column, key }: TextPlace) {
    this.file = file
    this.line = line
    this.column = column
    this.keyLine = key?.line ?? 0
    this.keyColumn = key?.column ?? 0
  }

  get origin(): Origin {
    return { source: this.file, line: this.line, column: this.column }
  }

  get keyOrigin(): Origin | undefined {
    return this.keyLine === 0 ? undefined : { source: this.file, line: this.keyLine, column: this.keyColumn }
  }
}

export class TextScalar extends TextNode implements ScalarNode {
  readonly value: ScalarNode['value']

  constructor(value: ScalarNode['value'], place: TextPlace) {
    super(place)
    this.value = value
  }

  get kind(): 'scalar' {
    return 'scalar'
  }
}

export class TextList extends TextNode implements ListNode {
  readonly items: readonly SourceNode[]

  constructor(items: readonly SourceNode[], place: TextPlace) {
    super(place)
    this.items = exactly(items)
  }

  get kind(): 'list' {
    return 'list'
  }
}

/** Sections of so many keys keep a map; of fewer, making one when it is asked for is cheaper than keeping it. */
const MANY = 8

export class TextSection extends TextNode implements SectionNode {
  /** Or keys and nodes in turn: a map of one key takes 184 bytes. */
  readonly held: ReadonlyMap<string, SourceNode> | readonly (string | SourceNode)[]

  constructor(entries: ReadonlyMap<string, SourceNode>, place: TextPlace) {
    super(place)
    this.held = entries.size < MANY ? exactly([...entries].flat()) : entries
  }

  get kind(): 'section' {
    return 'section'
  }

  get entries(): ReadonlyMap<string, SourceNode> {
    const { held } = this
    if (held instanceof Map) return held as ReadonlyMap<string, SourceNode>
    const entries = new Map<string, SourceNode>()
    const flat = held as readonly (string | SourceNode)[]
    for (let i = 0; i < flat.length; i += 2) entries.set(flat[i] as string, flat[i + 1] as SourceNode)
    return entries
  }
}

/** A list that has grown keeps room for sixteen more items, a copy of it none. */
function exactly<T>(list: readonly T[]): readonly T[] {
  return list.slice()
}

/**
 * A number that would print otherwise than it was written (`0123`, `1.10`, twenty digits) stays text: a text field
 * then gets what was written, and number fields read text as well.
 */
export function numberOrText(value: number, source: string): number | string {
  return String(value) !== source && /^[+-]?\d+(?:\.\d+)?$/.test(source) ? source : value
}
