import type { Request } from '../proxy/request.ts'
import type { CanaryPlan } from '../server/plan.ts'
import type { Candidate, Strategy } from './strategy.ts'

interface Grouped extends Candidate {
  readonly plan?: { readonly canary?: CanaryPlan }
}

/**
 * Gives groups of endpoints fixed parts of the requests, and all others the rest: one strategy chooses the group and
 * one for each group the endpoint in it. A group of which no endpoint may be used has no part.
 */
export class CanaryShares implements Strategy {
  readonly answered?: NonNullable<Strategy['answered']>
  readonly #chooser: Strategy
  readonly #create: () => Strategy
  readonly #groups = new Map<string, Group>()
  /** The division of candidates that have been seen: always the same ones, but for repeated attempts. */
  readonly #known = new WeakMap<readonly Grouped[], Division>()
  #seen: readonly Grouped[] = []
  #division: Division = { groups: [], weights: [], members: new Map() }

  /** `create` makes the strategy of a group. */
  constructor(chooser: Strategy, create: () => Strategy) {
    this.#chooser = chooser
    this.#create = create
    const rest = this.#group(REST)
    // Whoever does not care for answers is spared them.
    if (rest.strategy.answered)
      this.answered = (candidate, milliseconds) =>
        this.#group(nameOf(candidate)).strategy.answered!(candidate, milliseconds)
  }

  pick<C extends Grouped>(candidates: readonly C[], request: Request): C {
    if (candidates !== this.#seen) this.#adopt(candidates)
    const { groups, members } = this.#division
    const group = groups.length === 1 ? groups[0]! : this.#chooser.pick(groups, request)
    const own = members.get(group) as readonly C[]
    return own.length === 1 ? own[0]! : group.strategy.pick(own, request)
  }

  #adopt(candidates: readonly Grouped[]): void {
    let division = this.#known.get(candidates)
    if (!division) {
      division = this.#divide(candidates)
      this.#known.set(candidates, division)
    }
    this.#seen = candidates
    this.#division = division
    for (const [i, group] of division.groups.entries()) group.weight = division.weights[i]!
  }

  /** The rest is what the groups leave; when they leave nothing, it is asked only when there is nobody else. */
  #divide(candidates: readonly Grouped[]): Division {
    const byName = Map.groupBy(candidates, nameOf)
    const parts = new Map<string, number>()
    for (const [name, [first]] of byName) if (name !== REST) parts.set(name, first!.plan!.canary!.percent)
    const rest = 100 - [...parts.values()].reduce((sum, percent) => sum + percent, 0)
    if (byName.has(REST) && (rest > 0 || parts.size === 0)) parts.set(REST, Math.max(rest, 1))
    const groups = [...parts.keys()].map((name) => this.#group(name))
    const members = new Map(groups.map((group) => [group, byName.get(group.key)!]))
    return { groups, weights: [...parts.values()], members }
  }

  #group(name: string): Group {
    return this.#groups.getOrInsertComputed(name, () => new Group(name, this.#create()))
  }
}

/** No group has this name: theirs begin with a letter. */
const REST = ''

function nameOf({ plan }: Grouped): string {
  return plan?.canary ? `c${plan.canary.group}` : REST
}

interface Division {
  readonly groups: readonly Group[]
  /** By place. */
  readonly weights: readonly number[]
  readonly members: ReadonlyMap<Group, readonly Grouped[]>
}

/** A group as the strategy that chooses among groups sees it. */
class Group implements Candidate {
  readonly key: string
  readonly strategy: Strategy
  weight = 0
  readonly inFlight = 0

  constructor(key: string, strategy: Strategy) {
    this.key = key
    this.strategy = strategy
  }

  get hashName(): string {
    return this.key
  }
}
