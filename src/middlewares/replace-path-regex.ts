import { compileRegex } from '../config/regex.ts'
import { defineMiddleware, Response } from '../middleware.ts'
import { normalPath } from '../proxy/http1/normal-path.ts'
import { pathText } from './paths/path-text.ts'

export default defineMiddleware({
  summary: 'Rewrites the request path by a regular expression, and keeps the old one in `X-Replaced-Path`.',
  options: (field) => ({
    regex: field.string(
      'RE2 expression that is sought in the path as it is sent (percent-encoded); not anchored.',
    ),
    replacement: field.string('What is put in place of each match; `${1}` is the first group.'),
  }),

  check({ regex, replacement }) {
    if (replacement.trim() === '') return '`replacement` is empty, so nothing would be replaced'
    try {
      compileRegex(regex.trim())
      return undefined
    } catch (error) {
      return `\`regex\`: ${(error as Error).message}`
    }
  },

  create(options) {
    const regex = compileRegex(options.regex.trim())
    const replacement = options.replacement.trim()
    return {
      request(request): Response | undefined {
        const old = request.path
        if (old === '*' || !regex.test(old)) return undefined
        const path = pathText(regex.replace(old, replacement))
        // A client that can shape the result must not get a path that another server reads differently.
        if (normalPath(path) !== path) return Response.because('BR')
        request.headers.set('X-Replaced-Path', old)
        request.path = path
        return undefined
      },
    }
  },
})
