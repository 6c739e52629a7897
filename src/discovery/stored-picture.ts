import { hash } from 'node:crypto'
import type { Origin } from '../config/problem.ts'
import { list, scalar, section } from '../config/source-tree.ts'
import type { SourceNode } from '../config/source-tree.ts'
import type { Instance, InstancePort, Snapshot } from './provider.ts'
import { instanceWithoutSecrets, routingWithoutSecrets } from './stored-secrets.ts'

/** One part of a source as it was last known. */
export interface StoredPart {
  readonly snapshot: Snapshot
  /** Milliseconds since the epoch, of the moment for which the source last vouched for it. */
  readonly knownAt: number
}

/** By provider (as in `name@provider`) and part. */
export type StoredPicture = ReadonlyMap<string, ReadonlyMap<string, StoredPart>>

const FORMAT = 'tidegate-discovery'
/** To be raised with every change that an older reader would misunderstand. */
const VERSION = 1

/** As text: one line about it, and one with the picture, without secrets. `leftOut` counts instances that hold some. */
export function encodePicture(picture: StoredPicture): { readonly text: string; readonly leftOut: number } {
  let leftOut = 0
  const providers = [...picture].map(([provider, parts]) => [
    provider,
    [...parts].map(([part, { snapshot, knownAt }]) => {
      const instances = snapshot.instances?.flatMap((instance) => instanceWithoutSecrets(instance) ?? [])
      leftOut += (snapshot.instances?.length ?? 0) - (instances?.length ?? 0)
      const routing = snapshot.routing && toJson(routingWithoutSecrets(snapshot.routing))
      return { part, knownAt, catalog: snapshot.catalog, instances, routing }
    }),
  ])
  const body = JSON.stringify(providers)
  const head = JSON.stringify({ format: FORMAT, version: VERSION, sha256: hash('sha256', body) })
  return { text: `${head}\n${body}\n`, leftOut }
}

/**
 * Reads what `encodePicture` has written.
 * @throws Error with the reason, as a clause that follows the file's name, when it is anything else
 */
export function decodePicture(text: string): StoredPicture {
  const end = text.indexOf('\n')
  const head = parsed(end < 0 ? text : text.slice(0, end))
  if (!isRecord(head) || head['format'] !== FORMAT) throw new Error('is no snapshot of discovery')
  if (head['version'] !== VERSION)
    throw new Error(`has version ${JSON.stringify(head['version'])} of the format, and not ${VERSION}`)
  const body = text.slice(end + 1).replace(/\n$/, '')
  if (hash('sha256', body) !== head['sha256']) throw new Error('is damaged: its checksum is another')
  const providers = parsed(body)
  if (!Array.isArray(providers)) throw damaged()
  return new Map(providers.map(toProvider))
}

function toProvider(value: unknown): [string, ReadonlyMap<string, StoredPart>] {
  if (!Array.isArray(value) || typeof value[0] !== 'string' || !Array.isArray(value[1])) throw damaged()
  return [value[0], new Map((value[1] as unknown[]).map(toPart))]
}

function toPart(value: unknown): [string, StoredPart] {
  if (!isRecord(value)) throw damaged()
  const { part, knownAt, catalog, instances, routing } = value
  if (typeof part !== 'string' || typeof knownAt !== 'number') throw damaged()
  if (instances !== undefined && !(Array.isArray(instances) && instances.every(isInstance))) throw damaged()
  if (catalog !== undefined && !isTexts(catalog)) throw damaged()
  const snapshot = {
    part,
    ...(catalog === undefined ? {} : { catalog }),
    ...(instances === undefined ? {} : { instances: instances as Instance[] }),
    ...(routing === undefined ? {} : { routing: fromJson(routing) }),
  }
  return [part, { snapshot, knownAt }]
}

const HEALTHS: readonly unknown[] = ['passing', 'warning', 'critical', 'unknown']

function isInstance(value: unknown): value is Instance {
  if (!isRecord(value)) return false
  const { id, name, address, ports, tags, health, weight, zone, createdAt, meta, terminating } = value
  return (
    [id, name, address].every((one) => typeof one === 'string') &&
    Array.isArray(ports) &&
    ports.every(isPort) &&
    isTexts(tags) &&
    HEALTHS.includes(health) &&
    [weight, createdAt].every((one) => one === undefined || typeof one === 'number') &&
    (zone === undefined || typeof zone === 'string') &&
    (meta === undefined || (isRecord(meta) && isTexts(Object.values(meta)))) &&
    (terminating === undefined || typeof terminating === 'boolean')
  )
}

function isPort(value: unknown): value is InstancePort {
  if (!isRecord(value)) return false
  const { port, containerPort } = value
  return typeof port === 'number' && (containerPort === undefined || typeof containerPort === 'number')
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}

/** Trees of routing; what a node is can be told by what it has. */
function toJson(node: SourceNode): unknown {
  const { kind, origin } = node
  if (kind === 'list') return { origin, items: node.items.map(toJson) }
  if (kind === 'section')
    return { origin, entries: [...node.entries].map(([key, value]) => [key, toJson(value)]) }
  const { value } = node
  return typeof value === 'bigint' ? { origin, big: String(value) } : { origin, value }
}

function fromJson(json: unknown): SourceNode {
  if (!isRecord(json) || !isRecord(json['origin'])) throw damaged()
  const { items, entries, big, value } = json
  const origin = json['origin'] as unknown as Origin
  if (Array.isArray(items)) return list(items.map(fromJson), origin)
  if (Array.isArray(entries)) return section(new Map(entries.map(toEntry)), origin)
  if (typeof big === 'string' && /^-?\d+$/.test(big)) return scalar(BigInt(big), origin)
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value))
    return scalar(value as string | number | boolean | null, origin)
  throw damaged()
}

function toEntry(entry: unknown): [string, SourceNode] {
  if (!Array.isArray(entry) || typeof entry[0] !== 'string') throw damaged()
  return [entry[0], fromJson(entry[1])]
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('is no snapshot of discovery')
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function damaged(): Error {
  return new Error('is damaged: something in it is not as it was written')
}
