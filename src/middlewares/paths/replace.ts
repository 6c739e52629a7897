import type { Request } from '../../middleware.ts'
import { Response } from '../../middleware.ts'
import { normalPath } from '../../proxy/http1/normal-path.ts'

/** Puts `path` in place of the request's, which `X-Replaced-Path` keeps; an answer when it is no normal path. */
export function replace(request: Request, path: string): Response | undefined {
  // A client that can shape the result must not get a path that another server reads differently.
  if (normalPath(path) !== path) return Response.because('BR')
  request.headers.set('X-Replaced-Path', request.path)
  request.path = path
  return undefined
}
