import { section } from '../config/source-tree.ts'
import type { SectionNode, SourceNode } from '../config/source-tree.ts'
import type { Instance } from './provider.ts'

/*
 * What of a picture may be written to disk. Nothing that is left out may widen what is served: a middleware with a
 * secret is left out whole, and its routers cannot be linked without it; a router or an instance with a secret
 * elsewhere is left out whole.
 */

const SECRET_NAME =
  /token|passw|pwd|secret|credential|authorization|cookie|session|private|api[-_]?key|access[-_]?key|^users?$|^auth$/i
/** Hashes of passwords, keys in PEM, passwords in URLs, credentials of HTTP. */
const SECRET_VALUE =
  /\$(?:apr1|2[abxy]|1|5|6|argon2\w*)\$|\{SHA\}|-----BEGIN|:\/\/[^/\s@]*:[^/\s@]*@|\b(?:Bearer|Basic)\s+\S{8}|\bAKIA[A-Z0-9]{16}\b/
/** A condition of a rule on a field or parameter that is named like a secret. */
const SECRET_CONDITION = /(?:Header|HeaderRegexp|Query|QueryRegexp)\(\s*[`"']([^`"']*)/gi
const PLAIN_VALUE = /^(?:true|false|-?\d{1,9}|)$/i

/** Looking through 10,000 instances takes 100 ms; what has not changed since the last time costs nothing. */
const known = new WeakMap<Instance, Instance | 'secret'>()

/** The instance without its secrets, itself when it has none; undefined when it cannot be without them. */
export function instanceWithoutSecrets(instance: Instance): Instance | undefined {
  const result = known.get(instance) ?? withoutSecrets(instance) ?? 'secret'
  known.set(instance, result)
  return result === 'secret' ? undefined : result
}

function withoutSecrets(instance: Instance): Instance | undefined {
  const left = new Set<string>()
  for (const tag of instance.tags) {
    if (!isSecretTag(tag)) continue
    const middleware = middlewareOf(tag)
    if (middleware === undefined) return undefined
    left.add(middleware)
  }
  const { meta = {} } = instance
  const secretKeys = Object.keys(meta).filter((key) => isSecret(key, meta[key]!))
  if (left.size === 0 && secretKeys.length === 0) return instance
  return {
    ...instance,
    tags: instance.tags.filter((tag) => !left.has(middlewareOf(tag) ?? '')),
    meta: Object.fromEntries(Object.entries(meta).filter(([key]) => !secretKeys.includes(key))),
  }
}

/** The routing without every router, service, middleware or certificate that holds a secret. */
export function routingWithoutSecrets(routing: SourceNode): SourceNode {
  if (routing.kind !== 'section') return routing
  return mapEntries(routing, (_, protocol) =>
    mapEntries(protocol, (kind, resources) => {
      // Keys of certificates may be written in place; their names are no secret, but of no use alone.
      if (/^(?:certificates|stores)$/i.test(kind)) return undefined
      return mapEntries(resources, (_name, resource) => (holdsSecret('', resource) ? undefined : resource))
    }),
  )
}

function isSecretTag(tag: string): boolean {
  const [key, value] = split(tag)
  return isSecret(key.split('.').at(-1) ?? key, value)
}

/** `prefix.http.middlewares.NAME`, in lower case; undefined for other tags. */
function middlewareOf(tag: string): string | undefined {
  const [key] = split(tag)
  return /^(.+?\.http\.middlewares\.[^.]+)\../i.exec(key)?.[1]?.toLowerCase()
}

function split(tag: string): [key: string, value: string] {
  const equals = tag.indexOf('=')
  return equals < 0 ? ['', tag.trim()] : [tag.slice(0, equals).trim(), tag.slice(equals + 1).trim()]
}

function holdsSecret(key: string, node: SourceNode): boolean {
  if (node.kind === 'scalar') return isSecret(key, String(node.value))
  if (node.kind === 'list') return node.items.some((item) => holdsSecret(key, item))
  return [...node.entries].some(([name, value]) => holdsSecret(name, value))
}

function isSecret(key: string, value: string): boolean {
  if (PLAIN_VALUE.test(value)) return false
  if (SECRET_NAME.test(key.replace(/\[\d+\]$/, '')) || SECRET_VALUE.test(value)) return true
  return [...value.matchAll(SECRET_CONDITION)].some(([, name]) => SECRET_NAME.test(name ?? ''))
}

function mapEntries(
  node: SourceNode,
  map: (key: string, value: SourceNode) => SourceNode | undefined,
): SourceNode {
  if (node.kind !== 'section') return node
  const entries = [...node.entries].flatMap(([key, value]) => {
    const mapped = map(key, value)
    return mapped ? [[key, mapped] as const] : []
  })
  return section(new Map(entries), node.origin) satisfies SectionNode
}
