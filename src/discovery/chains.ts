import type { MiddlewareDefinition } from '../middleware.ts'
import { fullName } from './resource.ts'
import type { ResolvedMiddleware } from './routing-config.ts'

/** What a middleware stands for: itself, or the members of a chain in order; or why it cannot be used. */
export type Expansion = { readonly names: readonly string[] } | { readonly fault: ChainFault }

export type ChainFault =
  | { readonly kind: 'unknown'; readonly name: string }
  | { readonly kind: 'cycle'; readonly path: readonly string[] }
  | { readonly kind: 'size' }

/** Chains of chains can double with each level: what is longer than this is a mistake or an attack. */
const MAX_MEMBERS = 256
const MAX_DEPTH = 64

/** Gives a function that expands full names; each name is worked out once. */
export function chainExpander(
  middlewares: ReadonlyMap<string, ResolvedMiddleware>,
  definitions: ReadonlyMap<string, MiddlewareDefinition>,
): (name: string) => Expansion {
  const expansions = new Map<string, Expansion>()
  return (name) => expand(name, [])

  function expand(name: string, path: readonly string[]): Expansion {
    const known = expansions.get(name)
    if (known) return known
    // What lies on the path is not remembered until it is done, so a member that is found there closes a cycle.
    const result = path.includes(name)
      ? { fault: { kind: 'cycle' as const, path: [...path.slice(path.indexOf(name)), name] } }
      : members(name, path)
    if (!path.includes(name)) expansions.set(name, result)
    return result
  }

  function members(name: string, path: readonly string[]): Expansion {
    const middleware = middlewares.get(name)
    if (!middleware) return { fault: { kind: 'unknown', name } }
    const definition = definitions.get(middleware.type)
    if (!definition?.expand) return { names: [name] }
    if (path.length >= MAX_DEPTH) return { fault: { kind: 'size' } }
    const provider = name.slice(name.lastIndexOf('@') + 1)
    const names: string[] = []
    for (const member of definition.expand(middleware.options)) {
      const expansion = expand(fullName(member, provider), [...path, name])
      if ('fault' in expansion) return expansion
      names.push(...expansion.names)
      if (names.length > MAX_MEMBERS) return { fault: { kind: 'size' } }
    }
    return { names }
  }
}
