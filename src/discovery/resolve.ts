import { describeOrigin } from '../config/problem.ts'
import type { Problem } from '../config/problem.ts'
import { didYouMean } from '../config/suggest.ts'
import { chainExpander } from './chains.ts'
import type { ChainFault } from './chains.ts'
import { boundedSuggester, complain } from './complaint.ts'
import { draftMiddleware } from './draft-middleware.ts'
import { draftRouter } from './draft-router.ts'
import { draftService } from './draft-service.ts'
import { draftTransport } from './draft-transport.ts'
import type { Draft } from './draft.ts'
import { LastGood } from './last-good.ts'
import { linkRouter, sameNames } from './link.ts'
import type { LinkTables } from './link.ts'
import { linkServices } from './link-services.ts'
import { compareText, mergeSource } from './merge.ts'
import type { MergedResource } from './merge.ts'
import { INTERNAL_SERVICES, KINDS, resourceName } from './resource.ts'
import type { Kind } from './resource.ts'
import type { ResolvedMiddleware, ResolvedRouter, RoutingConfig } from './routing-config.ts'
import type { RoutingContext, Source } from './source.ts'

/** Unknown names beyond these get no suggestion. */
const SUGGESTIONS = 100

/**
 * The routing of all sources: merged, validated and linked. A resource that cannot be served as written is listed,
 * and left out unless `previous` holds a good version of it, which then goes on serving. What has not changed since
 * `previous` is the same object in the result.
 */
export function resolveRouting(
  sources: readonly Source[],
  context: RoutingContext,
  previous?: RoutingConfig,
): RoutingConfig {
  const problems: Problem[] = []
  const merged = mergeAll(sources, problems)
  const lastGood = new LastGood(previous)
  const settle = <T>(kind: Kind, draft: Drafting<T>, kept: Kept<T>) =>
    settleAll(kind, merged[kind], (one) => draft(one, context), kept, problems)
  const middlewares = settle('middlewares', draftMiddleware, (name) => lastGood.middleware(name))
  const transports = settle('serversTransports', draftTransport, (name) => lastGood.transport(name))
  const suggest = boundedSuggester(SUGGESTIONS)
  const drafted = settle('services', draftService, (name, { endpoints }) => lastGood.service(name, endpoints))
  const instances = (name: string) => merged.services.get(name)?.endpoints ?? []
  const { services, problems: unlinked } = linkServices(
    drafted,
    transports,
    (name) => lastGood.service(name, instances(name)),
    suggest,
  )
  for (const problem of unlinked) problems.push(problem)
  dropUnserved(middlewares, services, merged.middlewares, lastGood, problems)
  const expand = chainExpander(middlewares, context.middlewares)
  const routers = new Map<string, ResolvedRouter>()
  const tables: LinkTables = {
    services,
    middlewares,
    transports,
    expand,
    defined: merged,
    linked: routers,
    entryPoints: new Map(context.entryPoints.map((point) => [point.name, point])),
    suggest,
  }
  for (const problem of chainProblems(middlewares, tables, context)) problems.push(problem)
  linkAll(routers, merged.routers, context, tables, lastGood, problems)
  return {
    routers,
    middlewares: withMissing(middlewares, lastGood.carriedMiddlewares),
    services: withMissing(services, lastGood.carriedServices),
    serversTransports: withMissing(transports, lastGood.carriedTransports),
    problems: sorted(problems),
  }
}

type MergedByName = Map<string, MergedResource>
type Drafting<T> = (merged: MergedResource, context: RoutingContext) => Draft<T>
type Kept<T> = (name: string, merged: MergedResource) => T | undefined

function mergeAll(sources: readonly Source[], problems: Problem[]): Record<Kind, MergedByName> {
  const all = Object.fromEntries(KINDS.map((kind) => [kind, new Map()])) as Record<Kind, MergedByName>
  for (const source of sources.toSorted((a, b) => compareText(a.provider, b.provider))) {
    const merged = mergeSource(source)
    for (const problem of merged.problems) problems.push(problem)
    for (const kind of KINDS) {
      for (const resource of merged[kind]) {
        const { name } = resource
        if (name === '' || name.includes('@')) problems.push(badName(kind, resource))
        else all[kind].set(resource.fullName, resource)
      }
    }
  }
  return all
}

function badName(kind: Kind, { name, variants }: MergedResource): Problem {
  const word = resourceName(kind, `\`${name}\``)
  const message =
    name === ''
      ? `a ${resourceName(kind, '').trim()} has an empty name`
      : `the name of ${word} holds an \`@\``
  return complain({
    code: 'E211',
    origin: variants[0]!.definition.origin,
    message,
    remedy: 'give it a name without `@`; the provider is added by itself',
  })
}

function settleAll<T>(
  kind: Kind,
  merged: MergedByName,
  draft: (one: MergedResource) => Draft<T>,
  kept: Kept<T>,
  problems: Problem[],
): Map<string, T> {
  const settled = new Map<string, T>()
  for (const [name, resource] of merged) {
    const { value, problems: own } = draft(resource)
    for (const problem of own) problems.push(problem)
    const served = value ?? kept(name, resource)
    if (served !== undefined) settled.set(name, served)
    if (value === undefined) problems.push(leftOut(kind, name, resource, served !== undefined))
  }
  return settled
}

