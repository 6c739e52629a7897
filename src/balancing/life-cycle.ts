import type { EndpointPlan } from '../server/plan.ts'

/** An endpoint that discovery names now, resolved to an address. */
export type WantedEndpoint = Omit<EndpointPlan, 'state'> & {
  /** Its source says that it is on its way out. */
  readonly terminating: boolean
}

/** A service as discovery names it now. */
export interface WantedService {
  /** Milliseconds that requests and tunnels of a draining endpoint may take to finish. */
  readonly drainTimeout: number
  readonly endpoints: ReadonlyMap<string, WantedEndpoint>
}

/** What became of an endpoint, for the log and the events. */
export interface Transition {
  readonly service: string
  readonly key: string
  readonly url: string
  readonly to: 'ready' | 'draining' | 'gone'
  /** Why, in words: `discovered`, `left the snapshot`, `terminating`, `came back`, `drained`, `drain timeout` … */
  readonly reason: string
}

export interface LifeCycleOptions {
  /** False lets endpoints go at once: the contrast of the scenarios. */
  readonly draining: boolean
  /** Milliseconds of a clock that never jumps. */
  readonly now: () => number
  /** Threads that must have reported before an endpoint is gone. */
  readonly workers: () => readonly number[]
}

interface Tracked {
  drainTimeout: number
  plan: EndpointPlan
  terminating: boolean
  /** Set while it drains. */
  drain: { deadline: number; version: number; reported: Set<number> } | undefined
}

/**
 * The lives of all endpoints (DESIGN §6), kept over every change of configuration by service and key. Endpoints that
 * discovery no longer names do not vanish: they drain until every worker has nothing in flight to them, or the time is up.
 */
export class LifeCycle {
  readonly #options: LifeCycleOptions
  readonly #services = new Map<string, Map<string, Tracked>>()
  /** Plans by service, made anew only when something changed: plans are compared by identity. */
  #live = new Map<string, ReadonlyMap<string, EndpointPlan>>()

  constructor(options: LifeCycleOptions) {
    this.#options = options
  }

  /** By service and key: what the data plane shall hold now. */
  get live(): ReadonlyMap<string, ReadonlyMap<string, EndpointPlan>> {
    return this.#live
  }

  /**
   * Takes over what discovery names now, in the plan of this version; gives what changed by that. A service that is
   * not in `wanted` has all its endpoints drained.
   */
  update(wanted: ReadonlyMap<string, WantedService>, version: number): Transition[] {
    const transitions: Transition[] = []
    for (const [service, { endpoints, drainTimeout }] of wanted) {
      const tracked = this.#services.get(service) ?? new Map<string, Tracked>()
      this.#services.set(service, tracked)
      for (const [key, endpoint] of endpoints)
        this.#want(service, tracked, key, endpoint, version, transitions)
      for (const endpoint of tracked.values()) endpoint.drainTimeout = drainTimeout
    }
    for (const [service, tracked] of this.#services) {
      const named = wanted.get(service)?.endpoints
      for (const [key, endpoint] of tracked) {
        if (!named?.has(key))
          this.#release(service, tracked, key, endpoint, 'left the snapshot', version, transitions)
      }
    }
    this.#settle(transitions)
    return transitions
  }

  /** A worker has nothing in flight to a draining endpoint any more; gives the transition when it was the last one. */
  drained(worker: number, service: string, key: string, version: number): Transition[] {
    const drain = this.#services.get(service)?.get(key)?.drain
    // A report of an earlier drain says nothing about this one.
    if (!drain || version < drain.version) return []
    drain.reported.add(worker)
    return this.sweep()
  }

