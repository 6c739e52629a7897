import type { Problem } from '../config/problem.ts'
import type { Instance, Snapshot } from './provider.ts'

/** What one provider has last published: the last good snapshot of each of its parts. Never changed in place. */
export interface ProviderPicture {
  /** As in `name@provider`: lower case. */
  readonly name: string
  readonly parts: ReadonlyMap<string, Snapshot>
}

/** How one part of a source is doing. */
export interface PartState {
  /** The last good picture; undefined when there has never been one. */
  readonly snapshot: Snapshot | undefined
  /** Milliseconds since the epoch. */
  readonly lastSuccess: number | undefined
  /** Why it cannot be read now; undefined when it can. */
  readonly failure: Problem | undefined
  /** Milliseconds since the epoch, of the last failure, healed or not. */
  readonly lastFailure: number | undefined
}

/**
 * `starting`: nothing heard yet. `ok`: the picture is whole. `stale`: something cannot be read and its last good
 * picture serves. `failing`: something cannot be read and there is no picture of anything.
 */
export type SourceHealth = 'starting' | 'ok' | 'stale' | 'failing'

/** How one provider is doing, for the API. */
export interface ProviderState {
  readonly name: string
  readonly state: SourceHealth
  readonly parts: readonly {
    readonly part: string
    readonly lastSuccess: number | undefined
    readonly lastFailure: number | undefined
    readonly instances: number
    readonly error: string | undefined
  }[]
  /** Milliseconds since the epoch, of the newest sound answer. */
  readonly lastSuccess: number | undefined
  /** Milliseconds since `lastSuccess`. */
  readonly age: number | undefined
  readonly lastError: Problem | undefined
  readonly instances: number
  readonly problems: readonly Problem[]
}

/** What missing instances may go on serving for without proof, in milliseconds (DESIGN.md §3). */
export const MISSING_LIMIT = 10 * 60_000

/** The snapshot without the instances that have been missing for too long; the same object when there are none. */
export function withoutLongMissing(snapshot: Snapshot, now: number): Snapshot {
  const { instances } = snapshot
  if (!instances?.some((instance) => missingTooLong(instance, now))) return snapshot
  return { ...snapshot, instances: instances.filter((instance) => !missingTooLong(instance, now)) }
}

/** When the next missing instance has to go, in milliseconds since the epoch; Infinity when none is missing. */
export function nextExpiry(parts: Iterable<Snapshot>): number {
  let soonest = Infinity
  for (const { instances = [] } of parts) {
    for (const { missingSince } of instances) {
      if (missingSince !== undefined) soonest = Math.min(soonest, missingSince + MISSING_LIMIT)
    }
  }
  return soonest
}

function missingTooLong({ missingSince }: Instance, now: number): boolean {
  return missingSince !== undefined && now - missingSince >= MISSING_LIMIT
}

/**
 * Whether the step from one snapshot to the next takes something out of service: an instance left, moved to
 * another address, is on its way out, or turned critical. That must not wait, since every moment of delay sends
 * requests to what is going away.
 */
export function takesAway(before: Snapshot | undefined, after: Snapshot | undefined): boolean {
  if (!before?.instances?.length || before.instances === after?.instances) return false
  const next = new Map(after?.instances?.map((instance) => [instance.id, instance]))
  return before.instances.some((instance) => lost(instance, next.get(instance.id)))
}

function lost(before: Instance, after: Instance | undefined): boolean {
  if (!after || after.address !== before.address) return true
  if (after.terminating === true && before.terminating !== true) return true
  if (after.health === 'critical' && before.health !== 'critical') return true
  return before.ports.some(({ port }) => !after.ports.some((other) => other.port === port))
}