function leftOut(kind: Kind, name: string, { variants }: MergedResource, kept: boolean): Problem {
  const resource = resourceName(kind, name)
  return complain({
    code: 'E214',
    resource,
    origin: variants[0]!.definition.origin,
    message: kept
      ? `${resource} has errors; its last good version keeps serving`
      : `${resource} is left out because of its errors`,
  })
}

/** A middleware that asks a service which is not there is as it was before; if it was not, it is left out. */
function dropUnserved(
  middlewares: Map<string, ResolvedMiddleware>,
  services: ReadonlyMap<string, unknown>,
  merged: MergedByName,
  lastGood: LastGood,
  problems: Problem[],
): void {
  for (const [name, middleware] of middlewares) {
    const missing = missingService(middleware, services)
    if (missing === undefined) continue
    const before = lastGood.middleware(name)
    const kept = before && missingService(before, services) === undefined ? before : undefined
    const resource = resourceName('middlewares', name)
    const remedy = didYouMean(missing, services.keys())
    problems.push(
      complain({
        code: 'E205',
        origin: middleware.origin,
        resource,
        message: `${resource} needs the service \`${missing}\`, which is unknown or left out`,
        remedy,
      }),
      leftOut('middlewares', name, merged.get(name)!, kept !== undefined),
    )
    if (kept) middlewares.set(name, kept)
    else middlewares.delete(name)
  }
}

function missingService(
  { services: needed = [] }: ResolvedMiddleware,
  services: ReadonlyMap<string, unknown>,
): string | undefined {
  return needed.find((name) => !services.has(name) && !INTERNAL_SERVICES.has(name))
}

/** What is wrong inside chains, said once for each, whether routers use it or not. */
function chainProblems(
  middlewares: ReadonlyMap<string, ResolvedMiddleware>,
  { expand, suggest }: LinkTables,
  { middlewares: definitions }: RoutingContext,
): Problem[] {
  return [...middlewares].flatMap(([name, { type, origin }]) => {
    if (!definitions.get(type)?.expand) return []
    const expansion = expand(name)
    if (!('fault' in expansion)) return []
    const resource = resourceName('middlewares', name)
    const { fault } = expansion
    const remedy =
      fault.kind === 'unknown' ? suggest(() => didYouMean(fault.name, middlewares.keys())) : undefined
    return [
      complain({
        code: fault.kind === 'unknown' ? 'E206' : 'E102',
        origin,
        resource,
        message: describeFault(resource, fault),
        remedy,
      }),
    ]
  })
}

function describeFault(resource: string, fault: ChainFault): string {
  if (fault.kind === 'unknown')
    return `${resource} needs the middleware \`${fault.name}\`, which is unknown or left out`
  if (fault.kind === 'cycle') return `${resource} needs itself: ${fault.path.join(' → ')}`
  return `${resource} stands for too many middlewares, or chains are nested too deeply`
}

function linkAll(
  routers: Map<string, ResolvedRouter>,
  merged: MergedByName,
  context: RoutingContext,
  tables: LinkTables,
  lastGood: LastGood,
  problems: Problem[],
): void {
  for (const [name, resource] of merged) {
    const { value, problems: own } = draftRouter(resource, context)
    for (const problem of own) problems.push(problem)
    const linked = value === undefined ? { problems: [] } : linkRouter(name, value, tables)
    if ('problems' in linked) {
      const kept = lastGood.routers(name, tables)
      problems.push(...linked.problems, leftOut('routers', name, resource, kept.length > 0))
      for (const [as, router] of kept) routers.set(as, router)
    } else {
      for (const [as, router] of linked.routers)
        routers.set(as, sameAsBefore(router, lastGood.routerNamed(as)))
    }
  }
}

/** The router as it was, when it is the same: comparing plans is then a matter of identity. */
function sameAsBefore(router: ResolvedRouter, before: ResolvedRouter | undefined): ResolvedRouter {
  const same =
    before !== undefined &&
    before.config === router.config &&
    before.rule === router.rule &&
    before.service === router.service &&
    before.priority === router.priority &&
    before.origin === router.origin &&
    before.definedAs === router.definedAs &&
    sameNames(before.entryPoints, router.entryPoints) &&
    sameNames(before.middlewares, router.middlewares)
  return same ? before : router
}

function withMissing<T>(
  found: ReadonlyMap<string, T>,
  carried: ReadonlyMap<string, T>,
): ReadonlyMap<string, T> {
  return carried.size === 0 ? found : new Map([...carried, ...found])
}

/** The same problems are listed in the same order, whatever the order in which they were found. */
function sorted(problems: readonly Problem[]): readonly Problem[] {
  return problems
    .map((problem) => ({
      problem,
      key: [problem.resource ?? '', problem.code, describeOrigin(problem.origin), problem.message].join('\n'),
    }))
    .sort((a, b) => compareText(a.key, b.key))
    .map(({ problem }) => problem)
}
