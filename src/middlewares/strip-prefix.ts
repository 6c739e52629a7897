import type { Request } from '../middleware.ts'
import { defineMiddleware, Response } from '../middleware.ts'
import { hasDotSegment } from './paths/path-text.ts'
import { decodedPath, encodedLength } from './paths/decoded-prefix.ts'

export default defineMiddleware({
  summary: 'Takes a prefix off the request path, and tells the service of it in `X-Forwarded-Prefix`.',
  options: (field) => ({
    prefixes: field.list(
      'Prefixes to take off; the first that the path begins with.',
      field.string('Such as `/api`.'),
    ),
    forceSlash: field.pending(
      'deprecated in Traefik, and not to come; a path always keeps its leading slash',
    ),
  }),

  check({ prefixes }) {
    if (prefixes.length === 0) return '`prefixes` is empty, so nothing would be taken off'
    for (const prefix of prefixes.map((text) => text.trim())) {
      if (!prefix.startsWith('/'))
        return `the prefix \`${prefix}\` must begin with a slash, as every path does`
      if (decodedPath(prefix) === undefined)
        return `the prefix \`${prefix}\` holds a broken escape; write % as %25`
    }
    return undefined
  },

  create(options) {
    const prefixes = options.prefixes.map((prefix) => decodedPath(prefix.trim())!)
    return {
      request(request): Response | undefined {
        for (const prefix of prefixes) if (request.matchPath.startsWith(prefix)) return strip(request, prefix)
        return undefined
      },
    }
  },
})

function strip(request: Request, prefix: string): Response | undefined {
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
