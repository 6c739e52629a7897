import type { Origin, Problem } from '../problem.ts'
import type { SourceNode } from '../source-tree.ts'

/** What a text became. The node is missing when the text is empty or cannot be read at all. */
export interface Parsed {
  readonly node: SourceNode | undefined
  readonly problems: readonly Problem[]
}

/** Sections and lists inside each other; real configuration stays below ten. */
export const MAX_DEPTH = 100

/** The text refuses to be read, for a reason that this code found and not the library. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly origin: Origin
  readonly remedy: string | undefined

  constructor(message: string, origin: Origin, remedy?: string) {
    super(message)
    this.origin = origin
    this.remedy = remedy
  }
}

/** A problem of form. `message` must not quote the text: what stands there may be a secret. */
export function syntaxProblem(message: string, origin: Origin, remedy?: string): Problem {
  return { code: 'E104', severity: 'error', message, origin, ...(remedy === undefined ? {} : { remedy }) }
}

/** The first of two equal keys is lost. */
export function doubleKey(name: string, origin: Origin): Problem {
  return {
    code: 'E109',
    severity: 'error',
    message: `the key \`${name}\` stands twice in its section`,
    remedy: 'remove one of the two',
    origin,
  }
}

/** Runs a parser; whatever it throws becomes a problem, since no text may bring the process down. */
export function guarded(file: string, parse: () => Parsed): Parsed {
  try {
    return parse()
  } catch (error) {
    if (error instanceof Refusal) {
      return { node: undefined, problems: [syntaxProblem(error.message, error.origin, error.remedy)] }
    }
    const reason = error instanceof RangeError ? 'is nested too deeply or too large' : 'cannot be understood'
    return { node: undefined, problems: [syntaxProblem(`the file ${reason}`, { source: file })] }
  }
}
