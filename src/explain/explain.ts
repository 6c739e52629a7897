import type { EndpointStatus } from '../balancing/life-cycle.ts'
import { describeOrigin } from '../config/problem.ts'
import type { Problem } from '../config/problem.ts'
import { suggest } from '../config/suggest.ts'
import type { RoutingConfig } from '../discovery/routing-config.ts'
import type { RoutingContext } from '../discovery/source.ts'
import type { Request } from '../proxy/request.ts'
import type { Rule } from '../routing/rule-tree.ts'
import { entryPointsFor, requestOf } from './asked-request.ts'
import type { AskedRequest, EntryPoints, WrongQuestion } from './asked-request.ts'
import { chooseRouter } from './choose-router.ts'
import type { Choice, Loser } from './choose-router.ts'
import { explainMiddlewares } from './explain-middlewares.ts'
import type { ExplainedMiddleware } from './explain-middlewares.ts'
import { explainService } from './explain-service.ts'
import type { ExplainedService } from './explain-service.ts'
import { statesText } from './readiness.ts'

export interface ExplainInputs {
  readonly routing: RoutingConfig
  readonly endpoints: readonly EndpointStatus[]
  readonly problems: readonly Problem[]
  readonly entryPoints: EntryPoints
  readonly context: Pick<RoutingContext, 'matchers' | 'middlewares'>
  /** Names of providers: of routers of equal priority, the earlier provider's wins. */
  readonly precedence: readonly string[]
}

/** Why a request goes where it goes. */
export interface Explanation {
  /** What becomes of the request and why, in one sentence. */
  readonly verdict: string
  /** Whether an endpoint, or the proxy by intention, answers it. */
  readonly outcome: 'served' | 'answered' | 'unserved' | 'unrouted'
  readonly request: {
    readonly method: string
    readonly scheme: string
    readonly host: string
    readonly path: string
    readonly query: string
    readonly clientAddress: string
  }
  readonly entryPoint: string
  readonly router?: {
    readonly name: string
    readonly rule: string
    readonly priority: number
    readonly priorityIs: 'set' | 'the length of the rule'
    readonly why: string
    readonly service: string
  }
  /** Routers that came near, and what was in the way. */
  readonly losers: readonly Loser[]
  /** Routers that have nothing to do with it. */
  readonly otherRouters: number
  /** In the order in which the request passes them. */
  readonly middlewares: readonly ExplainedMiddleware[]
  readonly service?: ExplainedService
  /** What else is worth knowing. */
  readonly notes: readonly string[]
}

/** Explains what becomes of a request, by the same rules by which the data plane decides; or what is wrong with the question. */
export function explain(asked: AskedRequest, inputs: ExplainInputs): Explanation | WrongQuestion {
  const request = requestOf(asked)
  if ('error' in request) return request
  const { names, assumed } = entryPointsFor(request, asked.entryPoint, inputs.entryPoints)
  if (names.length === 0) {
    const known = [...inputs.entryPoints.keys()].map((name) => `\`${name}\``).join(', ')
    return { error: `there is no entry point \`${asked.entryPoint ?? ''}\``, remedy: `there is ${known}` }
  }
  const { routing, context, entryPoints, precedence } = inputs
  const choiceInputs = { routing, matchers: context.matchers, entryPoints, precedence }
  const choices = names.map((entryPoint) => {
    request.entryPoint = entryPoint
    return { entryPoint, choice: chooseRouter(request, entryPoint, choiceInputs) }
  })
  const { entryPoint, choice } = choices.find((one) => one.choice.winner) ?? choices[0]!
  request.entryPoint = entryPoint
  const notes =
    assumed && names.length > 1
      ? [`entry point \`${entryPoint}\` is assumed; --entry-point names another`]
      : []
  return explained(request, entryPoint, choice, notes, inputs)
}

function explained(
  request: Request,
  entryPoint: string,
  { winner, losers, others: otherRouters }: Choice,
  notes: readonly string[],
  inputs: ExplainInputs,
): Explanation {
  const { method, scheme, host, path, query, clientAddress } = request
  const asked = {
    request: { method, scheme, host, path, query, clientAddress },
    entryPoint,
    losers,
    otherRouters,
  }
  if (!winner) {
    const verdict = unroutedVerdict(request, entryPoint, losers, inputs)
    return {
      verdict,
      outcome: 'unrouted',
      ...asked,
      middlewares: [],
      notes: [...notes, ...hints(request, inputs), ...routerProblems(inputs.problems)],
    }
  }
  const { name, router, why } = winner
  const target = targetText(request)
  const middlewares = explainMiddlewares(
    router.middlewares,
    inputs.routing.middlewares,
    inputs.context.middlewares,
    request,
  )
  const endpoints = Map.groupBy(inputs.endpoints, (one) => one.service)
  const service = explainService(router.service, inputs.routing.services, endpoints)
  const last = middlewares.at(-1)
  const verdict = last?.answers
    ? `${target} → router \`${name}\` → middleware \`${last.name}\`, which ${last.here}`
    : routedVerdict(target, name, service, losers, endpoints)
  return {
    verdict,
    outcome: last?.answers ? 'answered' : service.canAnswer ? 'served' : 'unserved',
    ...asked,
    router: {
      name,
      rule: router.ruleText,
      priority: router.priority,
      priorityIs: router.config.priority === 0 ? 'the length of the rule' : 'set',
      why,
      service: router.service,
    },
    middlewares,
    service,
    notes: [...notes, ...ownProblems(name, router.service, inputs.problems)],
  }
}

