import type { Response } from '../middleware.ts'
import { defineMiddleware } from '../middleware.ts'
import { decodedPath } from './paths/decoded-prefix.ts'
import { strip } from './paths/strip.ts'

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

  foreseeable: true,

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
