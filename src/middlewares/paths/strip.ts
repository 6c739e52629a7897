import type { Request } from '../../middleware.ts'
import { Response } from '../../middleware.ts'
import { encodedLength } from './decoded-prefix.ts'
import { hasDotSegment } from './path-text.ts'

/** Takes `prefix`, with which the decoded path begins, off the path; an answer when what is left must not be sent. */
export function strip(request: Request, prefix: string): Response | undefined {
  const cut = encodedLength(request.path, prefix)
  const rest = request.path.slice(cut)
  // `//host` would be the authority of another server to whoever builds links from it, so one slash is kept.
  const path = `/${rest.replace(/^\/+/, '')}`
  // `/api../admin` without `/api` would climb out of what the router's rule has let through.
  if (hasDotSegment(path)) return Response.because('BR')
  request.headers.append('X-Forwarded-Prefix', request.path.slice(0, cut))
  request.path = path
  return undefined
}
