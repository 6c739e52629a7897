import type { Problem } from '../../src/config/problem.ts'

/** What went wrong in one reading, without the whole of it having failed. */
export class Reading {
  /** What is there and waits for something that could not be read. */
  waiting = 0
  /** What runs on machines outside of AWS. */
  external = 0
  readonly #toProblem: (error: unknown) => Problem
  readonly #failures = new Map<string, Problem>()

  constructor(toProblem: (error: unknown) => Problem) {
    this.#toProblem = toProblem
  }

  /** One for each message: a hundred pages fail in the same way. */
  get problems(): Problem[] {
    return [...this.#failures.values()]
  }

  failed(error: unknown): void {
    const problem = this.#toProblem(error)
    this.#failures.set(problem.message, problem)
  }
}
