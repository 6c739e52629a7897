import type { Request } from '../proxy/request.ts'
import { compileRule } from './compile.ts'
import { indexKeysOf, isDecidedByKey } from './index-keys.ts'
import type { IndexKey, MatcherDefinition, Predicate } from './matcher.ts'
import type { Rule } from './rule-tree.ts'

export interface RouteDefinition<T> {
  readonly rule: Rule
  /** Higher is tried first. */
  readonly priority: number
  /** Of equal priority, the lower is tried first. Default 0. */
  readonly rank?: number
  readonly target: T
}

export interface Route<T> extends RouteDefinition<T> {
  readonly name: string
  readonly rank: number
  readonly matches: Predicate
}

/** Routes in the order in which they are tried. */
type RouteList<T> = Route<T>[]

/** Nearly every host has one router; among ten thousand of them a list would be two more cache misses per request. */
type Routes<T> = Route<T> | RouteList<T>

/** Stands for a list that is not there. */
const NONE: never[] = []

/**
 * The routers of one entry point. A rule that only certain hosts can meet is kept under those hosts, so that looking
 * up a host among ten thousand routers tries as many rules as among ten. Of several that match, the highest priority
 * wins; of equal ones the lower rank, then the name that comes first, so that the same configuration always routes the same way.
 */
export class RoutingTable<T> {
  readonly #matchers: ReadonlyMap<string, MatcherDefinition>
  readonly #routes = new Map<string, Route<T>>()
  readonly #byHost = new Map<string, Routes<T>>()
  readonly #byParent = new Map<string, Routes<T>>()
  readonly #general: RouteList<T> = []

  /** `matchers` may grow later, as long as it holds all that a rule calls when that rule is set. */
  constructor(matchers: ReadonlyMap<string, MatcherDefinition>) {
    this.#matchers = matchers
  }

  /**
   * Adds or replaces a router; only the lists that it stands in are touched.
   * @throws Error when a matcher that the rule calls is not loaded; the table is then as it was
   */
  set(name: string, { rule, priority, rank = 0, target }: RouteDefinition<T>): void {
    const compiled = compileRule(rule, this.#matchers)
    // Most rules are a host alone, which the index has compared: among many routers each further look is a cache miss.
    const matches = isDecidedByKey(rule, this.#matchers) ? always : compiled
    const route = { name, rule, priority, rank, target, matches }
    const keys = indexKeysOf(rule, this.#matchers)
    this.delete(name)
    this.#routes.set(name, route)
    if (keys === undefined) insert(this.#general, route)
    else for (const key of keys) this.#insertUnder(key, route)
  }

  delete(name: string): void {
    const route = this.#routes.get(name)
    if (!route) return
    this.#routes.delete(name)
    const keys = indexKeysOf(route.rule, this.#matchers)
    if (keys === undefined) remove(this.#general, route)
    else for (const key of keys) this.#removeUnder(key, route)
  }

  /** The router that takes the request, or undefined. Allocates nothing, but for a substring where there are wildcards. */
  find(request: Request): Route<T> | undefined {
    const exact = this.#byHost.get(request.host)
    const wild = this.#byParent.size === 0 ? undefined : this.#byParent.get(parentOf(request.host))
    // Nearly all requests: one list is enough.
    if (wild === undefined && this.#general.length === 0) return exact && firstMatch(exact, request)
    return firstOfThree(exact, wild, this.#general, request)
  }

  /** Every router that `find` may try, in its order, and whether it matches: for explanations. */
  explain(request: Request): { readonly route: Route<T>; readonly matched: boolean }[] {
    const { host } = request
    const indexed = [this.#byHost.get(host) ?? NONE, this.#byParent.get(parentOf(host)) ?? NONE].flat()
    const routes = [...new Set([...indexed, ...this.#general])].toSorted(compare)
    return routes.map((route) => ({ route, matched: route.matches(request) }))
  }

  #insertUnder({ host, parentHost }: IndexKey, route: Route<T>): void {
    const lists = host === undefined ? this.#byParent : this.#byHost
    const key = (host ?? parentHost)!
    const others = lists.get(key)
    if (others === undefined) lists.set(key, route)
    else if (Array.isArray(others)) insert(others, route)
    else lists.set(key, [others, route].sort(compare))
  }

  /** Lists that are empty go, or hosts of services long gone would fill the memory. */
  #removeUnder({ host, parentHost }: IndexKey, route: Route<T>): void {
    const lists = host === undefined ? this.#byParent : this.#byHost
    const key = (host ?? parentHost)!
    const list = lists.get(key)
    if (Array.isArray(list)) remove(list, route)
    if (!Array.isArray(list) || list.length === 0) lists.delete(key)
  }
}

function always(): boolean {
  return true
}

function firstMatch<T>(routes: Routes<T>, request: Request): Route<T> | undefined {
  if (!Array.isArray(routes)) return routes.matches(request) ? routes : undefined
  for (let i = 0; i < routes.length; i++) if (routes[i]!.matches(request)) return routes[i]
  return undefined
}

/** Merges the lists as it goes. A route that stands in two of them is tried once. */
function firstOfThree<T>(
  a: Routes<T> = NONE,
  b: Routes<T> = NONE,
  c: RouteList<T>,
  request: Request,
): Route<T> | undefined {
  let i = 0
  let j = 0
  let k = 0
  for (;;) {
    const best = earlier(earlier(at(a, i), at(b, j)), c[k])
    if (best === undefined || best.matches(request)) return best
    if (at(a, i) === best) i++
    if (at(b, j) === best) j++
    if (c[k] === best) k++
  }
}

function at<T>(routes: Routes<T>, index: number): Route<T> | undefined {
  if (Array.isArray(routes)) return routes[index]
  return index === 0 ? routes : undefined
}

function earlier<T>(a: Route<T> | undefined, b: Route<T> | undefined): Route<T> | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return compare(a, b) <= 0 ? a : b
}

function insert<T>(list: RouteList<T>, route: Route<T>): void {
  list.splice(placeOf(list, route), 0, route)
}

function remove<T>(list: RouteList<T>, route: Route<T>): void {
  list.splice(placeOf(list, route), 1)
}

/** Where the route stands, or would. Names are unique, so no two routes are equal. */
function placeOf<T>(list: RouteList<T>, route: Route<T>): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compare(list[middle]!, route) < 0) low = middle + 1
    else high = middle
  }
  return low
}

function compare<T>(a: Route<T>, b: Route<T>): number {
  return b.priority - a.priority || a.rank - b.rank || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
}

/** Empty for a host without a dot: it is below nothing. */
function parentOf(host: string): string {
  const dot = host.indexOf('.')
  return dot < 0 ? '' : host.slice(dot + 1)
}
