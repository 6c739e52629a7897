import type { Problem } from '../config/problem.ts'
import { conflictProblems } from './conflicts.ts'
import type { Definition } from './definitions.ts'
import type { MergedResource, Variant } from './merge.ts'
import { resourceName } from './resource.ts'
import type { RoutingContext } from './source.ts'

/** A resource that has been validated by itself; what it refers to has not been looked up yet. */
export interface Draft<T> {
  /** Undefined when none of its definitions is good. */
  readonly value: T | undefined
  readonly problems: readonly Problem[]
}

/** What a definition is read with. */
export interface DraftScope {
  readonly merged: MergedResource
  readonly definition: Definition
  readonly context: RoutingContext
  /** `router web@file`, for problems. */
  readonly resource: string
  /** False for service tags. */
  readonly trusted: boolean
  readonly problems: Problem[]
}

/**
 * Gives a function that validates resources with `read`, which returns undefined for a definition that cannot be
 * served. Of several definitions the first good one is served, so that a broken majority, in the middle of a
 * deploy, costs nothing. Results are remembered by the identity of the resource and the context.
 */
export function drafting<T>(
  read: (scope: DraftScope) => T | undefined,
): (merged: MergedResource, context: RoutingContext) => Draft<T> {
  const remembered = new WeakMap<
    MergedResource,
    { readonly context: RoutingContext; readonly draft: Draft<T> }
  >()
  return function draft(merged, context) {
    const known = remembered.get(merged)
    if (known?.context === context) return known.draft
    const made = firstGood(merged, context, read)
    remembered.set(merged, { context, draft: made })
    return made
  }
}

function firstGood<T>(
  merged: MergedResource,
  context: RoutingContext,
  read: (scope: DraftScope) => T | undefined,
): Draft<T> {
  const problems: Problem[] = []
  const resource = resourceName(merged.kind, merged.fullName)
  for (const variant of merged.variants) {
    const { definition } = variant
    const trusted = definition.part !== undefined
    const value = read({ merged, definition, context, resource, trusted, problems })
    if (value !== undefined) return settled(value, problems, merged, variant)
    // A part's definition that was never served does not step in for one that has just been broken.
    if (trusted) return settled<T>(undefined, problems, merged, variant)
  }
  return { value: undefined, problems }
}

function settled<T>(
  value: T | undefined,
  problems: readonly Problem[],
  merged: MergedResource,
  variant: Variant,
): Draft<T> {
  const conflicts = conflictProblems(merged, variant)
  return { value, problems: problems.length + conflicts.length === 0 ? NONE : [...problems, ...conflicts] }
}

const NONE: readonly Problem[] = []
