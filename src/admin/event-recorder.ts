import { isDeepStrictEqual } from 'node:util'
import type { Transition } from '../balancing/life-cycle.ts'
import { describeOrigin } from '../config/problem.ts'
import type { Problem } from '../config/problem.ts'
import type { RoutingConfig } from '../discovery/routing-config.ts'
import type { ProviderState } from '../discovery/source-state.ts'
import type { EventHistory, EventKind } from './event-history.ts'
import type { AdminView } from './view.ts'

type Recorded = Pick<AdminView, 'routing' | 'problems' | 'providers'>

/** Resources of one kind that may each have an event of their own in one change; of more, only the number is told. */
const MOST_SINGLE = 50

/** Writes down what changes, by comparing what is with what was. */
export class EventRecorder {
  readonly #history: EventHistory
  readonly #view: Recorded
  #routing: RoutingConfig | undefined
  #problems = new Map<string, Problem>()
  #states = new Map<string, ProviderState['state']>()

  constructor(history: EventHistory, view: Recorded) {
    this.#history = history
    this.#view = view
  }

  /** States of endpoints have changed. */
  moved(transitions: readonly Transition[]): void {
    for (const { service, key, url, to, reason } of transitions)
      this.#history.add('endpoint', `${url} of ${service} is ${to}: ${reason}`, {
        service,
        endpoint: key,
        url,
        state: to,
        reason,
      })
  }

  /** What is served, or what is wrong, may have changed. */
  changed(): void {
    this.#compareRouting()
    this.#compareProviders()
    this.#compareProblems()
  }

  #compareRouting(): void {
    const { routing } = this.#view
    const before = this.#routing
    this.#routing = routing
    if (before === routing) return
    this.#compare('router', before?.routers, routing.routers)
    this.#compare('service', before?.services, routing.services)
    this.#compare('middleware', before?.middlewares, routing.middlewares)
  }

  #compare(
    kind: EventKind,
    before: ReadonlyMap<string, object> = new Map(),
    after: ReadonlyMap<string, object>,
  ): void {
    this.#tell(
      kind,
      'removed',
      [...before.keys()].filter((name) => !after.has(name)),
    )
    this.#tell(
      kind,
      'added',
      [...after.keys()].filter((name) => !before.has(name)),
    )
    const differs = (name: string): boolean =>
      before.has(name) && !sameResource(before.get(name)!, after.get(name)!)
    this.#tell(kind, 'changed', [...after.keys()].filter(differs))
  }

  #tell(kind: EventKind, change: string, names: readonly string[]): void {
    if (names.length > MOST_SINGLE) {
      this.#history.add(kind, `${names.length} ${kind}s were ${change}`, { change, count: names.length })
      return
    }
    for (const name of names) this.#history.add(kind, `${kind} ${name} was ${change}`, { name, change })
  }

  #compareProviders(): void {
    const before = this.#states
    const { providers } = this.#view
    this.#states = new Map(providers.map(({ name, state }) => [name, state]))
    for (const { name, state, lastError } of providers) {
      if (before.get(name) === state) continue
      const why = state === 'ok' || !lastError ? '' : `: ${lastError.message}`
      this.#history.add('provider', `provider ${name} is ${state}${why}`, { provider: name, state })
    }
  }

  #compareProblems(): void {
    const before = this.#problems
    this.#problems = new Map(this.#view.problems.map((problem) => [identityOf(problem), problem]))
    for (const [identity, problem] of this.#problems)
      if (!before.has(identity)) this.#tellProblem('began', problem)
    for (const [identity, problem] of before)
      if (!this.#problems.has(identity)) this.#tellProblem('ended', problem)
  }

  #tellProblem(change: 'began' | 'ended', { code, severity, message, origin, resource }: Problem): void {
    const place = describeOrigin(origin)
    const text = change === 'began' ? `${severity} ${code}` : `no longer ${code}`
    this.#history.add('problem', `${text}: ${place}: ${message}`, {
      change,
      code,
      severity,
      place,
      ...(resource === undefined ? {} : { resource }),
    })
  }
}

/** A file that is read anew has all its resources as new objects, perhaps in other lines. */
function sameResource(one: object, other: object): boolean {
  return one === other || isDeepStrictEqual({ ...one, origin: undefined }, { ...other, origin: undefined })
}

/** Messages may hold counts and times that change while the problem stays the same. */
function identityOf({ code, origin, resource = '' }: Problem): string {
  return [code, describeOrigin(origin), resource].join('\n')
}
