import type { Request } from '../proxy/request.ts'

/** What a strategy may know of an endpoint. */
export interface Candidate {
  /** Stable identity: service, address and instance. */
  readonly key: string
  /** What hashes tell it from the others by: its URL, as in Traefik; its key where several have one URL. */
  readonly hashName: string
  /** Above 0; already scaled for slow start. */
  readonly weight: number
  /** Requests on their way to it from this worker. */
  readonly inFlight: number
}

export interface Strategy {
  /**
   * One of the candidates. All of them may be used: health, draining and exclusions are settled by the caller.
   * Never called with an empty list. The list is the same array until the candidates or their weights change.
   */
  pick<C extends Candidate>(candidates: readonly C[], request: Request): C
  /** The head of a good answer came so many milliseconds after the request was sent. Left out by those who do not care. */
  answered?(candidate: Candidate, milliseconds: number): void
}

export interface StrategyDefinition {
  /** One sentence for the reference. */
  readonly summary: string
  /** `random` gives numbers in [0, 1). */
  create(random: () => number): Strategy
}

/** Declares a strategy; to be the default export of a file in `balancing/strategies/`, whose name is the strategy's. */
export function defineStrategy(definition: StrategyDefinition): StrategyDefinition {
  return definition
}
