import type { Problem } from '../config/problem.ts'
import type { MiddlewareDefinition, PreparationTools } from '../middleware.ts'
import { complain } from './complaint.ts'
import { resourceName } from './resource.ts'
import type { ResolvedMiddleware, RoutingConfig } from './routing-config.ts'

type Outcome = { readonly prepared: ResolvedMiddleware } | { readonly problem: Problem }

/**
 * Lets middlewares read in the control plane what workers must not (files of users): their options are replaced by
 * plain data. What could be prepared once is not read again until `forget`; a middleware that cannot be prepared is
 * served as it was last, and if it never was, its routers are left out rather than served without it.
 */
export class Preparation {
  readonly #definitions: ReadonlyMap<string, MiddlewareDefinition>
  readonly #tools: PreparationTools
  #outcomes = new WeakMap<ResolvedMiddleware, Outcome>()
  readonly #lastGood = new Map<string, ResolvedMiddleware>()

  constructor(definitions: ReadonlyMap<string, MiddlewareDefinition>, tools: PreparationTools) {
    this.#definitions = definitions
    this.#tools = tools
  }

  /** Reads everything anew with the next `load`. */
  forget(): void {
    this.#outcomes = new WeakMap()
  }

  /** Whether `load` has something to read before `apply` is complete. */
  needed(routing: RoutingConfig): boolean {
    return this.#candidates(routing).some(([, middleware]) => !this.#outcomes.has(middleware))
  }

  /** Reads what is needed. Never rejects: what fails is a problem of the routing that `apply` gives. */
  async load(routing: RoutingConfig): Promise<void> {
    const open = this.#candidates(routing).filter(([, middleware]) => !this.#outcomes.has(middleware))
    await Promise.all(
      open.map(async ([name, middleware]) =>
        this.#outcomes.set(middleware, await this.#prepare(name, middleware)),
      ),
    )
  }

  /** The routing with prepared options; the same object when nothing in it needs any. */
  apply(routing: RoutingConfig): RoutingConfig {
    const candidates = this.#candidates(routing)
    if (candidates.length === 0) return routing
    const middlewares = new Map(routing.middlewares)
    const problems = [...routing.problems]
    for (const [name, middleware] of candidates) {
      const outcome = this.#outcomes.get(middleware)
      const prepared = outcome && 'prepared' in outcome ? outcome.prepared : this.#lastGood.get(name)
      if (outcome && 'problem' in outcome) problems.push(outcome.problem)
      if (prepared) {
        middlewares.set(name, prepared)
        this.#lastGood.set(name, prepared)
      } else middlewares.delete(name)
    }
    const routers = new Map(
      [...routing.routers].filter(([, router]) => router.middlewares.every((name) => middlewares.has(name))),
    )
    return { ...routing, routers, middlewares, problems }
  }

  #candidates({ middlewares }: RoutingConfig): (readonly [string, ResolvedMiddleware])[] {
    return [...middlewares].filter(([, { type }]) => this.#definitions.get(type)?.prepare !== undefined)
  }

  async #prepare(name: string, middleware: ResolvedMiddleware): Promise<Outcome> {
    try {
      const options = await this.#definitions.get(middleware.type)!.prepare!(
        middleware.options as never,
        this.#tools,
      )
      return { prepared: { ...middleware, options } }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const resource = resourceName('middlewares', name)
      const remedy = 'correct the file or its name; routers that need this are not served without it'
      return {
        problem: complain({
          code: 'E107',
          origin: middleware.origin,
          resource,
          remedy,
          message: `${resource} cannot be prepared: ${reason}`,
        }),
      }
    }
  }
}
