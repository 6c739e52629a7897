import type { Request } from '../proxy/request.ts'

export type Predicate = (request: Request) => boolean

/** By what the routing table may find a rule without trying it. */
export interface IndexKey {
  /** The rule can only match requests for exactly this host (canonical form). */
  readonly host?: string
  /** The rule can only match requests for hosts one label below this one. */
  readonly parentHost?: string
}

export interface MatcherDefinition {
  /** One sentence for the reference. */
  readonly summary: string
  /** As rules write it, such as `ClientIP`. */
  readonly name: string
  /** The arguments' names, for documentation and errors; those ending in `?` may be left out. */
  readonly parameters: readonly string[]
  /** Which argument is wrong and why, or undefined. Runs in the control plane, before `create`. */
  check?(args: readonly string[]): { readonly argument: number; readonly message: string } | undefined
  /** Throws only what `check` would have found. */
  create(args: readonly string[]): Predicate
  /**
   * Undefined when the table cannot index it. A matcher that gives a key matches every request that the table finds
   * under that key, so that a rule of nothing else need not be tried.
   */
  index?(args: readonly string[]): IndexKey | undefined
}

/** Declares a matcher; to be the default export of a file in `routing/matchers/`, whose name is the matcher's. */
export function defineMatcher(definition: MatcherDefinition): MatcherDefinition {
  return definition
}
