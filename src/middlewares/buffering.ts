import type { Next, Request } from '../middleware.ts'
import { defineMiddleware, Response } from '../middleware.ts'
import { Attempts, isNetworkError, isUnsent } from './attempts/attempts.ts'
import { gather, GatherError } from './buffers/gathered-body.ts'
import type { GatheredBody } from './buffers/gathered-body.ts'
import { compileCondition, conditionComplaint } from './conditions/condition.ts'
import type { ConditionFunction } from './conditions/condition.ts'

/** Attempts at most, whatever the expression says. */
const MOST_ATTEMPTS = 10

/** What an expression is asked about: the attempt that was just made. */
interface Made {
  readonly request: Request
  readonly response: Response
  readonly attempts: number
}

const FUNCTIONS: Readonly<Record<string, ConditionFunction<Made>>> = {
  Attempts: { parameters: [], result: 'number', ask: ({ attempts }) => attempts },
  ResponseCode: { parameters: [], result: 'number', ask: ({ response }) => response.status },
  IsNetworkError: { parameters: [], result: 'boolean', ask: ({ response }) => isNetworkError(response) },
  RequestMethod: { parameters: [], result: 'string', ask: ({ request }) => request.method },
}

export default defineMiddleware({
  summary: 'Takes whole requests and answers in before it passes them on, and bounds their size.',
  options: (field) => ({
    maxRequestBodyBytes: field
      .bytes('Longest request body; a longer one is answered 413; 0: any.')
      .default(0),
    memRequestBodyBytes: field
      .bytes('A longer request body is kept on disk rather than in memory.')
      .default(1024 * 1024),
    maxResponseBodyBytes: field
      .bytes('Longest body of an answer; in place of a longer one the client gets 500; 0: any.')
      .default(0),
    memResponseBodyBytes: field
      .bytes('A longer body of an answer is kept on disk rather than in memory.')
      .default(1024 * 1024),
    retryExpression: field
      .string(
        'When to send a request again, ten times at the most: `IsNetworkError()`, `Attempts()`, `ResponseCode()` and `RequestMethod()`, compared and joined by `&&`, `||` and `!`, such as `IsNetworkError() && Attempts() < 2`.',
      )
      .default(''),
  }),

  check({ retryExpression }) {
    const complaint = retryExpression === '' ? undefined : conditionComplaint(retryExpression, FUNCTIONS)
    return complaint && `\`retryExpression\`: ${complaint}`
  },

  create(options, { report, retryBudget }) {
    const forRequests = { most: options.maxRequestBodyBytes, memory: options.memRequestBodyBytes }
    const forAnswers = { most: options.maxResponseBodyBytes, memory: options.memResponseBodyBytes }
    const { retryExpression } = options
    const budget = retryBudget()
    const wantsAgain = retryExpression === '' ? undefined : compileCondition(retryExpression, FUNCTIONS)
    return {
      async around(request, next): Promise<Response> {
        if (request.upgrade !== undefined) return next(request)
        try {
          const body = request.body ? await gather(request.body, forRequests, request) : undefined
          return await send(request, next, body)
        } catch (error) {
          return refusalOf(error, 'request', 'BL', request.aborted ? 'DC' : 'BR')
        }
      },
    }

    async function send(request: Request, next: Next, body: GatheredBody | undefined): Promise<Response> {
      if (!wantsAgain || request.singleAttempt) {
        request.body = body?.next() ?? null
        return whole(await next(request), request)
      }
      budget.request(performance.now())
      const attempts = new Attempts(request, next, body)
      for (;;) {
        const response = await whole(await attempts.make(), request)
        const made = { request, response, attempts: attempts.made }
        const again =
          attempts.made < MOST_ATTEMPTS &&
          attempts.repeatable &&
          response.tunnel === undefined &&
          wantsAgain(made) &&
          (isUnsent(response) || budget.take(performance.now()))
        if (!again) return response
        response.discard()
      }
    }

    /** The response with its whole body, or the refusal that stands for it. */
    async function whole(response: Response, request: Request): Promise<Response> {
      const { body } = response
      if (body === null || typeof body === 'string' || request.method === 'HEAD') return response
      try {
        response.body = (await gather(body, forAnswers, request)).next()
        return response
      } catch (error) {
        return refusalOf(error, 'answer', 'RB', request.aborted ? 'DC' : 'UC')
      }
    }

    function refusalOf(
      error: unknown,
      what: 'request' | 'answer',
      tooLong: 'BL' | 'RB',
      broken: 'BR' | 'UC' | 'DC',
    ): Response {
      if (!(error instanceof GatherError)) throw error
      if (error.kind === 'too-long') return Response.because(tooLong)
      if (error.kind === 'broken') return Response.because(broken)
      report(`the body of a ${what} cannot be kept on disk: ${(error.cause as Error).message}`)
      return Response.because('IE')
    }
  },
})
