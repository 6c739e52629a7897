import type { Problem, ProblemCode } from '../config/problem.ts'
import { didYouMean } from '../config/suggest.ts'
import type { Expansion } from './chains.ts'
import { complain, enumerate } from './complaint.ts'
import type { Suggester } from './complaint.ts'
import type { RouterDraft } from './draft-router.ts'
import { INTERNAL_SERVICES, fullName, resourceName } from './resource.ts'
import type { Kind } from './resource.ts'
import type { ResolvedRouter } from './routing-config.ts'
import type { RoutedEntryPoint } from './source.ts'

/** Everything that a router may refer to, by full name. */
export interface LinkTables {
  readonly services: ReadonlyMap<string, unknown>
  readonly middlewares: ReadonlyMap<string, unknown>
  /** Names that are defined, whether they are good or not. */
  readonly defined: Readonly<Record<Kind, ReadonlySet<string>>>
  readonly entryPoints: ReadonlyMap<string, RoutedEntryPoint>
  readonly expand: (middleware: string) => Expansion
  readonly suggest: Suggester
}

export type Linked =
  | { readonly routers: readonly (readonly [string, ResolvedRouter])[] }
  | { readonly problems: readonly Problem[] }

/**
 * Looks up a router's service and middlewares. Gives one router, or, when its entry points have different
 * middlewares of their own, one for each of those that have some: a redirection on one entry point must not reach
 * the other. Whatever is not found costs the router, since serving it without its `auth` would be worse.
 */
export function linkRouter(name: string, draft: RouterDraft, tables: LinkTables): Linked {
  const lookup = new Lookup(name, draft, tables)
  const service = lookup.service()
  const own = draft.config.middlewares.flatMap((reference) =>
    lookup.middleware(fullName(reference, lookup.provider), reference),
  )
  const chains = new Map(draft.entryPoints.map((point) => [point, lookup.ofEntryPoint(point)]))
  if (service === undefined || lookup.problems.length > 0) return { problems: lookup.problems }
  const router = (entryPoints: readonly string[], middlewares: readonly string[]): ResolvedRouter => ({
    config: draft.config,
    rule: draft.rule,
    ruleText: draft.ruleText,
    priority: draft.priority,
    origin: draft.origin,
    entryPoints,
    service,
    middlewares: [...middlewares, ...own],
  })
  const [first = [], ...others] = [...chains.values()]
  if (others.every((other) => sameNames(other, first)))
    return { routers: [[name, router(draft.entryPoints, first)]] }
  const plain = draft.entryPoints.filter((point) => chains.get(point)!.length === 0)
  const served = draft.entryPoints
    .filter((point) => chains.get(point)!.length > 0)
    .map((point) => [freeName(`${point}-${name}`, tables), router([point], chains.get(point)!)] as const)
  if (plain.length > 0) served.unshift([name, router(plain, [])])
  return { routers: served.map(([as, one]) => [as, { ...one, definedAs: name }]) }
}

export function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((name, i) => name === b[i]))
}

/** `web-api@file` may be the name of another router already. */
function freeName(wanted: string, { defined }: LinkTables): string {
  let name = wanted
  while (defined.routers.has(name)) name = `split-${name}`
  return name
}

/** Looks up what one router refers to, and gathers what was not found. */
class Lookup {
  readonly problems: Problem[] = []
  readonly provider: string
  readonly #name: string
  readonly #draft: RouterDraft
  readonly #tables: LinkTables

  constructor(name: string, draft: RouterDraft, tables: LinkTables) {
    this.provider = name.slice(name.lastIndexOf('@') + 1)
    this.#name = name
    this.#draft = draft
    this.#tables = tables
  }

  service(): string | undefined {
    const reference = this.#draft.config.service ?? ''
    const name = reference === '' ? this.#onlySibling() : fullName(reference, this.provider)
    if (name === undefined || INTERNAL_SERVICES.has(name) || this.#tables.services.has(name)) return name
    this.#notFound('E205', 'services', name, reference === '' ? name : reference, [
      ...INTERNAL_SERVICES.keys(),
    ])
    return undefined
  }

  #onlySibling(): string | undefined {
    const { siblings } = this.#draft
    if (siblings.length === 1) return fullName(siblings[0]!, this.provider)
    const resource = resourceName('routers', this.#name)
    if (siblings.length === 0) this.#problem('E204', `${resource} has no service`, 'name one with `service`')
    else
      this.#problem(
        'E213',
        `${resource} cannot be linked automatically with multiple services: ${enumerate(siblings)}`,
        'name one of them with `service`',
      )
    return undefined
  }

  /** The middleware, or the members of a chain. */
  middleware(name: string, reference: string): readonly string[] {
    const expansion = this.#tables.expand(name)
    if ('names' in expansion) return expansion.names
    // What is wrong inside a chain has been said about the chain.
    if (expansion.fault.kind !== 'unknown' || expansion.fault.name !== name)
      this.#problem('E206', `the chain \`${reference}\` cannot be used because of its errors`)
    else this.#notFound('E206', 'middlewares', name, reference)
    return []
  }

  ofEntryPoint(point: string): readonly string[] {
    const names = this.#tables.entryPoints.get(point)?.middlewares ?? []
    return names.flatMap((name) => this.middleware(name, name))
  }

  #notFound(
    code: ProblemCode,
    kind: 'services' | 'middlewares',
    name: string,
    reference: string,
    more: readonly string[] = [],
  ): void {
    const what = kind === 'services' ? 'service' : 'middleware'
    if (this.#tables.defined[kind].has(name)) {
      this.#problem(
        code,
        `the ${what} \`${reference}\` is left out because of its errors`,
        'mend these first',
      )
      return
    }
    this.#problem(code, `unknown ${what} \`${reference}\``, this.#remedy(kind, reference, more))
  }

  #remedy(kind: 'services' | 'middlewares', reference: string, more: readonly string[]): string | undefined {
    const names = this.#tables[kind]
    const suffix = `@${this.provider}`
    return this.#tables.suggest(function search() {
      const all = [...names.keys(), ...more]
      const local = reference.slice(0, reference.includes('@') ? reference.indexOf('@') : undefined)
      const elsewhere = all.find((name) => name.startsWith(`${local}@`))
      if (elsewhere !== undefined) return `did you mean \`${elsewhere}\`?`
      // In the short form where that will do.
      return didYouMean(
        reference,
        all.map((name) => (name.endsWith(suffix) ? name.slice(0, -suffix.length) : name)),
      )
    })
  }

  #problem(code: ProblemCode, message: string, remedy?: string): void {
    this.problems.push(
      complain({
        code,
        origin: this.#draft.origin,
        resource: resourceName('routers', this.#name),
        message,
        remedy,
      }),
    )
  }
}
