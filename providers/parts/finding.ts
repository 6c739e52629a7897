import type { ProblemCode } from '../../src/config/problem.ts'

/** What was found to be wrong with a source that failed. */
export interface Finding {
  readonly code: ProblemCode
  /** Follows who it was, such as `Consul at 127.0.0.1:8500`. */
  readonly says: string
  readonly remedy: string
}
