import type { LoadBalancer } from '../balancing/load-balancer.ts'
import type { FailedBy, OutcomeSink } from '../balancing/outcomes.ts'
import type { RetryBudget } from '../balancing/retry-budget.ts'
import type { RetryPlan } from '../server/plan.ts'
import type { Meter } from '../telemetry/metrics/meter.ts'
import type { Deadlines, Timed } from './deadlines.ts'
import { NEVER } from './deadlines.ts'
import type { HeaderList } from './header-list.ts'
import type { Request } from './request.ts'
import { Response } from './response.ts'
import type { UpstreamConnection } from './upstream/connection.ts'
import type { Endpoint } from './upstream/endpoint.ts'
import type { Exchange, FailureKind } from './upstream/exchange.ts'
import type { Waiting, WaitQueue } from './wait-queue.ts'
import type { WhyCode } from './why.ts'

/** Methods that may be carried out twice (RFC 9110 §9.2.2), TRACE left out. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/** What a service forwards with. */
export interface ForwardTarget {
  readonly balancer: LoadBalancer<Endpoint>
  readonly passHostHeader: boolean
  readonly budget: RetryBudget
  /** Where requests wait while all endpoints are full. */
  readonly queue: WaitQueue
  readonly retry: RetryPlan
  /** Hears of endpoints that fail. */
  readonly outcomes: OutcomeSink
  readonly deadlines: Deadlines
  /** Where the service counts; undefined: nowhere. */
  readonly meter?: Meter | undefined
}

/** Sends a request to an endpoint of a service and gives its response; every failure is a response with a why-code. */
export function forward(request: Request, target: ForwardTarget): Promise<Response> {
  return new Promise((resolve) => new Forwarding(request, target, resolve).attempt())
}

const NONE: readonly Endpoint[] = []

/** One request on its way, over all its attempts. */
class Forwarding implements Exchange, Waiting, Timed {
  waitUntil = 0
  /** When the attempt at hand is given up. */
  deadline = NEVER
  readonly #request: Request
  readonly #target: ForwardTarget
  readonly #resolve: (response: Response) => void
  #tried: readonly Endpoint[] = NONE
  #connection: UpstreamConnection | null = null
  #sentAt = 0
  #why: WhyCode = 'UH'
  /** An attempt has taken too long. */
  #late = false

  constructor(request: Request, target: ForwardTarget, resolve: (response: Response) => void) {
    this.#request = request
    this.#target = target
    this.#resolve = resolve
    if (request.singleAttempt) this.#tried = request.tried
    target.budget.request(performance.now())
    const { attempts, perTryTimeout, maxReplayBytes } = target.retry
    if (attempts > 0 && request.body && IDEMPOTENT.has(request.method)) request.body.keep(maxReplayBytes)
    if (perTryTimeout > 0) target.deadlines.add(this)
    request.onAbort = () => this.#onAbort()
  }