  /** Lets those go whose workers have all reported, or whose time is up. */
  sweep(): Transition[] {
    const now = this.#options.now()
    const workers = this.#options.workers()
    const transitions: Transition[] = []
    for (const [service, tracked] of this.#services) {
      for (const [key, { plan, drain, terminating }] of tracked) {
        if (!drain) continue
        const quiet = workers.every((worker) => drain.reported.has(worker))
        if (!quiet && now < drain.deadline) continue
        // What its source still names stays known as draining, so that it does not come back by itself.
        if (terminating) continue
        tracked.delete(key)
        transitions.push({
          service,
          key,
          url: plan.url,
          to: 'gone',
          reason: quiet ? 'drained' : 'drain timeout',
        })
      }
    }
    this.#settle(transitions)
    return transitions
  }

  /** Milliseconds until the next drain runs out of time; undefined when nothing drains. */
  get nextDeadline(): number | undefined {
    let next: number | undefined
    for (const tracked of this.#services.values()) {
      for (const { drain, terminating } of tracked.values()) {
        if (drain && !terminating) next = Math.min(next ?? drain.deadline, drain.deadline)
      }
    }
    return next === undefined ? undefined : Math.max(0, next - this.#options.now())
  }

  #want(
    service: string,
    tracked: Map<string, Tracked>,
    key: string,
    wanted: WantedEndpoint,
    version: number,
    transitions: Transition[],
  ): void {
    const { terminating, ...endpoint } = wanted
    const before = tracked.get(key)
    const ready: EndpointPlan = { ...endpoint, state: 'ready' }
    if (!before) {
      const joined: Tracked = { plan: ready, terminating: false, drain: undefined, drainTimeout: 0 }
      tracked.set(key, joined)
      if (terminating) this.#release(service, tracked, key, joined, 'terminating', version, transitions)
      else transitions.push({ service, key, url: ready.url, to: 'ready', reason: 'discovered' })
    } else if (terminating) {
      before.terminating = true
      if (!before.drain) this.#release(service, tracked, key, before, 'terminating', version, transitions)
    } else {
      if (before.drain) transitions.push({ service, key, url: ready.url, to: 'ready', reason: 'came back' })
      before.drain = undefined
      before.terminating = false
      if (!samePlan(before.plan, ready)) before.plan = ready
    }
  }

  /** Nothing new is sent to it from now on. */
  #release(
    service: string,
    tracked: Map<string, Tracked>,
    key: string,
    endpoint: Tracked,
    reason: string,
    version: number,
    transitions: Transition[],
  ): void {
    endpoint.terminating = reason === 'terminating'
    if (endpoint.drain) return
    const { url } = endpoint.plan
    if (!this.#options.draining) {
      tracked.delete(key)
      transitions.push({ service, key, url, to: 'gone', reason })
      return
    }
    endpoint.plan = { ...endpoint.plan, state: 'draining' }
    endpoint.drain = { deadline: this.#options.now() + endpoint.drainTimeout, version, reported: new Set() }
    transitions.push({ service, key, url, to: 'draining', reason })
  }

  /** Rebuilds `live` for what changed, and only that. */
  #settle(transitions: readonly Transition[]): void {
    const live = new Map<string, ReadonlyMap<string, EndpointPlan>>()
    const touched = new Set(transitions.map(({ service }) => service))
    for (const [service, tracked] of this.#services) {
      const before = this.#live.get(service)
      const same =
        !touched.has(service) &&
        before?.size === tracked.size &&
        [...tracked].every(([key, { plan }]) => before.get(key) === plan)
      live.set(service, same ? before : new Map([...tracked].map(([key, { plan }]) => [key, plan])))
      if (tracked.size === 0) this.#services.delete(service)
    }
    this.#live = live
  }
}

function samePlan(a: EndpointPlan, b: EndpointPlan): boolean {
  return (
    a.url === b.url &&
    a.address === b.address &&
    a.port === b.port &&
    a.tls === b.tls &&
    a.authority === b.authority &&
    a.pathPrefix === b.pathPrefix &&
    a.weight === b.weight &&
    a.zone === b.zone &&
    a.canary?.group === b.canary?.group &&
    a.canary?.percent === b.canary?.percent &&
    a.state === b.state
  )
}
