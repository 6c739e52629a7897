import type { ProblemCode } from '../config/problem.ts'
import { didYouMean } from '../config/suggest.ts'
import { oldFormOf, STILL_READ } from './old-labels.ts'
import type { OldForm } from './old-labels.ts'
import { printable } from '../config/printable.ts'
import type { KeyPart } from './tag-tree.ts'

/** What stands against a key. With `read`, it counts nevertheless. */
export interface KeyComplaint {
  readonly code: ProblemCode
  readonly message: string
  readonly remedy?: string | undefined
  readonly read?: boolean
  /** It is a label of Traefik v1, which counts where no tags of today define routing. */
  readonly old?: OldForm
}

/** Words that stand directly below the prefix. */
export const WORDS = ['enable', 'app', 'tag', 'env', 'domain', 'weight', 'port'] as const
/** Sections of the dynamic configuration, and what they hold that tags may define. */
const ROOTS: Readonly<Record<string, readonly string[]>> = {
  http: ['routers', 'services', 'middlewares'],
  tcp: ['routers', 'services', 'middlewares'],
  udp: ['routers', 'services'],
  tls: ['stores'],
}
/** Words of providers, below the provider's name. */
const PROVIDER_WORDS = ['canary', 'connect']
/** Sources whose words are met in the wild; they mean something only on their own instances. */
const PROVIDERS = ['consulcatalog', 'nomad', 'ecs', 'ec2', 'docker', 'swarm', 'file']
/** What is configured in files only, below `services.<name>` and `routers.<name>`. */
const FILES_ONLY: Readonly<Record<string, readonly string[]>> = {
  services: ['weighted', 'mirroring', 'failover', 'highestrandomweight'],
  routers: ['parentrefs'],
}

const DEEPEST = 16

/** The parts of a key such as `http.routers.web.tls.domains[0].main`, or what is wrong with it. */
export function parseKey(key: string): readonly KeyPart[] | KeyComplaint {
  const texts = key.split('.', DEEPEST + 1)
  if (texts.length > DEEPEST) return misunderstood(`it has more than ${DEEPEST} parts`)
  const parts: KeyPart[] = []
  for (const text of texts) {
    const [, name, index] = /^([^[\]]+)(?:\[(\d{1,3})\])?$/.exec(text.trim()) ?? []
    if (name === undefined) return misunderstood(partError(text))
    parts.push(index === undefined ? { name } : { name, index: Number(index) })
  }
  return parts
}

/** What stands against a key, or undefined: everything down to the name of the resource and its first option. */
export function checkKey(
  prefix: string,
  path: readonly KeyPart[],
  provider: string,
): KeyComplaint | undefined {
  const names = path.map((part) => part.name.toLowerCase())
  const root = names[0]!
  // Tidegate's own words share two names with labels of Traefik v1, which count as such under Traefik's prefix.
  const ownWord = names.length === 1 && (WORDS as readonly string[]).includes(root)
  if (ownWord && !(prefix.toLowerCase() === 'traefik' && STILL_READ.has(root)))
    return indexed(path.slice(0, 1))
  const isRoot = Object.hasOwn(ROOTS, root)
  const old = isRoot ? undefined : oldFormOf(names, !PROVIDERS.includes(root) && root !== provider)
  if (old !== undefined) return oldForm(prefix, old, ownWord)
  if (isRoot) return checkResource(path, names) ?? indexed(path.slice(0, 3))
  if (root === provider || PROVIDERS.includes(root)) return checkProviderWord(names, path, provider)
  return misunderstood(
    `nothing is called \`${shown(path[0]!)}\``,
    nearest(prefix, path[0]!, [...WORDS, ...Object.keys(ROOTS), provider]),
  )
}

function checkResource(path: readonly KeyPart[], names: readonly string[]): KeyComplaint | undefined {
  const [root, kind, name, option, inner] = names
  if (root === 'tls') return checkTls(names)
  const kinds = ROOTS[root!]!
  if (kind === 'serverstransports') return filesOnly(`${root}.serversTransports`)
  if (kind === undefined || !kinds.includes(kind)) {
    const what =
      kind === undefined ? `\`${root}\` alone says nothing` : `\`${root}\` has no \`${shown(path[1]!)}\``
    return misunderstood(what, kind === undefined ? undefined : nearest(root!, path[1]!, kinds))
  }
  if (name === undefined || option === undefined)
    return misunderstood(`it names no ${name === undefined ? 'resource' : 'option'}`)
  if (name.includes('@')) {
    return {
      code: 'E211',
      message: `the name \`${shown(path[2]!)}\` holds an @, which stands before a provider's name`,
      remedy: 'choose a name without it',
    }
  }
  if (FILES_ONLY[kind]?.includes(option) === true) return filesOnly(`\`${shown(path[3]!)}\``)
  if (kind === 'services' && option === 'loadbalancer' && inner === 'servers') {
    return {
      code: 'E110',
      message: 'tags name one server, the instance itself',
      remedy: 'write `loadbalancer.server`',
    }
  }
  return undefined
}

function checkTls(names: readonly string[]): KeyComplaint | undefined {
  if (names[1] === 'stores' && names[2] === 'default' && names[3] === 'defaultgeneratedcert') return undefined
  return filesOnly(
    names
      .slice(0, 2)
      .map((name) => printable(name, 40))
      .join('.'),
  )
}

function checkProviderWord(
  names: readonly string[],
  path: readonly KeyPart[],
  provider: string,
): KeyComplaint | undefined {
  const root = names[0]!
  if (root !== provider) {
    return {
      code: 'E106',
      message: `words of \`${root}\` have no effect on an instance that was found by ${provider}`,
      remedy: 'remove the tag',
    }
  }
  if (names.length === 2 && PROVIDER_WORDS.includes(names[1]!)) return indexed(path)
  if (names.length === 1)
    return misunderstood(`\`${root}\` alone says nothing`, `known below it: ${PROVIDER_WORDS.join(', ')}`)
  return misunderstood(`\`${root}\` has no \`${shown(path[1]!)}\``, nearest(root, path[1]!, PROVIDER_WORDS))
}

function indexed(path: readonly KeyPart[]): KeyComplaint | undefined {
  const part = path.find((one) => one.index !== undefined)
  return part && misunderstood(`\`${shown(part)}\` is no list`, 'leave out the index')
}

function misunderstood(message: string, remedy?: string): KeyComplaint {
  return { code: 'E301', message: `the tag is not understood: ${message}`, remedy }
}

function filesOnly(what: string): KeyComplaint {
  const remedy = 'define it in a file of the file provider and refer to it by name'
  return { code: 'E110', message: `${what} is not taken from a service's tags`, remedy }
}

function oldForm(prefix: string, old: OldForm, read: boolean): KeyComplaint {
  const message = `this is a label of Traefik v1, and ${read ? 'is read for now' : 'is not read'}`
  const today = `${prefix}.${old.today}`
  return {
    code: 'E307',
    message,
    remedy: `write \`${today}\``,
    read,
    ...(read ? {} : { old: { ...old, today } }),
  }
}

function nearest(parent: string, { name }: KeyPart, candidates: readonly string[]): string {
  return didYouMean(name, candidates) ?? `known below \`${parent}\`: ${[...new Set(candidates)].join(', ')}`
}

function partError(text: string): string {
  return text.trim() === ''
    ? 'a part of its key is empty'
    : `\`${printable(text, 40)}\` is neither a name nor a name with an index`
}

function shown({ name }: KeyPart): string {
  return printable(name, 40)
}
