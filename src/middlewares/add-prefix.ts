import { defineMiddleware } from '../middleware.ts'
import { normalPath } from '../proxy/http1/normal-path.ts'
import { pathText } from './paths/path-text.ts'

export default defineMiddleware({
  summary: 'Puts a prefix in front of the request path.',
  options: (field) => ({
    prefix: field.string('What is put in front, such as `/api`; a slash between it and the path is seen to.'),
  }),

  check({ prefix }) {
    const path = prefixPath(prefix)
    if (path === '') return '`prefix` is empty, so nothing would be added'
    if (normalPath(path) !== path)
      return '`prefix` holds empty or dot segments, or a broken escape, so it is no path'
    return undefined
  },

  foreseeable: true,

  create(options) {
    const prefix = prefixPath(options.prefix)
    return {
      request(request): void {
        // `OPTIONS *` asks about the server, not about a path.
        if (request.path !== '*') request.path = prefix + request.path
      },
    }
  },
})

/** With a slash at its beginning and none at its end, as it is put before a path. */
function prefixPath(prefix: string): string {
  const path = pathText(prefix.trim()).replace(/\/$/, '')
  return path === '' || path.startsWith('/') ? path : `/${path}`
}
