import { CanaryShares } from '../../balancing/canary-shares.ts'
import { LoadBalancer } from '../../balancing/load-balancer.ts'
import type { OutcomeBatch } from '../../balancing/outcomes.ts'
import { RetryBudget } from '../../balancing/retry-budget.ts'
import { DEFAULT_RETRY } from '../../balancing/retry-default.ts'
import type { Strategy } from '../../balancing/strategy.ts'
import type { Next } from '../../middleware.ts'
import { NEVER } from '../../proxy/deadlines.ts'
import type { Deadlines, Timed } from '../../proxy/deadlines.ts'
import { forward } from '../../proxy/forward.ts'
import type { ForwardTarget } from '../../proxy/forward.ts'
import { Endpoint } from '../../proxy/upstream/endpoint.ts'
import type { EndpointOwner } from '../../proxy/upstream/endpoint.ts'
import type { Transport } from '../../proxy/upstream/transport.ts'
import { WaitQueue } from '../../proxy/wait-queue.ts'
import type { Meter } from '../../telemetry/metrics/meter.ts'
import type { EndpointPlan, LoadBalancerDelta, ServiceLimits } from '../plan.ts'
import type { RequestMeters } from './request-meters.ts'
import type { Service } from './service.ts'

/** Nothing is sent again, nor is a body kept for it. */
const NO_RETRY = { attempts: 0, perTryTimeout: 0, maxReplayBytes: 0 }

/** What the load-balanced services of a worker share. */
export interface ServiceTools {
  readonly deadlines: Deadlines
  /** Where endpoints that fail are told of. */
  readonly outcomes: OutcomeBatch
  /** False switches retries off: the contrast of the scenarios. */
  readonly retries: boolean
  /** Workers that divide what is limited for the process. */
  readonly workers: number
  readonly strategy: (name: string) => Strategy
  /** How endpoints are connected to, by name; undefined: as by default. */
  readonly transport: (name: string | undefined) => Transport
  /** A connection to an endpoint of this URL is not secure, for this reason. */
  readonly tlsFailed: (service: string, endpoint: string, reason: string) => void
  /** The availability zone that this proxy runs in, where it is known. */
  readonly zone: string | undefined
  /** Undefined when nobody wants metrics. */
  readonly meters?: RequestMeters | undefined
  /** So many more requests, or fewer, wait for an endpoint. */
  readonly waiting?: (change: number) => void
  /** A draining endpoint has nothing in flight any more. */
  readonly drained: (service: string, endpoint: string) => void
}

/** A whole number, so that ten thousand services need no box for it. */
const UNLIMITED = 2 ** 30

/** Spreads requests over endpoints. It lives as long as the plan holds it; its counters survive every change. */
export class LoadBalancedService implements Service, EndpointOwner, Timed {
  readonly handle: Next
  transport: Transport
  maxConnections = UNLIMITED
  /** The next step of a slow start. */
  deadline = NEVER
  readonly #name: string
  readonly #tools: ServiceTools
  readonly #balancer: LoadBalancer<Endpoint>
  readonly #queue: WaitQueue
  readonly #meter: Meter | undefined
  #strategy: string
  #divided = false
  #transport: string | undefined
  #target: ForwardTarget
  /** The same without further attempts. */
  #single: ForwardTarget

  constructor(name: string, { strategy, passHostHeader }: LoadBalancerDelta, tools: ServiceTools) {
    this.#name = name
    this.#tools = tools
    const { deadlines, retries: allowed, workers } = tools
    const balancer = new LoadBalancer<Endpoint>(tools.strategy(strategy), tools.zone)
    const meter = tools.meters?.service(name)
    const queue = new WaitQueue(tools.deadlines, balancer, tools.waiting)
    this.#meter = meter
    this.#strategy = strategy
    this.#balancer = balancer
    this.#queue = queue
    this.transport = tools.transport(undefined)
    this.#target = {
      balancer,
      passHostHeader,
      budget: new RetryBudget(workers),
      queue,
      retry: allowed ? DEFAULT_RETRY : NO_RETRY,
      outcomes: tools.outcomes.sink(name),
      deadlines,
      meter,
    }
    this.#single = { ...this.#target, retry: NO_RETRY }
    this.handle = (request) => {
      request.serviceMeter = meter
      return forward(request, request.singleAttempt ? this.#single : this.#target)
    }
  }

