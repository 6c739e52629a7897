import type { Problem } from '../config/problem.ts'
import { resourceName } from '../discovery/resource.ts'
import type { Kind } from '../discovery/resource.ts'

/** How a resource is doing, in Traefik's words: `disabled` is not served, `warning` is, though not as written. */
export type Status = 'enabled' | 'warning' | 'disabled'

/** What is known of a resource besides its configuration. */
export interface Standing {
  readonly status: Status
  /** What is wrong with it; left out when nothing is. */
  readonly error?: readonly string[]
}

/** The problems of all resources, looked up by kind and full name. */
export class Standings {
  readonly #byResource = new Map<string, Problem[]>()

  constructor(problems: readonly Problem[]) {
    for (const problem of problems) {
      if (problem.resource === undefined) continue
      const others = this.#byResource.get(problem.resource)
      if (others) others.push(problem)
      else this.#byResource.set(problem.resource, [problem])
    }
  }

  of(kind: Kind, name: string, isServed: boolean): Standing {
    const problems = this.#byResource.get(resourceName(kind, name)) ?? []
    if (problems.length === 0) return { status: isServed ? 'enabled' : 'disabled' }
    return { status: isServed ? 'warning' : 'disabled', error: problems.map(({ message }) => message) }
  }

  /** Full names of the resources of a kind that were left out: nothing of them is served, but they must not vanish. */
  leftOut(kind: Kind, served: ReadonlyMap<string, unknown>): string[] {
    const prefix = resourceName(kind, '')
    return [...this.#byResource]
      .filter(([resource, problems]) => resource.startsWith(prefix) && problems.some(isLeftOut))
      .map(([resource]) => resource.slice(prefix.length))
      .filter((name) => !served.has(name))
  }
}

function isLeftOut({ code }: Problem): boolean {
  return code === 'E214'
}
