import type { Body, Next, Request, Response, WhyCode } from '../../middleware.ts'

/** Answers that say that nothing of the request has reached an endpoint: it may be sent again whatever it asks for. */
const UNSENT: ReadonlySet<WhyCode> = new Set(['UF', 'UV', 'DT'])
/** Answers that say that an endpoint has got something of the request and has not answered. */
const UNANSWERED: ReadonlySet<WhyCode> = new Set(['UC', 'UT'])

/** Whether no endpoint has got anything of the request that is answered so. */
export function isUnsent({ why }: Response): boolean {
  return why !== undefined && UNSENT.has(why)
}

/** Whether the answer says that the network, or the endpoint's end of it, has failed. */
export function isNetworkError({ why }: Response): boolean {
  return why !== undefined && (UNSENT.has(why) || UNANSWERED.has(why))
}

/** A request body that each attempt reads from its first byte. */
export interface RepeatableBody {
  /** Nothing of it is lost, so that another attempt can begin. */
  readonly replayable: boolean
  /** The body for one more attempt. The one before, if there is any, gets nothing more. */
  next(): Body
  /** The attempt at hand is the last one: what that does not want is not wanted at all. */
  release(): void
}

/**
 * One request that may be sent several times through the rest of a chain. Middlewares behind change it on its way, so
 * each attempt begins with what it was at first.
 */
export class Attempts {
  /** Attempts that were made. */
  made = 0
  readonly #request: Request
  readonly #next: Next
  readonly #body: RepeatableBody | undefined
  readonly #before: Pick<Request, 'method' | 'path' | 'query' | 'authority' | 'host' | 'singleAttempt'>
  readonly #fields: readonly string[]

  constructor(request: Request, next: Next, body: RepeatableBody | undefined) {
    this.#request = request
    this.#next = next
    this.#body = body
    const { method, path, query, authority, host, singleAttempt } = request
    this.#before = { method, path, query, authority, host, singleAttempt }
    this.#fields = [...request.headers.fields]
  }

  /** Nothing of the body is lost, so that there can be another attempt. */
  get repeatable(): boolean {
    return !this.#request.aborted && (this.#body?.replayable ?? true)
  }

  /** Sends the request once: the engine, which would try further endpoints by itself, leaves that to whoever asks here. */
  async make(): Promise<Response> {
    const request = this.#request
    if (this.made > 0) {
      Object.assign(request, this.#before)
      request.headers.fields.splice(0, request.headers.fields.length, ...this.#fields)
      request.retries++
    }
    this.made++
    request.body = this.#body?.next() ?? null
    request.singleAttempt = true
    const response = await this.#next(request)
    request.singleAttempt = this.#before.singleAttempt
    return response
  }

  /** There will be no further attempt. An endpoint that has answered early may still want the rest of the body. */
  end(): void {
    this.#body?.release()
  }

  /** Waits so many milliseconds; at once when the client goes away, and then there is no use in another attempt. */
  wait(milliseconds: number): Promise<void> {
    if (milliseconds <= 0 || this.#request.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const over = (): void => {
        clearTimeout(timer)
        this.#request.onAbort = undefined
        resolve()
      }
      const timer = setTimeout(over, milliseconds)
      this.#request.onAbort = over
    })
  }
}
