import type { Origin, Problem, ProblemCode } from '../config/problem.ts'

export interface Complaint {
  readonly code: ProblemCode
  readonly origin: Origin
  readonly message: string
  readonly remedy?: string | undefined
  readonly resource?: string | undefined
  readonly severity?: Problem['severity']
  readonly within?: Problem['within']
}

/** A problem from its parts; an error unless it says otherwise. */
export function complain({
  code,
  origin,
  message,
  remedy,
  resource,
  severity = 'error',
  within,
}: Complaint): Problem {
  return {
    code,
    severity,
    message,
    origin,
    ...(remedy === undefined ? {} : { remedy }),
    ...(resource === undefined ? {} : { resource }),
    ...(within === undefined ? {} : { within }),
  }
}

/** Runs a search for the nearest known name, or does without. */
export type Suggester = (search: () => string | undefined) => string | undefined

/**
 * A suggester that gives up after `limit` searches: comparing one unknown name with 10,000 known ones takes some
 * 10 ms, and a source in which every reference is wrong must not stall the control plane.
 */
export function boundedSuggester(limit: number): Suggester {
  let left = limit
  return (search) => (left-- > 0 ? search() : undefined)
}

/** `a, b, c and 4 more`: long lists are cut, since problems are read by people. */
export function enumerate(words: readonly string[], most = 5): string {
  if (words.length <= most + 1) return words.join(', ')
  return `${words.slice(0, most).join(', ')} and ${words.length - most} more`
}
