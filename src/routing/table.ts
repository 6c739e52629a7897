import type { Request } from '../proxy/request.ts'
import { compileRule } from './matcher-catalogue.ts'
import type { IndexKey, MatcherDefinition, Predicate } from './matcher.ts'
import type { Rule } from './rule-tree.ts'

export interface RouteDefinition<T> {
  readonly rule: Rule
  /** Higher is tried first. */
  readonly priority: number
  readonly target: T
}

export interface Route<T> extends RouteDefinition<T> {
  readonly name: string
  readonly matches: Predicate
}

/**
 * The routers of one entry point. A rule that only one host can meet is kept under that host, so that looking up a
 * host among ten thousand routers tries as many rules as among ten. Of several that match, the highest priority wins;
 * of equal ones the name that comes first, so that the same configuration always routes the same way.
 */
export class RoutingTable<T> {
  readonly #matchers: ReadonlyMap<string, MatcherDefinition>
  readonly #routes = new Map<string, Route<T>>()
  readonly #byHost = new Map<string, Route<T>[]>()
  readonly #byParent = new Map<string, Route<T>[]>()
  readonly #general: Route<T>[] = []

  constructor(matchers: ReadonlyMap<string, MatcherDefinition>) {
    this.#matchers = matchers
  }

  /** Adds or replaces a router; only the lists that it stands in are touched. */
  set(name: string, definition: RouteDefinition<T>): void {
    const before = this.#routes.get(name)
    // A router that changed only behind its rule (another middleware) keeps its compiled rule.
    const matches = before?.rule === definition.rule ? before.matches : compileRule(definition.rule, this.#matchers)
    this.delete(name)
    const route = { ...definition, name, matches }
    this.#routes.set(name, route)
    for (const list of this.#listsOf(definition.rule)) insert(list, route)
  }

  delete(name: string): void {
    const route = this.#routes.get(name)
    if (!route) return
    this.#routes.delete(name)
    for (const list of this.#listsOf(route.rule)) list.splice(list.indexOf(route), 1)
    for (const { host, parentHost } of keysOf(route.rule, this.#matchers) ?? []) {
      if (host !== undefined && this.#byHost.get(host)?.length === 0) this.#byHost.delete(host)
      if (parentHost !== undefined && this.#byParent.get(parentHost)?.length === 0) this.#byParent.delete(parentHost)
    }
  }

  /** The router that takes the request, or undefined. Allocates nothing. */
  find(request: Request): Route<T> | undefined {
    const exact = this.#byHost.get(request.host)
    const general = this.#general
    const wild = this.#byParent.size === 0 ? undefined : this.#byParent.get(parentOf(request.host))
    // Nearly all requests: one list is enough.
    if (wild === undefined && general.length === 0) return exact === undefined ? undefined : firstMatch(exact, request)
    return this.#firstOfThree(exact ?? [], wild ?? [], general, request)
  }

  /** Every router that the table would try, in order, and whether it matches: for explanations. */
  explain(request: Request): { readonly route: Route<T>; readonly matched: boolean }[] {
    const lists = [this.#byHost.get(request.host) ?? [], this.#byParent.get(parentOf(request.host)) ?? [], this.#general]
    return lists.flat().toSorted(compare).map((route) => ({ route, matched: route.matches(request) }))
  }

  #firstOfThree(a: readonly Route<T>[], b: readonly Route<T>[], c: readonly Route<T>[], request: Request): Route<T> | undefined {
    let i = 0
    let j = 0
    let k = 0
    for (;;) {
      let best: Route<T> | undefined = a[i]
      if (best === undefined || (j < b.length && compare(b[j]!, best) < 0)) best = b[j] ?? best
      if (best === undefined || (k < c.length && compare(c[k]!, best) < 0)) best = c[k] ?? best
      if (best === undefined || best.matches(request)) return best
      if (best === a[i]) i++
      else if (best === b[j]) j++
      else k++
    }
  }

  #listsOf(rule: Rule): Route<T>[][] {
    const keys = keysOf(rule, this.#matchers)
    if (keys === undefined) return [this.#general]
    return keys.map(({ host, parentHost }) => (host === undefined ? listOf(this.#byParent, parentHost!) : listOf(this.#byHost, host)))
  }
}

function firstMatch<T>(routes: readonly Route<T>[], request: Request): Route<T> | undefined {
  for (let i = 0; i < routes.length; i++) if (routes[i]!.matches(request)) return routes[i]
  return undefined
}

/** The hosts that a rule is confined to, each once; undefined when it is not confined to any. */
function keysOf(rule: Rule, matchers: ReadonlyMap<string, MatcherDefinition>): IndexKey[] | undefined {
  const keys = confinement(rule, matchers)
  return keys && [...new Map(keys.map((key) => [`${key.host ?? ''}|${key.parentHost ?? ''}`, key])).values()]
}

function confinement(rule: Rule, matchers: ReadonlyMap<string, MatcherDefinition>): IndexKey[] | undefined {
  if (rule.op === 'not') return undefined
  if (rule.op === 'match') {
    const key = matchers.get(rule.name)?.index?.(rule.args)
    return key && [key]
  }
  const left = confinement(rule.left, matchers)
  const right = confinement(rule.right, matchers)
  // Of two conditions that must both hold, either confines; of two alternatives, both must.
  if (rule.op === 'and') return left ?? right
  return left && right && [...left, ...right]
}

function listOf<T>(lists: Map<string, Route<T>[]>, key: string): Route<T>[] {
  const found = lists.get(key)
  if (found) return found
  const made: Route<T>[] = []
  lists.set(key, made)
  return made
}

function insert<T>(list: Route<T>[], route: Route<T>): void {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compare(list[middle]!, route) < 0) low = middle + 1
    else high = middle
  }
  list.splice(low, 0, route)
}

function compare<T>(a: Route<T>, b: Route<T>): number {
  return b.priority - a.priority || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
}

function parentOf(host: string): string {
  return host.slice(host.indexOf('.') + 1)
}
