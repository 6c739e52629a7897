import type { Request } from '../middleware.ts'
import { defineMiddleware, Response } from '../middleware.ts'

export default defineMiddleware({
  summary: 'Answers 504 when the service takes too long to begin its answer. Not in Traefik.',
  options: (field) => ({
    request: field
      .duration(
        'From here to the head of the answer, waits, attempts and the request’s body included; 0: any time.',
      )
      .prefault('0s'),
    perTry: field
      .duration(
        'What each attempt may take, from its last byte to the head of the answer; 0: as long as `request`.',
      )
      .prefault('0s'),
  }),

  check({ request, perTry }) {
    if (request === 0 && perTry === 0) return 'neither `request` nor `perTry` is given'
    return request > 0 && perTry > request
      ? '`perTry` is longer than `request`, so it has no effect'
      : undefined
  },

  create({ request: limit, perTry }) {
    if (limit === 0) return { request: (request) => void (request.perTryTimeout = perTry) }
    return {
      around(request, next): Response | Promise<Response> {
        request.perTryTimeout = perTry
        const answer = next(request)
        return answer instanceof Promise ? inTime(answer, request, limit) : answer
      },
    }
  },
})

/** The answer, or 504 when there is none in so many milliseconds; whatever waits for it is told to give up. */
function inTime(answer: Promise<Response>, request: Request, limit: number): Promise<Response> {
  return new Promise((resolve, reject) => {
    let late = false
    const timer = setTimeout(() => {
      // The client may be gone: then the answer is on its way.
      if (request.aborted) return
      late = true
      request.aborted = true
      request.onAbort?.()
      // What heeds that has answered by now, and the request may be sent again. What does not must be alone with it.
      setImmediate(() => resolve(Response.because('UT')))
    }, limit)
    answer.then(
      (response) => {
        clearTimeout(timer)
        if (!late) return resolve(response)
        request.aborted = false
        response.discard()
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error as Error)
      },
    )
  })
}
