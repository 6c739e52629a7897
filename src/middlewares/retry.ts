import type { Next, Request } from '../middleware.ts'
import { defineMiddleware, Response } from '../middleware.ts'
import { Attempts, isNetworkError, isUnsent } from './attempts/attempts.ts'
import { ReplayedBody } from './attempts/replayed-body.ts'
import { compileStatuses, parseStatuses } from './fields/status-ranges.ts'

/** Methods that change something each time (RFC 9110 §9.2.2; LOCK of RFC 4918 §9.10). */
const NOT_IDEMPOTENT = new Set(['POST', 'PATCH', 'LOCK', 'CONNECT'])

export default defineMiddleware({
  summary: 'Sends requests again that were not answered, or not answered well.',
  options: (field) => ({
    attempts: field.integer(
      'How often a request is sent at most, the first time and the attempts of the proxy itself included.',
      { min: 1, max: 100 },
    ),
    initialInterval: field
      .duration('Wait before the second attempt; about twice as long before each further one; 0: no wait.')
      .prefault('0s'),
    timeout: field.duration('Time after which nothing is sent again; 0: any.').prefault('0s'),
    maxRequestBodyBytes: field
      .bytes('Bytes of a request body that are kept to be sent again; a longer one is sent once.')
      .default(2 * 1024 * 1024),
    status: field
      .list(
        'Statuses of answers for which a request is sent again: `503`, `500-504`.',
        field.string('A status or a range.'),
      )
      .default([]),
    disableRetryOnNetworkError: field
      .boolean('Sends requests again for `status` alone, and not when no answer came.')
      .default(false),
    retryNonIdempotentMethod: field
      .boolean(
        'Sends POST, PATCH and LOCK again, too, also when an endpoint may have carried them out already.',
      )
      .default(false),
  }),

  check({ status, disableRetryOnNetworkError }) {
    const ranges = parseStatuses(status)
    if (typeof ranges === 'string') return `\`status\`: ${ranges}`
    return disableRetryOnNetworkError && status.length === 0
      ? 'with `disableRetryOnNetworkError` and without `status`, nothing would be sent again'
      : undefined
  },

  create(options, { retryBudget }) {
    const {
      attempts: most,
      initialInterval,
      timeout,
      maxRequestBodyBytes,
      retryNonIdempotentMethod,
    } = options
    const budget = retryBudget()
    const isWanted = compileStatuses(options.status)
    return {
      around(request, next): Response | Promise<Response> {
        if (request.upgrade !== undefined || request.singleAttempt) return next(request)
        return send(request, next)
      },
    }

    async function send(request: Request, next: Next): Promise<Response> {
      const startedAt = performance.now()
      budget.request(startedAt)
      const body = request.body ? new ReplayedBody(request.body, maxRequestBodyBytes) : undefined
      const attempts = new Attempts(request, next, body)
      for (;;) {
        const response = await attempts.make()
        const again =
          attempts.made < most &&
          attempts.repeatable &&
          isReason(request, response) &&
          (timeout === 0 || performance.now() - startedAt < timeout) &&
          // What nobody has got is no burden on anybody.
          (isUnsent(response) || budget.take(performance.now()))
        if (!again) {
          attempts.end()
          return response
        }
        response.discard()
        await attempts.wait(pause(initialInterval, attempts.made))
        if (request.aborted) return Response.because('DC')
      }
    }

    function isReason(request: Request, response: Response): boolean {
      const repeatable = retryNonIdempotentMethod || !NOT_IDEMPOTENT.has(request.method)
      if (isNetworkError(response))
        return !options.disableRetryOnNetworkError && (isUnsent(response) || repeatable)
      return repeatable && response.tunnel === undefined && isWanted(response.status)
    }
  },
})

/** Milliseconds; between half of it and the whole, so that those who failed together do not come back together. */
function pause(initial: number, made: number): number {
  return initial * 2 ** Math.min(made - 1, 10) * (0.5 + Math.random() / 2)
}
