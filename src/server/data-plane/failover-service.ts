import type { Next } from '../../middleware.ts'
import { Body } from '../../proxy/body.ts'
import type { MemoryBudget } from '../../proxy/memory-budget.ts'
import type { Request } from '../../proxy/request.ts'
import { Response } from '../../proxy/response.ts'
import type { FailoverErrorsPlan, FailoverPlan } from '../plan.ts'
import type { CompositeService } from './composite-service.ts'
import { fitness, NOWHERE } from './service.ts'
import type { Lookup, Service } from './service.ts'

/** Bytes of a request body that are held where the plan sets no limit; what is larger is not sent twice. */
const HELD_BYTES = 4 * 1024 * 1024

/** Hands requests to another service when one has no endpoint that may be used, or answers with certain statuses. */
export class FailoverService implements CompositeService<FailoverPlan> {
  readonly kind = 'failover'
  readonly handle: Next
  readonly #held: MemoryBudget
  #plan!: FailoverPlan
  #main: Service = NOWHERE
  #fallback: Service = NOWHERE

  constructor(held: MemoryBudget) {
    this.#held = held
    this.handle = (request) => {
      if (fitness(this.#main) < fitness(this.#fallback)) return this.#toFallback(request)
      const { errors } = this.#plan
      return errors ? this.#watched(request, errors) : this.#toMain(request)
    }
  }

  get available(): boolean {
    return this.#main.available || this.#fallback.available
  }

  get lastResort(): boolean {
    return !this.available && (this.#main.lastResort || this.#fallback.lastResort)
  }

  update(plan: FailoverPlan): void {
    this.#plan = plan
  }

  link(lookup: Lookup): void {
    this.#main = lookup(this.#plan.service)
    this.#fallback = lookup(this.#plan.fallback)
  }

  close(): void {}

  #toMain(request: Request): Response | Promise<Response> {
    request.service = this.#plan.service
    return this.#main.handle(request)
  }

  #toFallback(request: Request): Response | Promise<Response> {
    request.service = this.#plan.fallback
    return this.#fallback.handle(request)
  }

  /** The body is read before the request is sent: an endpoint that fails may not take it, and then it would be gone. */
  async #watched(request: Request, errors: FailoverErrorsPlan): Promise<Response> {
    const { body } = request
    if (body === null) return await this.#tried(request, errors, () => null)
    const held = await this.#read(body, errors.maxRequestBodyBytes)
    if (held === 'broken') return Response.because(request.aborted ? 'DC' : 'BR')
    if (held === 'too large')
      return errors.maxRequestBodyBytes < 0 ? this.#toMain(request) : Response.because('BL')
    const anew = (): Body => Body.whole(held.chunks, body.length, body.trailers)
    request.body = anew()
    try {
      return await this.#tried(request, errors, anew)
    } finally {
      this.#held.give(held.size)
    }
  }

  async #tried(request: Request, errors: FailoverErrorsPlan, body: () => Body | null): Promise<Response> {
    const response = await this.#toMain(request)
    // The answer of the one is better than none of the other.
    if (!isListed(errors, response.status) || request.aborted || !this.#fallback.available) return response
    response.discard()
    request.body = body()
    return await this.#toFallback(request)
  }

  /** What is too large can still be taken from the body, from its first byte on. */
  async #read(body: Body, limit: number): Promise<Held | 'too large' | 'broken'> {
    const most = limit < 0 ? HELD_BYTES : limit
    if (body.length !== undefined && body.length > most) return 'too large'
    body.keep(Number.POSITIVE_INFINITY)
    const chunks: Buffer[] = []
    let size = 0
    while (!body.done) {
      const chunk = body.take()
      if (chunk) {
        // Without a limit of its own, a body is held as far as there is memory.
        if (size + chunk.length > most || (limit < 0 && !this.#held.take(chunk.length))) {
          if (limit < 0) this.#held.give(size)
          body.rewind()
          body.letGo()
          return 'too large'
        }
        size += chunk.length
        chunks.push(chunk)
      } else if (body.error || body.cancelled) return 'broken'
      else await new Promise<void>((resolve) => body.onReadable(resolve))
    }
    return { chunks, size: limit < 0 ? size : 0 }
  }
}

interface Held {
  readonly chunks: readonly Buffer[]
  /** Bytes that were taken from the budget. */
  readonly size: number
}

function isListed({ status }: FailoverErrorsPlan, answered: number): boolean {
  return status.some(([first, last]) => answered >= first && answered <= last)
}
