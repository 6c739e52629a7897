import type { SourceNode } from '../config/source-tree.ts'
import { child } from '../config/source-tree.ts'
import type { Instance, Snapshot } from './provider.ts'

/** Why something serves that its source does not show. */
export interface Doubt {
  /** `unproven`: it is merely missing. `held`: it was said to be gone, but with most of its fellows. */
  readonly why: 'unproven' | 'held'
  /** Milliseconds of a clock that never jumps. */
  readonly since: number
  /** Of `held`: the reading that said so; another one must agree. */
  readonly reading: number | undefined
  /** `Snapshot.catalog` of the picture that showed it last. */
  readonly catalog: readonly string[] | undefined
}

/** Fewer may go at once without a second reading (DESIGN §6). */
const FEW = 3

/**
 * Whether the source has said by this snapshot that an instance that is not in it is gone. `shownBy` is the catalog
 * that showed it last.
 */
export function provesAbsence(
  { missing, unread, released, catalog }: Snapshot,
  { id, name }: Instance,
  shownBy: readonly string[] | undefined,
): boolean {
  if (released?.includes(id) === true) return true
  return missing !== 'unproven' && unread?.includes(name) !== true && mayBeTheSame(catalog, shownBy)
}

function mayBeTheSame(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return a.length === 0 || b.length === 0 || a.some((mark) => b.includes(mark))
}

/**
 * Which of the instances that are said to be gone are too many at once to be believed: more than half of those that
 * served, and more than three, of one service or of the part. Instances that came in the same answer make up for as
 * many: a service that was replaced has not disappeared.
 */
export function tooManyAtOnce(
  served: readonly Instance[],
  gone: readonly Instance[],
  joined: readonly Instance[],
): ReadonlySet<Instance> {
  if (gone.length <= FEW) return new Set()
  if (isMassLoss(served.length, gone.length, joined.length)) return new Set(gone)
  const servedBy = countByName(served)
  const joinedBy = countByName(joined)
  const suspicious = [...Map.groupBy(gone, ({ name }) => name)].filter(([name, group]) =>
    isMassLoss(servedBy.get(name) ?? 0, group.length, joinedBy.get(name) ?? 0),
  )
  return new Set(suspicious.flatMap(([, group]) => group))
}

/** Whether so much of what was routed is said to be gone, or all of it, that a second reading must agree. */
export function losesMostRouting(before: SourceNode | undefined, after: SourceNode | undefined): boolean {
  const [had, has] = [definitionsIn(before), definitionsIn(after)]
  return (had > 0 && has === 0) || isMassLoss(had, Math.max(0, had - has), 0)
}

/** Whether any router or service that was there is no longer shown. */
export function losesRouting(before: SourceNode | undefined, after: SourceNode | undefined): boolean {
  const shown = new Set(definitionsOf(after))
  return definitionsOf(before).some((definition) => !shown.has(definition))
}

function definitionsIn(routing: SourceNode | undefined): number {
  return definitionsOf(routing).length
}

/** Routers and services of all protocols. */
function definitionsOf(routing: SourceNode | undefined): string[] {
  return ['http', 'tcp', 'udp'].flatMap((protocol) =>
    ['routers', 'services'].flatMap((kind) => {
      const found = child(child(routing, protocol), kind)
      const names = found?.kind === 'section' ? [...found.entries.keys()] : []
      return names.map((name) => `${protocol}/${kind}/${name.toLowerCase()}`)
    }),
  )
}

function isMassLoss(served: number, gone: number, joined: number): boolean {
  const net = gone - joined
  return net > FEW && net * 2 > served
}

function countByName(instances: readonly Instance[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { name } of instances) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}
