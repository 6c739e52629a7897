import type { LoadBalancer } from '../balancing/load-balancer.ts'
import type { RetryBudget } from '../balancing/retry-budget.ts'
import type { HeaderList } from './header-list.ts'
import type { Request } from './request.ts'
import { Response } from './response.ts'
import type { UpstreamConnection } from './upstream/connection.ts'
import type { Endpoint } from './upstream/endpoint.ts'
import type { Exchange, FailureKind } from './upstream/exchange.ts'
import type { Waiting, WaitQueue } from './wait-queue.ts'
import type { WhyCode } from './why.ts'

/** Further attempts after the first. */
const MAX_RETRIES = 2
/** Bytes of a request body that are kept to be sent again. */
const REPLAY_LIMIT = 64 * 1024

/** Methods that may be carried out twice (RFC 9110 §9.2.2), TRACE left out. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/** What a service forwards with. */
export interface ForwardTarget {
  readonly balancer: LoadBalancer<Endpoint>
  readonly passHostHeader: boolean
  readonly budget: RetryBudget
  /** Where requests wait while all endpoints are full. */
  readonly queue: WaitQueue
  /** False switches retries off: the contrast of the scenarios, never a user's choice. */
  readonly retries: boolean
}

/** Sends a request to an endpoint of a service and gives its response; every failure is a response with a why-code. */
export function forward(request: Request, target: ForwardTarget): Promise<Response> {
  return new Promise((resolve) => new Forwarding(request, target, resolve).attempt())
}

const NONE: readonly Endpoint[] = []

/** One request on its way, over all its attempts. */
class Forwarding implements Exchange, Waiting {
  waitUntil = 0
  readonly #request: Request
  readonly #target: ForwardTarget
  readonly #resolve: (response: Response) => void
  #tried: readonly Endpoint[] = NONE
  #connection: UpstreamConnection | null = null
  #sentAt = 0
  #why: WhyCode = 'UH'

  constructor(request: Request, target: ForwardTarget, resolve: (response: Response) => void) {
    this.#request = request
    this.#target = target
    this.#resolve = resolve
    target.budget.request(performance.now())
    if (target.retries && request.body && IDEMPOTENT.has(request.method)) request.body.keep(REPLAY_LIMIT)
    request.onAbort = () => this.#onAbort()
  }

  /** `woken`: it has waited, and it is its turn. */
  attempt(woken = false): void {
    if (this.#request.aborted) this.#why = 'DC'
    const endpoint = this.#request.aborted
      ? undefined
      : this.#target.balancer.pick(this.#request, this.#tried)
    // A black hole has cost the client one dial time-out already.
    if (!endpoint || (this.#why === 'DT' && this.#tried.includes(endpoint))) {
      this.#giveUp()
      return
    }
    if (endpoint.full || (!woken && this.#target.queue.size > 0)) {
      this.#wait()
      return
    }
    if (this.#tried.length > 0) this.#request.retries++
    // An array that grows would be made for seventeen.
    this.#tried = this.#tried.length === 0 ? [endpoint] : [...this.#tried, endpoint]
    this.#request.endpoint = endpoint.plan.url
    if (this.#target.balancer.observes) this.#sentAt = performance.now()
    this.#connection = endpoint.acquire(this.#tried.length > 1)
    this.#connection.send(this.#request, this.#target.passHostHeader, this)
  }

  waitedTooLong(): void {
    this.#why = 'QT'
    this.#giveUp()
  }

  onInformation(status: number, headers: HeaderList): void {
    this.#request.onInformation?.(status, headers)
  }

  onResponse(response: Response): void {
    this.#connection = null
    this.#request.onAbort = undefined
    // Only who wanted to hear of answers when it was sent knows what this one is worth.
    if (this.#sentAt > 0)
      this.#target.balancer.answered(
        this.#request,
        response,
        this.#tried.at(-1)!,
        performance.now() - this.#sentAt,
      )
    this.#resolve(response)
  }

  onFailure(kind: FailureKind): void {
    this.#connection = null
    this.#why = WHY_OF[kind]
    if (!this.#request.aborted && this.#mayRetry(kind)) this.attempt()
    else this.#giveUp()
  }

  /** The table of DESIGN §6: what was not sent may always be sent again, what was sent only if it is safe. */
  #mayRetry(kind: FailureKind): boolean {
    if (!this.#target.retries || this.#tried.length > MAX_RETRIES) return false
    if (kind === 'connect' || kind === 'connect-timeout' || kind === 'tls' || kind === 'unsent') return true
    if (kind !== 'broken' || !IDEMPOTENT.has(this.#request.method)) return false
    const { body } = this.#request
    return (body === null || body.rewind()) && this.#target.budget.take(performance.now())
  }

  #wait(): void {
    if (this.#target.queue.join(this)) return
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

  #giveUp(): void {
    this.#request.onAbort = undefined
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
