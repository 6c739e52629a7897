import type { ResolvedRouter, RoutingConfig } from '../discovery/routing-config.ts'
import type { Request } from '../proxy/request.ts'
import type { RoutingContext } from '../discovery/source.ts'
import type { EntryPoints } from './asked-request.ts'
import { judge } from './why-not.ts'

/** A router, and why it does not take the request. */
export interface Loser {
  readonly name: string
  readonly rule: string
  readonly priority: number
  readonly service: string
  /** `shadowed`: its rule matches, but another comes first. */
  readonly cause: 'shadowed' | 'rule' | 'entryPoint' | 'tls'
  readonly why: string
}

export interface Choice {
  readonly winner:
    | { readonly name: string; readonly router: ResolvedRouter; readonly why: string }
    | undefined
  /** Those that came nearest first. */
  readonly losers: readonly Loser[]
  /** Routers that have nothing to do with the request. */
  readonly others: number
}

export interface ChoiceInputs {
  readonly routing: Pick<RoutingConfig, 'routers'>
  readonly matchers: RoutingContext['matchers']
  readonly entryPoints: EntryPoints
  /** Names of providers: of equal priorities, the earlier provider's wins. */
  readonly precedence: readonly string[]
}

/** Losers that are shown. */
const MOST_LOSERS = 20

interface Judged {
  readonly name: string
  readonly router: ResolvedRouter
  readonly matched: boolean
  readonly why: string
  readonly met: number
  readonly isHere: boolean
  readonly isSecure: boolean
}

/** Which router takes the request on this entry point, and why the others do not. */
export function chooseRouter(request: Request, entryPoint: string, inputs: ChoiceInputs): Choice {
  const { routing, matchers, entryPoints, precedence } = inputs
  const alwaysSecure = entryPoints.get(entryPoint)?.http.tls !== undefined
  const judged = [...routing.routers].map(([name, router]): Judged => ({
    name,
    router,
    ...judge(router.rule, request, matchers),
    isHere: router.entryPoints.includes(entryPoint),
    isSecure: alwaysSecure || router.config.tls !== undefined,
  }))
  const secure = request.scheme === 'https'
  const matching = judged
    .filter(({ matched, isHere, isSecure }) => matched && isHere && isSecure === secure)
    .toSorted((a, b) => compare(a, b, precedence))
  const [winner, ...shadowed] = matching
  const near = judged
    .filter((one) => !matching.includes(one) && (one.matched || one.met > 0))
    .toSorted((a, b) => nearness(b) - nearness(a) || compare(a, b, precedence))
  const losers = [
    ...shadowed.map((one) => loser(one, 'shadowed', whyLater(one, winner!, precedence))),
    ...near.map((one) => missed(one, entryPoint, secure)),
  ]
  return {
    winner: winner && {
      name: winner.name,
      router: winner.router,
      why: whyFirst(winner, shadowed, precedence),
    },
    losers: losers.slice(0, MOST_LOSERS),
    others: judged.length - matching.length - near.length + Math.max(0, losers.length - MOST_LOSERS),
  }
}

function loser({ name, router }: Judged, cause: Loser['cause'], why: string): Loser {
  const { ruleText: rule, priority, service } = router
  return { name, rule, priority, service, cause, why }
}

function missed(one: Judged, entryPoint: string, secure: boolean): Loser {
  if (!one.matched) return loser(one, 'rule', one.why)
  if (!one.isHere) {
    const listens = one.router.entryPoints.map((name) => `\`${name}\``).join(', ')
    return loser(
      one,
      'entryPoint',
      `its rule matches, but it listens on ${listens}, and not on \`${entryPoint}\``,
    )
  }
  const why = secure
    ? 'its rule matches, but it takes plain connections alone: it has no `tls`'
    : 'its rule matches, but it takes TLS connections alone: it has `tls`'
  return loser(one, 'tls', why)
}

function nearness({ matched, met, isHere }: Judged): number {
  return (matched ? 1_000 : met) + (isHere ? 0.5 : 0)
}

/** The order in which the engine tries them. */
function compare(a: Judged, b: Judged, precedence: readonly string[]): number {
  return (
    b.router.priority - a.router.priority ||
    rankOf(a.name, precedence) - rankOf(b.name, precedence) ||
    (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
  )
}

function rankOf(name: string, precedence: readonly string[]): number {
  const place = precedence.indexOf(name.slice(name.lastIndexOf('@') + 1))
  return place < 0 ? precedence.length : place
}

function whyFirst(winner: Judged, shadowed: readonly Judged[], precedence: readonly string[]): string {
  const [second] = shadowed
  if (!second) return 'it is the only one whose rule matches'
  return whyLater(second, winner, precedence).replace(/^(?:the|its)/, 'of those that match, the')
}

/** Why one that matches comes after the winner. */
function whyLater(later: Judged, winner: Judged, precedence: readonly string[]): string {
  const [mine, theirs] = [later.router, winner.router]
  const numbers = `${mine.priority} < ${theirs.priority}`
  if (mine.priority !== theirs.priority) {
    const byLength = isByLength(mine) && isByLength(theirs)
    return byLength
      ? `the rule of \`${winner.name}\` is longer (${numbers})`
      : `the priority of \`${winner.name}\` is higher (${numbers})`
  }
  if (rankOf(later.name, precedence) !== rankOf(winner.name, precedence))
    return `the provider of \`${winner.name}\` comes first, the priorities being equal (${mine.priority})`
  return `the name of \`${winner.name}\` comes first, the priorities being equal (${mine.priority})`
}

/** Nobody has set its priority, and so it is the length of its rule. */
function isByLength({ config }: ResolvedRouter): boolean {
  return config.priority === 0
}
