import { printable } from './printable.ts'
import type { Origin, Problem, ProblemCode } from './problem.ts'
import { scalar, section } from './source-tree.ts'
import type { SectionNode, SourceNode } from './source-tree.ts'
import { didYouMean } from './suggest.ts'

/** A key of a store and its value, both as they stand there. */
export type KeyValue = readonly [key: string, value: string]

export interface KeyTreeOptions {
  /** Who holds the keys, for problems: the provider's name. */
  readonly source: string
  /** The key that all others stand below, without a slash at its end. */
  readonly root: string
}

export interface KeyTree {
  /** Undefined when nothing below the root is routing. */
  readonly routing: SectionNode | undefined
  /** What of the keys says nothing, each with its full key. */
  readonly problems: readonly Problem[]
}

const SECTIONS = ['http', 'tcp', 'udp', 'tls']
const DEEPEST = 32
const MOST_PROBLEMS = 100

/**
 * Turns keys such as `tidegate/http/routers/web/rule` into routing as it was written: a part of a key is a name
 * whatever its letters' case, lists are sections whose names are indexes (decoders read both), and every value keeps
 * its key. What order the pairs come in makes no difference. A wrong key costs only itself. Pure; never throws.
 */
export function readKeyTree(pairs: Iterable<KeyValue>, options: KeyTreeOptions): KeyTree {
  const reading = new Reading(options)
  for (const [key, value] of [...pairs].sort(byKey)) reading.add(key, value)
  return reading.tree()
}

/** The first of the roots that has routing below it, else the first that has anything, else the first. */
export function chooseRoot(keys: Iterable<string>, roots: readonly [string, ...string[]]): string {
  const used = new Set<string>()
  const routed = new Set<string>()
  for (const key of keys) {
    const root = roots.find((one) => key.startsWith(`${one}/`))
    if (root === undefined) continue
    used.add(root)
    if (!routed.has(root) && SECTIONS.includes(sectionOf(key, root))) routed.add(root)
  }
  return roots.find((root) => routed.has(root)) ?? roots.find((root) => used.has(root)) ?? roots[0]
}

interface Draft {
  /** As it was written first. */
  readonly name: string
  /** The whole key down to here. */
  readonly key: string
  readonly entries: Map<string, Draft>
  value?: { readonly text: string; readonly key: string }
}

/** Reads the keys of one tree. */
class Reading {
  readonly #source: string
  readonly #prefix: string
  readonly #root: Draft
  readonly #problems: Problem[] = []
  /** Names below the root that are no section, with the number of keys that each costs. */
  readonly #unknown = new Map<string, number>()
  #unlisted = 0

  constructor({ source, root }: KeyTreeOptions) {
    this.#source = source
    this.#prefix = `${root}/`
    this.#root = newDraft('', root)
  }

  add(key: string, value: string): void {
    if (!key.startsWith(this.#prefix)) return
    // Some tools make folders: keys that end in a slash. They say nothing.
    if (key.endsWith('/') && value === '') return
    const names = key.slice(this.#prefix.length).split('/', DEEPEST + 1)
    const fault = faultOf(names)
    if (fault !== undefined) return this.#complain('E101', key, fault)
    const [top = ''] = names
    if (!SECTIONS.includes(top.toLowerCase()))
      return void this.#unknown.set(top, (this.#unknown.get(top) ?? 0) + 1)
    this.#put(names, key, value)
  }

  tree(): KeyTree {
    const entries = this.#entriesOf(this.#root)
    for (const [name, count] of this.#unknown) this.#complainOfSection(name, count)
    const problems = this.#unlisted === 0 ? this.#problems : [...this.#problems, this.#more()]
    return {
      routing: entries.size === 0 ? undefined : section(entries, this.#origin(this.#root.key)),
      problems,
    }
  }

  #put(names: readonly string[], key: string, text: string): void {
    let draft = this.#root
    for (const name of names) draft = entryOf(draft, name)
    if (draft.value === undefined) draft.value = { text, key }
    else if (draft.value.text !== text) {
      const message = `the key is also given as \`${printable(draft.value.key)}\`, which counts`
      this.#complain('E109', key, message, 'remove one of the two')
    }
  }

  #entriesOf({ entries }: Draft): Map<string, SourceNode> {
    return new Map([...entries.values()].map((entry) => [entry.name, this.#nodeOf(entry)]))
  }

  #nodeOf(draft: Draft): SourceNode {
    const { value, entries, key } = draft
    if (entries.size === 0) return scalar(value?.text ?? '', this.#origin(value?.key ?? key))
    // `tls` = `true` beside `tls/options` says nothing more, nor does the empty value of a node with children.
    if (value !== undefined && !/^(?:true|1|t|)$/i.test(value.text.trim())) {
      const message = 'the value has no effect, since there are keys below this one'
      this.#complain('E106', value.key, message, 'remove the value, or the keys below it')
    }
    return section(this.#entriesOf(draft), this.#origin(key))
  }

  #origin(key: string): Origin {
    return { source: this.#source, key: printable(key) }
  }

  #complainOfSection(name: string, count: number): void {
    const keys = count === 1 ? '' : `, with ${count} keys`
    const remedy = didYouMean(name, SECTIONS) ?? `known here: ${SECTIONS.join(', ')}`
    this.#complain(
      'E101',
      `${this.#prefix}${name}`,
      `unknown section \`${printable(name, 40)}\`${keys}`,
      remedy,
    )
  }

  #complain(code: ProblemCode, key: string, message: string, remedy?: string): void {
    if (this.#problems.length >= MOST_PROBLEMS) return void this.#unlisted++
    const severity = code === 'E106' ? 'warning' : 'error'
    const origin = this.#origin(key)
    this.#problems.push({ code, severity, message, origin, ...(remedy === undefined ? {} : { remedy }) })
  }

  #more(): Problem {
    const message = `${this.#unlisted} more keys have problems`
    return { code: 'E101', severity: 'error', message, origin: this.#origin(this.#root.key) }
  }
}

function newDraft(name: string, key: string): Draft {
  return { name, key, entries: new Map() }
}

function entryOf(parent: Draft, name: string): Draft {
  const id = name.toLowerCase()
  const known = parent.entries.get(id)
  if (known) return known
  const made = newDraft(name, `${parent.key}/${name}`)
  parent.entries.set(id, made)
  return made
}

function faultOf(names: readonly string[]): string | undefined {
  if (names.length > DEEPEST) return `the key has more than ${DEEPEST} parts`
  return names.some((name) => name.trim() === '') ? 'a part of the key is empty' : undefined
}

function sectionOf(key: string, root: string): string {
  return key
    .slice(root.length + 1)
    .split('/', 1)[0]!
    .toLowerCase()
}

/** By code units: the same on every machine, whatever its language. */
function byKey([a]: KeyValue, [b]: KeyValue): number {
  return a < b ? -1 : a > b ? 1 : 0
}
