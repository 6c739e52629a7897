import type { Request } from '../proxy/request.ts'
import type { Response } from '../proxy/response.ts'
import type { EndpointPlan, StickyCookiePlan } from '../server/plan.ts'
import { processNow } from './process-clock.ts'
import { rampedWeight, rampStep } from './slow-start.ts'
import { StickySessions } from './sticky-sessions.ts'
import type { Candidate, Strategy } from './strategy.ts'
import { inOwnZone } from './zone-preference.ts'

export interface Balanced extends Candidate {
  readonly plan: Pick<EndpointPlan, 'url' | 'state' | 'weight' | 'warmingSince' | 'zone' | 'canary'>
  /** It has as many requests on their way as it may have. */
  readonly full: boolean
  /** Written by the balancer, as is the other. */
  weight: number
  hashName: string
}

/** What of a service's plan its balancer must know. */
export interface BalancerSettings {
  readonly slowStart?: number
  readonly sticky?: StickyCookiePlan
  readonly zonePreference?: false
}

/**
 * The endpoints of one service, and the choice among those that may be used: those that are ready or warming, and only
 * when there is none of these (panic mode) all that are not draining. It survives every change of them.
 */
export class LoadBalancer<E extends Balanced> {
  readonly #endpoints = new Map<string, E>()
  readonly #zone: string | undefined
  readonly #now: () => number
  #strategy: Strategy
  #slowStart = 0
  #prefersZone = true
  #sticky: StickySessions<E> | undefined
  #available = false
  #nextStep: number | undefined
  /** Those that may be used. A new array whenever they or their weights change, since strategies hold on to it. */
  #usable: readonly E[] = []
  /** Of these, those that are asked first; the same holds. */
  #preferred: readonly E[] = []

  /** `zone`: the proxy's own, where it is known. `now`: as `processNow`. */
  constructor(strategy: Strategy, zone?: string, now: () => number = processNow) {
    this.#strategy = strategy
    this.#zone = zone
    this.#now = now
  }

  get endpoints(): ReadonlyMap<string, E> {
    return this.#endpoints
  }

  /** Some endpoint is ready or warming. */
  get available(): boolean {
    return this.#available
  }

  /** None is, and others are tried. */
  get panicking(): boolean {
    return !this.#available && this.#usable.length > 0
  }

  /** Milliseconds after which weights have grown, so that `refresh` is due; undefined while no endpoint warms. */
  get nextStep(): number | undefined {
    return this.#nextStep
  }

  /** It wants to hear of answers: most do not, and requests then save two looks at the clock. */
  get observes(): boolean {
    return this.#strategy.answered !== undefined || this.#sticky !== undefined
  }

  useStrategy(strategy: Strategy): void {
    this.#strategy = strategy
  }

  /** To be followed by `refresh`. What it is given may hold a whole plan, and is not kept. */
  configure({ slowStart = 0, sticky, zonePreference }: BalancerSettings): void {
    this.#slowStart = slowStart
    this.#prefersZone = zonePreference !== false
    const { name, attributes } = this.#sticky?.cookie ?? {}
    if (sticky?.name !== name || sticky?.attributes !== attributes)
      this.#sticky = sticky && new StickySessions(sticky)
  }

  set(endpoint: E): void {
    this.#endpoints.set(endpoint.key, endpoint)
  }

  delete(key: string): void {
    this.#endpoints.delete(key)
  }

  /** To be called after endpoints were set, deleted or changed, and at each step of a slow start. */
  refresh(): void {
    const all = [...this.#endpoints.values()].filter(
      ({ plan }) => plan.state !== 'draining' && plan.weight > 0,
    )
    const open = all.filter(({ plan: { state } }) => state === 'ready' || state === 'warming')
    this.#ramp(all)
    nameForHashes(all)
    this.#available = open.length > 0
    this.#usable = this.#available ? open : all
    this.#preferred =
      this.#available && this.#zone !== undefined && this.#prefersZone
        ? ofOwnZone(open, all, this.#zone)
        : this.#usable
    this.#sticky?.useEndpoints(this.#usable)
  }

  /** False when all endpoints that may be used are full; there is nothing to wait for when none may be used. */
  get hasRoom(): boolean {
    return this.#usable.length === 0 || this.#usable.some(({ full }) => !full)
  }

  /**
   * An endpoint for the request: that of its session, else one of the own zone, else any; not one of `tried` while
   * there is another. Undefined when none may be used. It is full only when all are.
   */
  pick(request: Request, tried: readonly E[]): E | undefined {
    const bound = this.#sticky?.find(request)
    if (bound && !bound.full && !tried.includes(bound)) return bound
    const candidates = tried.length === 0 ? this.#preferred : this.#untried(tried)
    if (candidates.length === 0) return undefined
    const picked = candidates.length === 1 ? candidates[0]! : this.#strategy.pick(candidates, request)
    if (!picked.full) return picked
    return this.#pickFree(candidates, request) ?? this.#pickFree(this.#usable, request) ?? picked
  }

  /** The head of an endpoint's answer has come, so long after the request was sent: what is remembered of it. */
  answered(request: Request, response: Response, endpoint: E, milliseconds: number): void {
    // Errors are often fast. To count them would draw the requests of all others to an endpoint that fails.
    if (response.status < 500) this.#strategy.answered?.(endpoint, milliseconds)
    this.#sticky?.remember(request, response, endpoint)
  }

  #untried(tried: readonly E[]): readonly E[] {
    const isUntried = (endpoint: E): boolean => !tried.includes(endpoint)
    const preferred = this.#preferred.filter(isUntried)
    if (preferred.length > 0) return preferred
    const others = this.#usable.filter(isUntried)
    return others.length > 0 ? others : this.#preferred
  }

  #pickFree(candidates: readonly E[], request: Request): E | undefined {
    const free = candidates.filter(({ full }) => !full)
    return free.length > 1 ? this.#strategy.pick(free, request) : free[0]
  }

  #ramp(endpoints: readonly E[]): void {
    const slowStart = this.#slowStart
    const now = this.#now()
    let growing = false
    for (const endpoint of endpoints) {
      endpoint.weight = rampedWeight(endpoint.plan, slowStart, now)
      growing ||= endpoint.weight < endpoint.plan.weight
    }
    this.#nextStep = growing ? rampStep(slowStart) : undefined
  }
}

/** Each group of canaries for itself: its part of the requests must not depend on the zones of its endpoints. */
function ofOwnZone<E extends Balanced>(open: readonly E[], all: readonly E[], zone: string): readonly E[] {
  const groups = new Set(open.map(({ plan }) => plan.canary?.group))
  if (groups.size === 1) return inOwnZone(open, all, zone)
  return [...groups].flatMap((group) => {
    const isOfGroup = ({ plan }: E): boolean => plan.canary?.group === group
    return inOwnZone(open.filter(isOfGroup), all.filter(isOfGroup), zone)
  })
}

/** A host name with several addresses is several endpoints of one URL, which hashes would take for one and the same. */
function nameForHashes(endpoints: readonly Balanced[]): void {
  const counts = new Map<string, number>()
  for (const { plan } of endpoints) counts.set(plan.url, (counts.get(plan.url) ?? 0) + 1)
  for (const endpoint of endpoints)
    endpoint.hashName = counts.get(endpoint.plan.url) === 1 ? endpoint.plan.url : endpoint.key
}
