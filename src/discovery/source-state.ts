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
  /** The last good answer, or what was restored from disk; undefined when there has never been one. */
  readonly snapshot: Snapshot | undefined
  /** Milliseconds since the epoch; of a restored part, when it was last vouched for in an earlier process. */
  readonly lastSuccess: number | undefined
  /** The same moment on the clock that never jumps; undefined when it was in an earlier process. */
  readonly answeredAt: number | undefined
  /** Why it cannot be read now; undefined when it can. */
  readonly failure: Problem | undefined
  /** When it could no longer be read, on the clock that never jumps. */
  readonly staleSince: number | undefined
  /** Milliseconds since the epoch, of the last failure, healed or not. */
  readonly lastFailure: number | undefined
  /** It was read from disk; its source has not answered for it yet. */
  readonly restored: boolean
}

/**
 * `starting`: nothing heard yet. `ok`: the picture is whole. `stale`: something cannot be read, or has not been since
 * it was restored from disk, and its last good picture serves. `failing`: something cannot be read and there is no
 * picture of anything.
 */
export type SourceHealth = 'starting' | 'ok' | 'stale' | 'failing'

/** How one provider is doing, for the API and the metrics. */
export interface ProviderState {
  readonly name: string
  readonly state: SourceHealth
  readonly parts: readonly PartSummary[]
  /** Milliseconds since the epoch, of the newest sound answer. */
  readonly lastSuccess: number | undefined
  /** Milliseconds since then, by a clock that never jumps. A source that is quiet and well grows old, too. */
  readonly age: number | undefined
  readonly lastError: Problem | undefined
  /** Sound answers so far. */
  readonly reads: number
  /** Failures so far, those of parts and those of the whole. */
  readonly errors: number
  /** Milliseconds that the last reading took, of a provider that says so. */
  readonly lastReadTook: number | undefined
  /** Served now, those in doubt included. */
  readonly instances: number
  /** Served though they are missing from their source, which has not said that they are gone. */
  readonly unproven: number
  /** Served until a second reading agrees that most of their fellows are gone as well. */
  readonly heldBack: number
  /** All that were ever held back. */
  readonly heldBackTotal: number
  readonly problems: readonly Problem[]
}

export interface PartSummary {
  readonly part: string
  /** Milliseconds since the epoch. */
  readonly lastSuccess: number | undefined
  /** Milliseconds since then, by a clock that never jumps. */
  readonly age: number | undefined
  /** Milliseconds for which it cannot be read, so that what is served may be old; undefined when it can. */
  readonly staleFor: number | undefined
  /** Milliseconds since the epoch. */
  readonly lastFailure: number | undefined
  readonly instances: number
  readonly unproven: number
  readonly heldBack: number
  /** Restored from disk, and not answered for by its source yet. */
  readonly restored: boolean
  readonly error: string | undefined
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