  /** `woken`: it has waited, and it is its turn. */
  attempt(woken = false): void {
    if (this.#request.aborted) this.#why = 'DC'
    const endpoint = this.#request.aborted
      ? undefined
      : this.#target.balancer.pick(this.#request, this.#tried)
    // What hangs has cost the client one time-out already.
    if (!endpoint || (this.#late && this.#tried.includes(endpoint))) {
      this.#giveUp()
      return
    }
    if (endpoint.full || (!woken && this.#target.queue.size > 0)) {
      this.#wait()
      return
    }
    const { singleAttempt } = this.#request
    if (this.#tried.length > 0 && !singleAttempt) this.#request.retries++
    // An array that grows would be made for seventeen.
    this.#tried = this.#tried.length === 0 ? [endpoint] : [...this.#tried, endpoint]
    if (singleAttempt) this.#request.tried = this.#tried
    this.#request.endpoint = endpoint.plan.url
    if (this.#target.retry.perTryTimeout > 0)
      this.deadline = this.#target.deadlines.in(this.#target.retry.perTryTimeout)
    if (this.#target.balancer.observes) this.#sentAt = performance.now()
    this.#connection = endpoint.acquire(this.#request.retries > 0)
    this.#connection.send(this.#request, this.#target.passHostHeader, this)
  }

  waitedTooLong(): void {
    this.#why = 'QT'
    this.#giveUp()
  }

  onInformation(status: number, headers: HeaderList): void {
    this.#request.onInformation?.(status, headers)
  }

  /** The attempt takes too long. A client that is still sending its body has a time of its own for that. */
  expired(): void {
    const { body } = this.#request
    if (body && !body.complete && body.buffered === 0)
      this.deadline = this.#target.deadlines.in(this.#target.retry.perTryTimeout)
    else this.#connection?.giveUp()
  }

  onResponse(response: Response): void {
    const endpoint = this.#tried.at(-1)!
    // While all is well, this is two comparisons.
    if (response.status >= 500) this.#failed(endpoint, 'status')
    else if (endpoint.suspect) {
      endpoint.suspect = false
      this.#target.outcomes.succeeded(endpoint.key)
    }
    this.#connection = null
    this.#over()
    // Only who wanted to hear of answers when it was sent knows what this one is worth.
    if (this.#sentAt > 0)
      this.#target.balancer.answered(this.#request, response, endpoint, performance.now() - this.#sentAt)
    this.#resolve(response)
  }

  onFailure(kind: FailureKind): void {
    this.#connection = null
    this.deadline = NEVER
    this.#why = WHY_OF[kind]
    const by = FAILED_BY[kind]
    if (by !== undefined) this.#failed(this.#tried.at(-1)!, by)
    if (!this.#request.aborted && this.#mayRetry(kind)) this.attempt()
    else this.#giveUp()
  }

  #failed(endpoint: Endpoint, by: FailedBy): void {
    endpoint.suspect = true
    this.#target.outcomes.failed(endpoint.key, by)
  }

  /** The table of DESIGN §6: what was not sent may always be sent again, what was sent only if it is safe. */
  #mayRetry(kind: FailureKind): boolean {
    const { attempts, perTryTimeout } = this.#target.retry
    const late = this.#late
    this.#late ||= kind === 'connect-timeout' || kind === 'timeout'
    if (this.#tried.length > attempts) return false
    // No request waits for longer than one dial time-out and one more attempt.
    if (kind === 'connect-timeout') return !late
    if (kind === 'connect' || kind === 'tls' || kind === 'unsent') return true
    const again = kind === 'broken' || (kind === 'timeout' && perTryTimeout > 0)
    if (!again || !IDEMPOTENT.has(this.#request.method)) return false
    const { body } = this.#request
    if (body !== null && !body.rewind()) return false
    if (this.#target.budget.take(performance.now())) return true
    this.#target.meter?.retryRefused()
    return false
  }

  #wait(): void {
    if (this.#target.queue.join(this)) {
      this.#target.meter?.queued()
      return
    }
    this.#why = 'QF'
    this.#giveUp()
  }

  #onAbort(): void {
    if (this.#connection) {
      this.#connection.abort()
      return
    }
    this.#target.queue.leave(this)
    this.#why = 'DC'
    this.#giveUp()
  }

  #over(): void {
    this.#request.onAbort = undefined
    this.deadline = NEVER
    if (this.#target.retry.perTryTimeout > 0) this.#target.deadlines.remove(this)
  }

  #giveUp(): void {
    this.#over()
    this.#request.body?.cancel()
    this.#resolve(Response.because(this.#why))
  }
}

const WHY_OF: Readonly<Record<FailureKind, WhyCode>> = {
  connect: 'UF',
  'connect-timeout': 'DT',
  tls: 'UV',
  unsent: 'UF',
  broken: 'UC',
  partial: 'UC',
  malformed: 'UP',
  timeout: 'UT',
  'request-body': 'BR',
  aborted: 'DC',
}

/** Failures that are the endpoint's. One that closed an idle connection in time has done nothing wrong. */
const FAILED_BY: Readonly<Partial<Record<FailureKind, FailedBy>>> = {
  connect: 'connect',
  'connect-timeout': 'timeout',
  broken: 'reset',
  partial: 'reset',
  malformed: 'reset',
  timeout: 'timeout',
}