function targetText({ method, scheme, authority, path, query }: Request): string {
  return `${method} ${scheme}://${authority}${path}${query}`
}

/** What is wrong comes first, for whoever reads no further. */
function routedVerdict(
  target: string,
  router: string,
  service: ExplainedService,
  losers: readonly Loser[],
  endpoints: ReadonlyMap<string, readonly EndpointStatus[]>,
): string {
  const way = `${target} → router \`${router}\` → service \`${service.name}\``
  const known = (endpoints.get(service.name) ?? []).filter(({ state }) => state !== 'gone')
  const states = known.length === 0 ? 'it has none' : statesText(known)
  if (!service.canAnswer) return `503: nothing of service \`${service.name}\` can answer (${states}): ${way}`
  if (service.panic)
    return `no endpoint of service \`${service.name}\` is ready (${states}), and so all that do not drain are tried: ${way}`
  const shadowed = losers.find(({ cause }) => cause === 'shadowed')
  return shadowed ? `${way}, and not \`${shadowed.name}\`: ${shadowed.why}` : way
}

function unroutedVerdict(
  request: Request,
  entryPoint: string,
  losers: readonly Loser[],
  { problems }: ExplainInputs,
): string {
  const start = `404: no router on entry point \`${entryPoint}\` takes ${targetText(request)}`
  const [nearest] = losers
  if (nearest) return `${start}; the nearest, \`${nearest.name}\`: ${nearest.why}`
  const leftOut = routersLeftOut(problems, request.host)
  if (leftOut.length === 0) return `${start}; no rule comes near`
  return `${start}; no rule comes near, but routers are left out because of their errors: ${leftOut.slice(0, 3).join('; ')}`
}

/** Routers that are not served because something is wrong with them, and what that is; those first that name the host. */
function routersLeftOut(problems: readonly Problem[], host: string): string[] {
  const named = problems.flatMap(({ code, resource }) =>
    code === 'E214' && resource?.startsWith('router ') ? [resource] : [],
  )
  const causes = [...new Set(named)].flatMap((resource) => {
    const cause = problems.find((one) => one.resource === resource && one.code !== 'E214')
    return cause ? [`\`${resource.slice('router '.length)}\` (${cause.message})`] : []
  })
  return causes.toSorted((a, b) => Number(b.includes(host)) - Number(a.includes(host)))
}

/** Hosts that are served and look like the one that was asked for. */
function hints({ host }: Request, { routing }: ExplainInputs): string[] {
  const hosts = new Set([...routing.routers.values()].flatMap(({ rule }) => [...hostsIn(rule)]))
  const near = hosts.has(host) ? undefined : suggest(host, hosts)
  return near === undefined ? [] : [`did you mean the host \`${near}\`?`]
}

function* hostsIn(rule: Rule): Generator<string> {
  if (rule.op === 'match') {
    if (rule.name === 'Host') yield rule.args[0] ?? ''
  } else if (rule.op !== 'not') {
    yield* hostsIn(rule.left)
    yield* hostsIn(rule.right)
  }
}

/** Of a request that no router takes, something that is wrong with one may be the cause. */
function routerProblems(problems: readonly Problem[]): string[] {
  return problems
    .filter(({ resource = '', code }) => resource.startsWith('router ') && code !== 'E214')
    .slice(0, MOST_PROBLEMS)
    .map(problemNote)
}

/** Problems of routers that are named. */
const MOST_PROBLEMS = 5

function problemNote({ severity, code, message, origin }: Problem): string {
  return `${severity} ${code}: ${describeOrigin(origin)}: ${message}`
}

function ownProblems(router: string, service: string, problems: readonly Problem[]): string[] {
  const about = new Set([`router ${router}`, `service ${service}`])
  return problems
    .filter(({ resource, code }) => resource !== undefined && about.has(resource) && code !== 'E504')
    .map(problemNote)
}
