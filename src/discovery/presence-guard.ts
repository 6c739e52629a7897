import type { SourceNode } from '../config/source-tree.ts'
import { losesMostRouting, losesRouting, provesAbsence, tooManyAtOnce } from './absence.ts'
import type { Doubt } from './absence.ts'
import { addressesInUse, isTaken } from './taken-addresses.ts'
import { UNPROVEN_LIMIT } from './provider.ts'
import type { Instance, Snapshot } from './provider.ts'

export interface PresenceGuardOptions {
  /** Removals are obeyed at once, however many; see `ProviderDefinition.trusted`. */
  readonly trusted: boolean
  /** False believes every answer: the contrast of the scenarios. */
  readonly proofs: boolean
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: () => number
}

interface GuardedPart {
  /** As its source gave it last. */
  readonly answer: Snapshot
  /** What serves though the answer does not show it, by id. */
  readonly kept: ReadonlyMap<string, Instance>
  /** Of kept instances, and of those that the answer itself calls unproven. */
  readonly doubts: ReadonlyMap<string, Doubt>
  /** Ids that the answer calls unproven and that serve no longer: their time is over, or their address taken. */
  readonly over: ReadonlySet<string>
  /** The routing that serves instead of the answer's. */
  readonly keptRouting: { readonly node: SourceNode; readonly doubt: Doubt } | undefined
  /** What is served. */
  readonly snapshot: Snapshot
}

/**
 * Stands between what a source shows and what is served: absence needs proof (DESIGN §3), and the absence of most
 * instances at once needs two (§6). What is merely missing serves on, but never longer than ten minutes, and never
 * under an address that another instance has now.
 */
export class PresenceGuard {
  readonly #options: PresenceGuardOptions
  readonly #parts = new Map<string, GuardedPart>()
  #readings = 0
  #heldBackTotal = 0

  constructor(options: PresenceGuardOptions) {
    this.#options = options
  }

