import { LoadBalancer } from '../../balancing/load-balancer.ts'
import type { RetryBudget } from '../../balancing/retry-budget.ts'
import type { Strategy } from '../../balancing/strategy.ts'
import type { Next } from '../../middleware.ts'
import { NEVER } from '../../proxy/deadlines.ts'
import type { Deadlines, Timed } from '../../proxy/deadlines.ts'
import { forward } from '../../proxy/forward.ts'
import type { ForwardTarget } from '../../proxy/forward.ts'
import { Endpoint } from '../../proxy/upstream/endpoint.ts'
import { DEFAULT_TRANSPORT } from '../../proxy/upstream/transport.ts'
import { WaitQueue } from '../../proxy/wait-queue.ts'
import type { EndpointPlan, ServiceDelta, ServiceLimits } from '../plan.ts'
import type { Service } from './service.ts'

/** What the load-balanced services of a worker share. */
export interface ServiceTools {
  readonly deadlines: Deadlines
  readonly budget: RetryBudget
  /** False switches retries off: the contrast of the scenarios. */
  readonly retries: boolean
  /** Workers that divide what is limited for the process. */
  readonly workers: number
  readonly strategy: (name: string) => Strategy
  /** The availability zone that this proxy runs in, where it is known. */
  readonly zone: string | undefined
  /** A draining endpoint has nothing in flight any more. */
  readonly drained: (service: string, endpoint: string) => void
}

/** Spreads requests over endpoints. It lives as long as the plan holds it; its counters survive every change. */
export class LoadBalancedService implements Service, Timed {
  readonly handle: Next
  /** The next step of a slow start. */
  deadline = NEVER
  readonly #name: string
  readonly #tools: ServiceTools
  readonly #balancer: LoadBalancer<Endpoint>
  readonly #queue: WaitQueue
  /** An endpoint may be free again. */
  readonly #freed = (): void => this.#queue.wake()
  #strategy: string
  #target: ForwardTarget
  /** The same without further attempts. */
  #single: ForwardTarget
  #maxConnections = Number.POSITIVE_INFINITY

  constructor(name: string, { strategy, passHostHeader }: ServiceDelta, tools: ServiceTools) {
    this.#name = name
    this.#tools = tools
    const { budget, retries } = tools
    const balancer = new LoadBalancer<Endpoint>(tools.strategy(strategy), tools.zone)
    const queue = new WaitQueue(tools.deadlines, () => balancer.hasRoom)
    this.#strategy = strategy
    this.#balancer = balancer
    this.#queue = queue
    this.#target = { balancer, passHostHeader, budget, queue, retries }
    this.#single = { ...this.#target, retries: false }
    this.handle = (request) => forward(request, request.singleAttempt ? this.#single : this.#target)
  }

  get endpoints(): ReadonlyMap<string, Endpoint> {
    return this.#balancer.endpoints
  }

  /** Takes a change of the plan over; only what it names is touched. */
  update(delta: ServiceDelta): void {
    const { strategy, passHostHeader, limits, endpoints } = delta
    if (this.#strategy !== strategy) {
      this.#strategy = strategy
      this.#balancer.useStrategy(this.#tools.strategy(strategy))
    }
    this.#target = { ...this.#target, passHostHeader }
    this.#single = { ...this.#target, retries: false }
    this.#setLimits(limits)
    this.#balancer.configure(delta)
    this.#setEndpoints(endpoints)
  }

  close(): void {
    this.#setEndpoints(new Map([...this.endpoints.keys()].map((key) => [key, null])))
  }

  /** Endpoints that warm take more now. */
  expired(): void {
    this.#refresh()
  }

  #setLimits(limits: ServiceLimits | undefined): void {
    this.#maxConnections = limits ? this.#shareOf(limits.maxConnections) : Number.POSITIVE_INFINITY
    if (limits) {
      const { maxQueue, queueTimeout } = limits
      this.#queue.limits = { maxQueue: this.#shareOf(maxQueue), queueTimeout }
    }
    for (const endpoint of this.endpoints.values()) endpoint.maxConnections = this.#maxConnections
  }

  #setEndpoints(changes: ReadonlyMap<string, EndpointPlan | null>): void {
    const gone: Endpoint[] = []
    for (const [key, plan] of changes) {
      const endpoint = this.endpoints.get(key)
      if (plan === null) {
        this.#balancer.delete(key)
        if (endpoint) gone.push(endpoint)
      } else if (endpoint) endpoint.update(plan)
      else this.#addEndpoint(key, plan)
    }
    this.#refresh()
    this.#freed()
    // Only now: what is still on its way to them may be sent again, and must find those that are left.
    for (const endpoint of gone) endpoint.close()
  }

  /** Only while something warms there is a next time. */
  #refresh(): void {
    const { deadlines } = this.#tools
    this.#balancer.refresh()
    const { nextStep } = this.#balancer
    if (nextStep === undefined) {
      this.deadline = NEVER
      deadlines.remove(this)
    } else {
      this.deadline = deadlines.in(nextStep)
      deadlines.add(this)
    }
  }

  #addEndpoint(key: string, plan: EndpointPlan): void {
    const { deadlines, drained } = this.#tools
    const onDrained = (): void => drained(this.#name, key)
    const endpoint = new Endpoint(key, plan, DEFAULT_TRANSPORT, deadlines, onDrained, this.#freed)
    endpoint.maxConnections = this.#maxConnections
    this.#balancer.set(endpoint)
    if (endpoint.draining) onDrained()
  }

  /** This worker's part of what is limited for all; at least one, or a service would be served by some workers only. */
  #shareOf(limit: number): number {
    return Math.ceil(limit / this.#tools.workers)
  }
}
