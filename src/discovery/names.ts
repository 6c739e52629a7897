import { hash } from 'node:crypto'
import { domainToASCII } from 'node:url'
import type { TagSourceOptions } from './options.ts'
import type { Instance } from './provider.ts'
import type { TagReading } from './tags.ts'

/** The parts of an instance's default names. Each is fit for a host name; those that are missing are empty. */
export interface Names {
  readonly app: string
  readonly tag: string
  readonly env: string
  readonly domain: string
  /** Name of the default service and of the default router. */
  readonly service: string
  /** Host of the default rule; empty without a domain, or when it would be no valid host name. */
  readonly host: string
}

/** What is needed of a compiled regular expression. */
interface Pattern {
  test(text: string): boolean
}

/** Longest label and longest name of a host, RFC 1035 §2.3.4. */
const LONGEST_LABEL = 63
const LONGEST_HOST = 253
const HASH_DIGITS = 8

/**
 * The default names of an instance. With a domain, the host is `app[-tag][.env].domain` and the service
 * `app[-tag]`; without one, the service is the source's name as Traefik normalises it.
 */
export function namesOf(
  instance: Instance,
  tags: Pick<TagReading, 'app' | 'tag' | 'env' | 'domain' | 'plain' | 'canary'>,
  options: Pick<TagSourceOptions, 'domain' | 'environment'>,
  tagPattern: Pattern | undefined,
): Names {
  const app = toLabel(textOf(tags.app) || instance.app || instance.name)
  const tag = toLabel(versionTag(instance, tags, tagPattern))
  const env = shorten(toLabel(textOf(tags.env) || options.environment))
  const domain = toDomain(textOf(tags.domain) || options.domain)
  const parts = { app: shorten(app), tag: shorten(tag), env, domain }
  const canary = tags.canary ? [shortHash(instance.tags.toSorted().join('\n'))] : []
  if (domain === '') {
    return {
      ...parts,
      service: [normalize(instance.name) || fallbackName(instance.name), ...canary].join('-'),
      host: '',
    }
  }
  const service = shorten(
    [app || fallbackName(instance.name), tag, ...canary].filter((part) => part !== '').join('-'),
  )
  const host = [service, env, domain].filter((part) => part !== '').join('.')
  return { ...parts, service, host: host.length > LONGEST_HOST ? '' : host }
}

/** Traefik's `normalize`: runs of anything but letters and digits of any script become one hyphen, none at the ends. */
export function normalize(text: string): string {
  return trimHyphens(text.toWellFormed().replace(/[^\p{L}\p{N}]+/gu, '-'))
}

/** Eight hexadecimal digits that are always the same for the same text. */
export function shortHash(text: string): string {
  return hash('sha256', text.toWellFormed(), 'hex').slice(0, HASH_DIGITS)
}

function textOf(word: TagReading['app']): string {
  return word === undefined ? '' : String(word.value)
}

/** Which version of the application the instance is, as its tags or its source say. */
function versionTag(
  { meta }: Instance,
  { tag, plain }: Pick<TagReading, 'tag' | 'plain'>,
  pattern: Pattern | undefined,
): string {
  // An empty word says that there is none.
  if (tag !== undefined) return isVersion(textOf(tag)) ? textOf(tag) : ''
  const candidates = [
    plain.find((word) => pattern?.test(word) === true),
    own(meta, 'version'),
    imageTag(own(meta, 'image')),
  ]
  return candidates.find((text) => text !== undefined && isVersion(text)) ?? ''
}

function own(meta: Instance['meta'], key: string): string | undefined {
  return meta !== undefined && Object.hasOwn(meta, key) ? meta[key] : undefined
}

/** The tag of an image reference such as `registry:5000/team/app:v1@sha256:…`. */
function imageTag(image: string | undefined): string | undefined {
  const name = image?.split('@', 1)[0]?.split('/').at(-1)
  return name === undefined || !name.includes(':') ? undefined : name.slice(name.indexOf(':') + 1)
}

/** `latest` names whatever is newest, and a digest is for machines: neither tells versions apart in a host name. */
function isVersion(text: string): boolean {
  return (
    text !== '' &&
    text.toLowerCase() !== 'latest' &&
    !/^(?:[a-z0-9]+:[0-9a-f]{32,}|[0-9a-f]{64,})$/i.test(text)
  )
}

function toLabel(text: string): string {
  return trimHyphens(text.toLowerCase().replace(/[^a-z0-9]+/g, '-'))
}

/** Each label as it is when it is valid (punycode has two hyphens in a row), else made valid. */
function toDomain(text: string): string {
  const ascii = domainToASCII(text) || text
  const labels = ascii
    .toLowerCase()
    .split('.')
    .map((label) => (isHostLabel(label) ? label : shorten(toLabel(label))))
  return labels.filter((label) => label !== '').join('.')
}

/** RFC 1123 §2.1. */
function isHostLabel(label: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label)
}

/** A label that is too long is cut, and ends in a hash of the whole, so that two of the same beginning stay two. */
function shorten(label: string): string {
  if (label.length <= LONGEST_LABEL) return label
  return `${trimHyphens(label.slice(0, LONGEST_LABEL - HASH_DIGITS - 1))}-${shortHash(label)}`
}

/** A name without one letter or digit that a host may hold still has to be told from others. */
function fallbackName(name: string): string {
  return `service-${shortHash(name)}`
}

function trimHyphens(text: string): string {
  return text.replace(/^-+|-+$/g, '')
}
