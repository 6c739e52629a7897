import type { Middleware, Next } from '../middleware.ts'
import type { Request } from '../proxy/request.ts'
import type { Response } from '../proxy/response.ts'

/**
 * One function out of a chain of middlewares and what is behind them. Composed when the table is compiled, never per
 * request: middlewares without `around` that stand together become one step, so that a request costs no closure and
 * at most one promise callback for all of their `response` phases.
 */
export function compose(middlewares: readonly Middleware[], last: Next): Next {
  let next = last
  for (let end = middlewares.length; end > 0;) {
    const innermost = middlewares[end - 1]!
    // The phases of a middleware that has all three are outside of its `around`.
    if (innermost.around) next = around(innermost, next)
    let start = end - 1
    while (start > 0 && !middlewares[start - 1]!.around) start--
    const group = middlewares
      .slice(start, end)
      .filter((one) => one.request !== undefined || one.response !== undefined)
    if (group.length > 0) next = inPhases(group, next)
    end = start
  }
  return next
}

function around(middleware: Middleware, next: Next): Next {
  return (request) => middleware.around!(request, next)
}

function inPhases(group: readonly Middleware[], next: Next): Next {
  const responding = group.some((middleware) => typeof middleware.response === 'function')
  return (request) => {
    for (let i = 0; i < group.length; i++) {
      const answer = group[i]!.request?.(request)
      if (answer === undefined) continue
      if (answer instanceof Promise)
        return answer.then((early) => continueAfter(group, i, early ?? undefined, request, next))
      return responding ? respondFrom(group, i - 1, answer, request) : answer
    }
    const response = next(request)
    if (!responding) return response
    if (response instanceof Promise)
      return response.then((settled) => respondFrom(group, group.length - 1, settled, request))
    return respondFrom(group, group.length - 1, response, request)
  }
}

/** The rest of a group behind a `request` phase that had to wait. */
async function continueAfter(
  group: readonly Middleware[],
  waited: number,
  early: Response | undefined,
  request: Request,
  next: Next,
): Promise<Response> {
  let answer = early
  let at = waited
  while (answer === undefined && ++at < group.length)
    answer = (await group[at]!.request?.(request)) ?? undefined
  if (answer !== undefined) return respondFrom(group, at - 1, answer, request)
  return respondFrom(group, group.length - 1, await next(request), request)
}

/** The `response` phases from `at` backwards: of those middlewares that the request had passed. */
function respondFrom(
  group: readonly Middleware[],
  at: number,
  response: Response,
  request: Request,
): Response | Promise<Response> {
  try {
    for (let i = at; i >= 0; i--) {
      const waiting = group[i]!.response?.(response, request)
      if (waiting instanceof Promise) return continueFrom(waiting, group, i - 1, response, request)
    }
    return response
  } catch (error) {
    response.discard()
    throw error
  }
}

/** The rest of the `response` phases behind one that had to wait. */
async function continueFrom(
  waiting: Promise<void>,
  group: readonly Middleware[],
  at: number,
  response: Response,
  request: Request,
): Promise<Response> {
  try {
    await waiting
  } catch (error) {
    response.discard()
    throw error
  }
  return respondFrom(group, at, response, request)
}
