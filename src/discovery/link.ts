import type { Problem, ProblemCode } from '../config/problem.ts'
import { didYouMean } from '../config/suggest.ts'
import type { Expansion } from './chains.ts'
import { complain, enumerate } from './complaint.ts'
import type { Suggester } from './complaint.ts'
import type { RouterDraft } from './draft-router.ts'
import { INTERNAL_SERVICES, resourceName } from './resource.ts'
import type { Kind } from './resource.ts'
import type { ResolvedRouter } from './routing-config.ts'
import type { RoutedEntryPoint } from './source.ts'

/** Everything that a router may refer to, by full name. */
export interface LinkTables {
  readonly services: ReadonlyMap<string, unknown>
  readonly middlewares: ReadonlyMap<string, unknown>
  /** What services connect with. */
  readonly transports: ReadonlyMap<string, unknown>
  /** Names that are defined, whether they are good or not. */
  readonly defined: Readonly<Record<Kind, ReadonlyMap<string, unknown>>>
  readonly entryPoints: ReadonlyMap<string, RoutedEntryPoint>
  /** Routers that have been linked already. */
  readonly linked: ReadonlyMap<string, unknown>
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
  const own = draft.middlewares.flatMap((middleware) => lookup.middleware(middleware))
  const before = draft.entryPoints.map((point) => lookup.ofEntryPoint(point))
  if (service === undefined || lookup.problems.length > 0) return { problems: lookup.problems }
  const router = (entryPoints: readonly string[], middlewares: readonly string[]): ResolvedRouter => ({
    config: draft.config,
    rule: draft.rule,
    ruleText: draft.ruleText,
    priority: draft.priority,
    origin: draft.origin,
    entryPoints,
    service,
    middlewares: middlewares.length === 0 ? own : [...middlewares, ...own],
  })
  const [first = NONE] = before
  if (before.every((other) => sameNames(other, first)))
    return { routers: [[name, router(draft.entryPoints, first)]] }
  const plain = draft.entryPoints.filter((_, i) => before[i]!.length === 0)
  const served = draft.entryPoints.flatMap((point, i) =>
    before[i]!.length === 0
      ? []
      : [[freeName(`${point}-${name}`, tables), router([point], before[i]!)] as const],
  )
  if (plain.length > 0) served.unshift([name, router(plain, NONE)])
  return { routers: served.map(([as, one]) => [as, { ...one, definedAs: name }]) }
}

const NONE: readonly string[] = []

export function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((name, i) => name === b[i]))
}

/** `web-api@file` may be the name of another router already. */
function freeName(wanted: string, { defined, linked }: LinkTables): string {
  let name = wanted
  while (defined.routers.has(name) || linked.has(name)) name = `split-${name}`
  return name
}

/** Looks up what one router refers to, and gathers what was not found. */
class Lookup {
  readonly problems: Problem[] = []
  readonly #name: string
  readonly #draft: RouterDraft
  readonly #tables: LinkTables

  constructor(name: string, draft: RouterDraft, tables: LinkTables) {
    this.#name = name
    this.#draft = draft
    this.#tables = tables
  }

  service(): string | undefined {
    const { service } = this.#draft
    if (service === undefined) this.#saySeveral()
    else if (this.#tables.services.has(service) || INTERNAL_SERVICES.has(service)) return service
    else this.#notFound('E205', 'services', service, [...INTERNAL_SERVICES.keys()])
    return undefined
  }

  #saySeveral(): void {
    const { siblings } = this.#draft
    const resource = resourceName('routers', this.#name)
    if (siblings.length === 0) this.#problem('E204', `${resource} has no service`, 'name one with `service`')
    else
      this.#problem(
        'E213',
        `${resource} cannot be linked automatically with multiple services: ${enumerate(siblings)}`,
        'name one of them with `service`',
      )
  }

  /** The middleware, or the members of a chain. */
  middleware(name: string): readonly string[] {
    const expansion = this.#tables.expand(name)
    if ('names' in expansion) return expansion.names
    // What is wrong inside a chain has been said about the chain.
    if (expansion.fault.kind !== 'unknown' || expansion.fault.name !== name)
      this.#problem('E206', `the chain \`${this.#short(name)}\` cannot be used because of its errors`)
    else this.#notFound('E206', 'middlewares', name)
    return NONE
  }

  ofEntryPoint(point: string): readonly string[] {
    const names = this.#tables.entryPoints.get(point)?.middlewares ?? NONE
    return names.length === 0 ? NONE : names.flatMap((name) => this.middleware(name))
  }

  #notFound(
    code: ProblemCode,
    kind: 'services' | 'middlewares',
    name: string,
    more: readonly string[] = [],
  ): void {
    const what = `${kind === 'services' ? 'service' : 'middleware'} \`${this.#short(name)}\``
    if (this.#tables.defined[kind].has(name))
      this.#problem(code, `the ${what} is left out because of its errors`, 'mend these first')
    else this.#problem(code, `unknown ${what}`, this.#nearest(kind, name, more))
  }

  #nearest(kind: 'services' | 'middlewares', name: string, more: readonly string[]): string | undefined {
    return this.#tables.suggest(() => {
      const all = [...this.#tables[kind].keys(), ...more]
      const local = name.slice(0, name.indexOf('@') + 1)
      const elsewhere = local === '' ? undefined : all.find((one) => one.startsWith(local))
      if (elsewhere !== undefined) return `did you mean \`${elsewhere}\`?`
      return didYouMean(
        this.#short(name),
        all.map((one) => this.#short(one)),
      )
    })
  }

  /** Within its own provider, a resource need not be named in full. */
  #short(name: string): string {
    const suffix = this.#name.slice(this.#name.lastIndexOf('@'))
    return name.endsWith(suffix) ? name.slice(0, -suffix.length) : name
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
