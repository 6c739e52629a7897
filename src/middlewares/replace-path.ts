import type { Response } from '../middleware.ts'
import { defineMiddleware } from '../middleware.ts'
import { normalPath } from '../proxy/http1/normal-path.ts'
import { pathText } from './paths/path-text.ts'
import { replace } from './paths/replace.ts'

export default defineMiddleware({
  summary: 'Replaces the request path, and keeps the old one in `X-Replaced-Path`.',
  options: (field) => ({
    path: field.string('The path that every request has from then on; the query stays.'),
  }),

  check({ path }) {
    const text = pathText(path.trim())
    if (!text.startsWith('/')) return `the path \`${path}\` must begin with a slash, as every path does`
    if (normalPath(text) !== text)
      return '`path` holds empty or dot segments, or a broken escape, so it is no path'
    return undefined
  },

  foreseeable: true,

  create(options) {
    const path = pathText(options.path.trim())
    return {
      request(request): Response | undefined {
        // `OPTIONS *` asks about the server, not about a path.
        return request.path === '*' ? undefined : replace(request, path)
      },
    }
  },
})
