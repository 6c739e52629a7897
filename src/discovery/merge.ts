import type { Problem } from '../config/problem.ts'
import type { Definition } from './definitions.ts'
import { definitionsOfFragment, definitionsOfPart } from './definitions.ts'
import type { TagSourceOptions } from './options.ts'
import type { Instance } from './provider.ts'
import { KINDS } from './resource.ts'
import type { Kind } from './resource.ts'
import type { Endpoint } from './routing-config.ts'
import type { Source } from './source.ts'

/** One resource of a provider, with every definition that it was given. */
export interface MergedResource {
  readonly kind: Kind
  readonly name: string
  /** `name@provider`. */
  readonly fullName: string
  readonly provider: string
  readonly options: TagSourceOptions | undefined
  /** Different from one another, the one to be served first. Never empty. */
  readonly variants: readonly Variant[]
  /** The instances of a service, whichever definition they hold, sorted by key. */
  readonly endpoints: readonly Endpoint[]
}

/** One way in which a resource is defined, and who defines it so. */
export interface Variant {
  /** Stands for all that are equal to it. */
  readonly definition: Definition
  /** Sorted by id; empty when a routing part holds it. */
  readonly instances: readonly Instance[]
}

/** Of each kind, sorted by name. */
export interface MergedSource extends Readonly<Record<Kind, readonly MergedResource[]>> {
  readonly problems: readonly Problem[]
}

/**
 * Puts together what the instances and parts of one provider define, by the resources' names. What order they come
 * in makes no difference. A resource whose definitions are the same objects as at the last merge is the same object
 * again, so that an unchanged one costs a few comparisons.
 */
export function mergeSource(source: Source): MergedSource {
  const groups = Object.fromEntries(KINDS.map((kind) => [kind, new Map()])) as Record<Kind, Groups>
  const problems: Problem[] = []
  const parts = source.routing.toSorted((a, b) => compareText(a.part, b.part)).map(definitionsOfPart)
  for (const definitions of [parts, source.fragments.map(definitionsOfFragment)].flat()) {
    for (const kind of KINDS) for (const definition of definitions[kind]) collect(groups[kind], definition)
    for (const problem of definitions.problems) problems.push(problem)
  }
  const merged = (kind: Kind): MergedResource[] =>
    [...groups[kind].keys()].sort().map((name) => mergeGroup(kind, source, groups[kind].get(name)!))
  return {
    routers: merged('routers'),
    services: merged('services'),
    middlewares: merged('middlewares'),
    serversTransports: merged('serversTransports'),
    problems,
  }
}

type Groups = Map<string, Definition[]>

function collect(groups: Groups, definition: Definition): void {
  const group = groups.get(definition.name)
  if (group) group.push(definition)
  else groups.set(definition.name, [definition])
}

/** One for all: ten thousand routers have nothing of their own here. */
const NONE: readonly never[] = []

interface Remembered {
  readonly group: readonly Definition[]
  readonly merged: MergedResource
}

/** By the first definition of the group. */
const remembered = new WeakMap<Definition, Remembered>()

function mergeGroup(kind: Kind, { provider, options }: Source, group: readonly Definition[]): MergedResource {
  const known = remembered.get(group[0]!)
  if (
    known &&
    known.merged.provider === provider &&
    known.merged.options === options &&
    sameItems(known.group, group)
  ) {
    return known.merged
  }
  const { name } = group[0]!
  const merged = {
    kind,
    name,
    fullName: `${name}@${provider}`,
    provider,
    options,
    variants: variantsOf(group),
    endpoints: kind === 'services' ? endpointsOf(group) : NONE,
  }
  remembered.set(group[0]!, { group, merged })
  return merged
}

function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i])
}

/** Parts come before instances, since the operator wrote them, and an earlier part before a later one. */
function variantsOf(group: readonly Definition[]): Variant[] {
  const parts = group.filter((definition) => definition.part !== undefined)
  const held = Map.groupBy(
    group.filter((definition) => definition.instance),
    ({ signature }) => signature,
  )
  return [
    ...parts.map((definition) => ({ definition, instances: NONE })),
    ...[...held.values()].map(variantOf).sort(byStanding),
  ]
}

/** The holder with the first id stands for all, since it then changes least often. */
function variantOf(definitions: readonly Definition[]): Variant {
  const sorted = definitions.toSorted((a, b) => compareText(a.instance!.id, b.instance!.id))
  return { definition: sorted[0]!, instances: sorted.map(({ instance }) => instance!) }
}

/** Held by most first, then by the newest. Instances on their way out have no say while others have. */
function byStanding(a: Variant, b: Variant): number {
  return votes(b) - votes(a) || newest(b) - newest(a) || compareText(a.instances[0]!.id, b.instances[0]!.id)
}

function votes({ instances }: Variant): number {
  return instances.reduce((count, { terminating }) => count + (terminating === true ? 0 : 1), 0)
}

function newest({ instances }: Variant): number {
  return instances.reduce(
    (latest, instance) => Math.max(latest, createdAt(instance)),
    Number.MIN_SAFE_INTEGER,
  )
}

function createdAt(instance: Instance | undefined): number {
  return instance?.createdAt ?? Number.MIN_SAFE_INTEGER
}

/** Of two instances with one key, which a source may show for a moment while one replaces the other, the newer stays. */
function endpointsOf(group: readonly Definition[]): readonly Endpoint[] {
  const oldestFirst = group
    .filter(({ endpoint }) => endpoint)
    .toSorted(
      (a, b) => createdAt(a.instance) - createdAt(b.instance) || compareText(a.instance!.id, b.instance!.id),
    )
  if (oldestFirst.length === 0) return NONE
  const byKey = new Map(oldestFirst.map(({ endpoint }) => [endpoint!.key, endpoint!]))
  return [...byKey.values()].sort((a, b) => compareText(a.key, b.key))
}

/** By code units: the same on every machine, whatever its language. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