  get deadlines(): Deadlines {
    return this.#tools.deadlines
  }

  get endpoints(): ReadonlyMap<string, Endpoint> {
    return this.#balancer.endpoints
  }

  get available(): boolean {
    return this.#balancer.available
  }

  get lastResort(): boolean {
    return this.#balancer.panicking
  }

  /** Takes a change of the plan over; only what it names is touched. */
  update(delta: LoadBalancerDelta): void {
    const { strategy, passHostHeader, limits, retry = DEFAULT_RETRY, endpoints } = delta
    if (this.#strategy !== strategy) {
      this.#strategy = strategy
      this.#balancer.useStrategy(this.#createStrategy())
    }
    const allowed = this.#tools.retries ? retry : NO_RETRY
    if (this.#target.passHostHeader !== passHostHeader || this.#target.retry !== allowed) {
      this.#target = { ...this.#target, passHostHeader, retry: allowed }
      this.#single = { ...this.#target, retry: { ...allowed, attempts: 0 } }
    }
    this.#setLimits(limits)
    this.#balancer.configure(delta)
    this.#transport = delta.transport
    this.useTransport()
    this.setEndpoints(endpoints)
  }

  drained({ key }: Endpoint): void {
    this.#tools.drained(this.#name, key)
  }

  tlsFailed({ plan }: Endpoint, reason: string): void {
    this.#tools.tlsFailed(this.#name, plan.url, reason)
  }

  /** An endpoint may be free again. */
  freed(): void {
    this.#queue.wake()
  }

  close(): void {
    this.#meter?.close()
    this.setEndpoints(new Map([...this.endpoints.keys()].map((key) => [key, null])))
  }

  /** Endpoints that warm take more now. */
  expired(): void {
    this.#refresh()
  }

  #setLimits(limits: ServiceLimits | undefined): void {
    this.maxConnections = limits ? this.#shareOf(limits.maxConnections) : UNLIMITED
    if (limits) {
      const { maxQueue, queueTimeout } = limits
      this.#queue.limits = { maxQueue: this.#shareOf(maxQueue), queueTimeout }
    }
  }

  /** Has endpoints connected to as the plan says now. */
  useTransport(): void {
    const transport = this.#tools.transport(this.#transport)
    if (transport === this.transport) return
    this.transport = transport
    for (const endpoint of this.endpoints.values()) endpoint.transportChanged()
  }

  /** Only those that are named are touched. */
  setEndpoints(changes: ReadonlyMap<string, EndpointPlan | null>): void {
    const gone: Endpoint[] = []
    for (const [key, plan] of changes) {
      const endpoint = this.endpoints.get(key)
      if (plan === null) {
        this.#balancer.delete(key)
        if (endpoint) gone.push(endpoint)
      } else if (endpoint) endpoint.update(plan)
      else this.#addEndpoint(key, plan)
    }
    this.#divide()
    this.#refresh()
    this.freed()
    // Only now: what is still on its way to them may be sent again, and must find those that are left.
    for (const endpoint of gone) endpoint.close()
  }

  /** Whether there are canaries decides how endpoints are chosen; the strategy begins anew when the first comes or the last goes. */
  #divide(): void {
    const divided = [...this.endpoints.values()].some(({ plan }) => plan.canary)
    if (divided === this.#divided) return
    this.#divided = divided
    this.#balancer.useStrategy(this.#createStrategy())
  }

  #createStrategy(): Strategy {
    const name = this.#strategy
    const create = (): Strategy => this.#tools.strategy(name)
    // Clients that belong to one endpoint belong to one group as well.
    return this.#divided
      ? new CanaryShares(this.#tools.strategy(name === 'hrw' ? name : 'wrr'), create)
      : create()
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
    const endpoint = new Endpoint(key, plan, this)
    this.#balancer.set(endpoint)
    if (endpoint.draining) this.drained(endpoint)
  }

  /** This worker's part of what is limited for all; at least one, or a service would be served by some workers only. */
  #shareOf(limit: number): number {
    return Math.ceil(limit / this.#tools.workers)
  }
}
