import type { Body, Request } from '../../middleware.ts'

/**
 * Resolves when there is more of the body, or never will be. When the client of the request goes away meanwhile, the
 * body is cancelled.
 */
export function readable(body: Body, request: Request): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      request.onAbort = undefined
      resolve()
    }
    request.onAbort = () => {
      body.cancel()
      over()
    }
    body.onReadable(over)
  })
}
