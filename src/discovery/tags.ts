import type { Origin, Problem } from '../config/problem.ts'
import { PENDING_SECTIONS } from '../config/routing.ts'
import { child, section } from '../config/source-tree.ts'
import type { ScalarNode, SectionNode } from '../config/source-tree.ts'
import { complain } from './complaint.ts'
import type { Complaint } from './complaint.ts'
import { oldForm } from './old-routing.ts'
import type { OldLabel } from './old-routing.ts'
import type { Instance } from './provider.ts'
import { checkKey, parseKey, WORDS } from './tag-grammar.ts'
import { printable } from '../config/printable.ts'
import { tagOrigin } from './tag-origin.ts'
import { misspeltPrefix, prefixOf } from './tag-prefix.ts'
import { TagTree } from './tag-tree.ts'

export interface TagOptions {
  /** Prefixes without their dot; of two that say the same, the first wins. */
  readonly prefixes: readonly string[]
  /** The provider's name, below which its own words stand (`traefik.nomad.canary`). */
  readonly provider: string
}

/** What an instance's tags say, every value with its origin. */
export interface TagReading {
  /** Sections `routers`, `services` and `middlewares`; empty when no tag defines any. */
  readonly http: SectionNode
  /** Labels of Traefik v1, where `http` is empty: what they ask for depends on the instance's names. */
  readonly old: readonly OldLabel[]
  /** Tags define TCP or UDP routing. */
  readonly hasStreams: boolean
  /** Undefined when no tag says so. */
  readonly enable: boolean | undefined
  readonly canary: boolean
  readonly app: ScalarNode | undefined
  readonly tag: ScalarNode | undefined
  readonly env: ScalarNode | undefined
  readonly domain: ScalarNode | undefined
  readonly weight: ScalarNode | undefined
  readonly port: ScalarNode | undefined
  /** Tags that are plain words. */
  readonly plain: readonly string[]
  /** All `key=value` tags, keys as written. */
  readonly labels: ReadonlyMap<string, string>
  readonly problems: readonly Problem[]
}

/** An instance with more tags than that is a fault or an attack; the first ones are read. */
const MOST_TAGS = 1_000
const LONGEST_TAG = 65_536
/** Of one instance; the rest is counted. */
const MOST_PROBLEMS = 50

/**
 * Reads an instance's tags: plain words, and `<prefix>.<key>=<value>` split at the first `=`, blanks around both
 * ignored. Never throws: a tag that is not understood costs only itself and is listed as a problem.
 */
export function readTags(instance: Instance, options: TagOptions): TagReading {
  return new Reader(instance, options).read()
}

interface PrefixedTag {
  readonly key: string
  readonly value: string
  readonly prefix: string
  readonly rank: number
  readonly origin: Origin
}

class Reader {
  readonly #instance: Instance
  readonly #prefixes: readonly string[]
  readonly #provider: string
  readonly #problems: Problem[] = []
  readonly #old: OldLabel[] = []
  #unlisted = 0

  constructor(instance: Instance, { prefixes, provider }: TagOptions) {
    this.#instance = instance
    this.#prefixes = prefixes.map((prefix) => prefix.replace(/\.+$/, '')).filter((prefix) => prefix !== '')
    this.#provider = provider.toLowerCase()
  }

  read(): TagReading {
    const plain: string[] = []
    const labels = new Map<string, string>()
    const prefixed: PrefixedTag[] = []
    for (const tag of this.#boundedTags()) {
      const found = this.#prefixedTag(tag)
      if (found !== undefined) prefixed.push(found)
      const split = tag.indexOf('=')
      if (split !== -1) labels.set(tag.slice(0, split).trim(), tag.slice(split + 1).trim())
      else if (prefixOf(tag, this.#prefixes) === undefined) plain.push(tag)
    }
    const tree = this.#treeOf(prefixed)
    const words = this.#words(tree)
    const http = child(tree, 'http')
    this.#listPending(tree)
    if (http !== undefined) this.#refuseOld()
    return {
      ...words,
      plain,
      labels,
      http: http?.kind === 'section' ? http : section(new Map(), tagOrigin(this.#provider, this.#instance)),
      old: http === undefined ? this.#old : [],
      hasStreams: child(tree, 'tcp') !== undefined || child(tree, 'udp') !== undefined,
      problems: this.#listed(),
    }
  }

  *#boundedTags(): Iterable<string> {
    const { tags } = this.#instance
    if (tags.length > MOST_TAGS) {
      this.#complain({
        code: 'E301',
        origin: tagOrigin(this.#provider, this.#instance),
        message: `the instance has ${tags.length} tags, of which the first ${MOST_TAGS} are read`,
      })
    }
    for (const tag of tags.slice(0, MOST_TAGS)) {
      if (tag.length <= LONGEST_TAG) yield tag
      else
        this.#complain({
          code: 'E301',
          origin: this.#origin(tag),
          message: `the tag is longer than ${LONGEST_TAG} characters and is not read`,
        })
    }
  }