  /** What is served of each part. */
  get served(): ReadonlyMap<string, Snapshot> {
    return new Map([...this.#parts].map(([part, { snapshot }]) => [part, snapshot]))
  }

  servedOf(part: string): Snapshot | undefined {
    return this.#parts.get(part)?.snapshot
  }

  /** How many instances of the part (routing counts as one) serve for this reason. */
  count(part: string, why: Doubt['why']): number {
    return doubtsOf(this.#parts.get(part)).filter((doubt) => doubt.why === why).length
  }

  /** Why the part's routing serves though its source does not show it; undefined when it does. */
  whyKeptRouting(part: string): Doubt['why'] | undefined {
    return this.#parts.get(part)?.keptRouting?.doubt.why
  }

  /** Removals that were held back since the start. */
  get heldBackTotal(): number {
    return this.#heldBackTotal
  }

  /** A second reading is waited for. */
  get wantsReading(): boolean {
    return [...this.#parts.keys()].some((part) => this.count(part, 'held') > 0)
  }

  /** Milliseconds until something will have been in doubt for too long; undefined when nothing is in doubt. */
  get nextExpiry(): number | undefined {
    const since = [...this.#parts.values()].flatMap((part) => doubtsOf(part).map((doubt) => doubt.since))
    if (since.length === 0) return undefined
    const first = since.reduce((a, b) => Math.min(a, b))
    return Math.max(0, first + UNPROVEN_LIMIT - this.#options.monotonic())
  }

  /** A sound answer about a part. */
  take(part: string, answer: Snapshot): void {
    if (!this.#options.proofs) return void this.#parts.set(part, believed(answer))
    const before = this.#parts.get(part)
    // Readings without a number count downwards, so that they never meet one with.
    const reading = answer.reading ?? --this.#readings
    const presence = this.#presence(before, answer, reading)
    const routing = this.#routing(before, answer, reading)
    const over = new Set([...(before?.over ?? [])].filter((id) => presence.doubts.has(id)))
    this.#parts.set(part, served({ answer, ...presence, over, ...routing }))
    this.review()
  }

  /** What a part was before this process started: all of it is unproven. */
  restore(part: string, snapshot: Snapshot): void {
    const instances = snapshot.instances?.map((instance) => ({ ...instance, unproven: true as const }))
    this.take(part, { ...snapshot, ...(instances ? { instances } : {}) })
  }

  drop(part: string): void {
    this.#parts.delete(part)
    this.review()
  }

  /** Lets go what has been in doubt for too long, and whose address another instance has now. */
  review(): void {
    if (![...this.#parts.values()].some((part) => doubtsOf(part).length > 0)) return
    const now = this.#options.monotonic()
    const taken = addressesInUse(
      [...this.#parts.values()].flatMap(({ snapshot }) => snapshot.instances ?? []),
    )
    const isOver = (instance: Instance, { since }: Doubt): boolean =>
      now - since >= UNPROVEN_LIMIT || isTaken(instance, taken)
    for (const [part, guarded] of this.#parts) this.#parts.set(part, reviewed(guarded, isOver, now))
  }

  #presence(
    before: GuardedPart | undefined,
    answer: Snapshot,
    reading: number,
  ): Pick<GuardedPart, 'kept' | 'doubts'> {
    const now = this.#options.monotonic()
    const shown = new Map(answer.instances?.map((instance) => [instance.id, instance]))
    const doubts = new Map<string, Doubt>()
    const kept = new Map<string, Instance>()
    const keep = (instance: Instance, why: Doubt['why']): void => {
      kept.set(instance.id, instance.unproven ? instance : { ...instance, unproven: true })
      const catalog = before?.answer.catalog
      doubts.set(instance.id, before?.doubts.get(instance.id) ?? { why, since: now, reading, catalog })
    }
    const gone: Instance[] = []
    for (const instance of before?.snapshot.instances ?? []) {
      if (shown.has(instance.id)) continue
      const doubt = before?.doubts.get(instance.id)
      const shownBy = doubt ? doubt.catalog : before?.answer.catalog
      if (!provesAbsence(answer, instance, shownBy)) keep(instance, 'unproven')
      else if (doubt?.why === 'held' && doubt.reading === reading) keep(instance, 'held')
      else if (doubt === undefined && instance.terminating !== true) gone.push(instance)
    }
    for (const instance of this.#doubted(before, answer, gone)) keep(instance, 'held')
    for (const [id, { unproven }] of shown) {
      if (!unproven) continue
      const { catalog } = answer
      doubts.set(id, before?.doubts.get(id) ?? { why: 'unproven', since: now, reading, catalog })
    }
    return { kept, doubts }
  }

  #doubted(
    before: GuardedPart | undefined,
    answer: Snapshot,
    gone: readonly Instance[],
  ): ReadonlySet<Instance> {
    if (this.#options.trusted || !before || gone.length === 0) return new Set()
    const { instances: served = [] } = before.snapshot
    const known = new Set(served.map(({ id }) => id))
    const doubted = tooManyAtOnce(
      served.filter((instance) => serves(instance) && !before.doubts.has(instance.id)),
      gone,
      (answer.instances ?? []).filter((instance) => serves(instance) && !known.has(instance.id)),
    )
    this.#heldBackTotal += doubted.size
    return doubted
  }

  #routing(
    before: GuardedPart | undefined,
    answer: Snapshot,
    reading: number,
  ): Pick<GuardedPart, 'keptRouting'> {
    const node = before?.snapshot.routing
    if (!node) return { keptRouting: undefined }
    const doubt = before.keptRouting?.doubt
    const keep = (why: Doubt['why']): Pick<GuardedPart, 'keptRouting'> => ({
      keptRouting: {
        node,
        doubt: doubt ?? { why, since: this.#options.monotonic(), reading, catalog: before.answer.catalog },
      },
    })
    if (answer.missing === 'unproven')
      return losesRouting(node, answer.routing) ? keep('unproven') : { keptRouting: undefined }
    const unheard = doubt === undefined || (doubt.why === 'held' && doubt.reading === reading)
    if (this.#options.trusted || !unheard || !losesMostRouting(node, answer.routing))
      return { keptRouting: undefined }
    if (!doubt) this.#heldBackTotal++
    return keep('held')
  }
}

/** Of what the source itself does not show, nothing. */
function believed(answer: Snapshot): GuardedPart {
  const { missing: _, unread: __, released: ___, reading: ____, ...snapshot } = answer
  const instances = answer.instances?.filter(({ unproven }) => !unproven)
  return {
    answer,
    kept: new Map(),
    doubts: new Map(),
    over: new Set(),
    keptRouting: undefined,
    snapshot: { ...snapshot, ...(instances ? { instances } : {}) },
  }
}

function serves({ terminating, unproven }: Instance): boolean {
  return terminating !== true && unproven !== true
}

function doubtsOf(part: GuardedPart | undefined): Doubt[] {
  if (!part) return []
  const ofInstances = [...part.doubts].filter(([id]) => !part.over.has(id)).map(([, doubt]) => doubt)
  return part.keptRouting ? [...ofInstances, part.keptRouting.doubt] : ofInstances
}

function reviewed(
  guarded: GuardedPart,
  isOver: (instance: Instance, doubt: Doubt) => boolean,
  now: number,
): GuardedPart {
  const kept = new Map(guarded.kept)
  const doubts = new Map(guarded.doubts)
  const over = new Set<string>()
  for (const [id, instance] of guarded.kept) {
    if (!isOver(instance, guarded.doubts.get(id)!)) continue
    kept.delete(id)
    doubts.delete(id)
  }
  for (const instance of guarded.answer.instances ?? []) {
    const { id } = instance
    const doubt = doubts.get(id)
    // Once let go it stays so, even when whoever took its address leaves: it must be shown again.
    if (doubt && (guarded.over.has(id) || isOver(instance, doubt))) over.add(id)
  }
  const { keptRouting } = guarded
  const routingOver = keptRouting !== undefined && now - keptRouting.doubt.since >= UNPROVEN_LIMIT
  if (kept.size === guarded.kept.size && sameIds(over, guarded.over) && !routingOver) return guarded
  return served({ ...guarded, kept, doubts, over, keptRouting: routingOver ? undefined : keptRouting })
}

/** With what is served; it is the answer itself where nothing is in doubt. */
function served(part: Omit<GuardedPart, 'snapshot'>): GuardedPart {
  const { answer, kept, over, keptRouting } = part
  const { missing: _, unread: __, released: ___, reading: ____, ...plain } = answer
  if (kept.size === 0 && over.size === 0 && !keptRouting) return { ...part, snapshot: plain }
  const shown = (answer.instances ?? []).filter(({ id }) => !over.has(id))
  const snapshot = {
    ...plain,
    instances: [...shown, ...kept.values()],
    ...(keptRouting ? { routing: keptRouting.node } : {}),
  }
  return { ...part, snapshot }
}

function sameIds(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && a.isSubsetOf(b)
}