  #prefixedTag(tag: string): PrefixedTag | undefined {
    const prefix = prefixOf(tag, this.#prefixes)
    const split = tag.indexOf('=')
    if (prefix === undefined) {
      if (split !== -1) this.#checkPrefix(tag)
      return undefined
    }
    if (split === -1) {
      this.#complain({
        code: 'E301',
        origin: this.#origin(tag),
        message: 'the tag is not understood: it has no value',
        remedy: 'write it as `key=value`',
      })
      return undefined
    }
    const key = tag
      .slice(0, split)
      .trim()
      .slice(prefix.length + 1)
    return {
      key,
      value: tag.slice(split + 1).trim(),
      prefix,
      rank: this.#prefixes.indexOf(prefix),
      origin: this.#origin(tag),
    }
  }

  /** `traefk.http.…=…` is nobody's tag, and surely meant for us. */
  #checkPrefix(tag: string): void {
    const slip = misspeltPrefix(tag, this.#prefixes)
    if (slip === undefined) return
    const message = `the prefix \`${printable(slip.prefix)}\` is not read`
    const remedy = `did you mean \`${slip.meant}\`?`
    this.#complain({ code: 'E301', severity: 'warning', origin: this.#origin(tag), message, remedy })
  }

  #treeOf(tags: readonly PrefixedTag[]): SectionNode {
    const tree = new TagTree(tagOrigin(this.#provider, this.#instance))
    for (const tag of tags.toSorted((a, b) => a.rank - b.rank)) {
      const path = this.#pathOf(tag)
      if (path === undefined) continue
      const lost = tree.add(path, { text: tag.value, origin: tag.origin, rank: tag.rank })
      if (lost === undefined) continue
      this.#complain({
        code: 'E109',
        origin: lost.origin,
        message: 'another tag of this instance gives the same key another value, and the later one counts',
        remedy: 'remove one of them',
      })
    }
    return tree.toNode(({ origin }) =>
      this.#complain({
        code: 'E301',
        origin,
        message: 'the tag is not understood: its key is also given as a section or a list',
        remedy: 'remove one of them',
      }),
    )
  }

  /** Of two languages on one instance, today's counts. */
  #refuseOld(): void {
    for (const { origin, today } of this.#old)
      this.#complain(oldForm(origin, today, false, ' beside tags of `http`'))
  }

  #pathOf({ key, value, prefix, origin }: PrefixedTag) {
    const path = parseKey(key)
    const complaint = 'code' in path ? path : checkKey(prefix, path, this.#provider)
    if (complaint?.old) {
      this.#old.push({ ...complaint.old, value, origin })
      return undefined
    }
    if (complaint !== undefined) {
      const { code, message, remedy, read } = complaint
      this.#complain({
        code,
        origin,
        message,
        remedy,
        severity: read === true || code === 'E106' ? 'warning' : 'error',
      })
    }
    return 'code' in path || (complaint !== undefined && complaint.read !== true) ? undefined : path
  }

  #words(tree: SectionNode): Pick<TagReading, (typeof WORDS)[number] | 'canary'> {
    const own = child(tree, this.#provider)
    if (this.#boolean(own && child(own, 'connect')) === true) {
      const { origin } = child(own, 'connect')!
      this.#complain({
        code: 'E105',
        origin,
        message: 'Consul Connect is understood but not built yet: the instance is spoken to without it',
        remedy: 'give the instance a port that needs no Connect',
      })
    }
    const word = (name: string) => asScalar(child(tree, name))
    return {
      enable: this.#boolean(child(tree, 'enable')),
      canary: this.#boolean(own && child(own, 'canary')) ?? false,
      app: word('app'),
      tag: word('tag'),
      env: word('env'),
      domain: word('domain'),
      weight: word('weight'),
      port: word('port'),
    }
  }

  #boolean(node: ReturnType<typeof child>): boolean | undefined {
    const word = asScalar(node)
    if (word === undefined) return undefined
    const text = String(word.value).toLowerCase()
    if (TRUE.has(text) || FALSE.has(text)) return TRUE.has(text)
    const remedy = 'write `true` or `false`'
    this.#complain({
      code: 'E102',
      origin: word.origin,
      message: `\`${printable(text, 40)}\` is neither true nor false`,
      remedy,
    })
    return undefined
  }

  #listPending(tree: SectionNode): void {
    for (const [name, what] of PENDING_IN_TAGS) {
      const node = child(tree, name)
      if (node === undefined) continue
      this.#complain({
        code: 'E105',
        severity: 'warning',
        origin: node.origin,
        message: `\`${name}\` is understood but not built yet (${what})`,
        remedy: 'remove these tags, or accept that they have no effect',
      })
    }
  }

  #origin(tag: string): Origin {
    return tagOrigin(this.#provider, this.#instance, tag)
  }

  #complain(complaint: Complaint): void {
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push(complain(complaint))
    else this.#unlisted++
  }

  #listed(): Problem[] {
    if (this.#unlisted === 0) return this.#problems
    const origin = tagOrigin(this.#provider, this.#instance)
    return [
      ...this.#problems,
      complain({
        code: 'E301',
        origin,
        message: `${this.#unlisted} more tags of this instance have problems`,
      }),
    ]
  }
}

/** Of `tls`, tags may say only what ACME is to make. */
const PENDING_IN_TAGS = [...Object.entries(PENDING_SECTIONS), ['tls', 'certificates by ACME'] as const]

const TRUE = new Set(['true', 't', '1'])
const FALSE = new Set(['false', 'f', '0'])

function asScalar(node: ReturnType<typeof child>): ScalarNode | undefined {
  return node?.kind === 'scalar' ? node : undefined
}
