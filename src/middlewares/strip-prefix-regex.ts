import { compileRegex, regexComplaint } from '../config/regex.ts'
import type { Response } from '../middleware.ts'
import { defineMiddleware } from '../middleware.ts'
import { strip } from './paths/strip.ts'

export default defineMiddleware({
  summary:
    'Takes a prefix that a regular expression matches off the request path, and tells the service of it in `X-Forwarded-Prefix`.',
  options: (field) => ({
    regex: field.list(
      'RE2 expressions, compared with the decoded path; the first whose first match is a prefix of it.',
      field.string('Such as `^/[a-z]+/v[0-9]+`.'),
    ),
  }),

  check({ regex }) {
    if (regex.length === 0) return '`regex` is empty, so nothing would be taken off'
    for (const source of regex) {
      const complaint = regexComplaint(source.trim())
      if (complaint !== undefined) return `\`regex\`: ${complaint}`
    }
    return undefined
  },

  foreseeable: true,

  create({ regex }) {
    const compiled = regex.map((source) => compileRegex(source.trim()))
    return {
      request(request): Response | undefined {
        const { matchPath } = request
        if (matchPath === '*') return undefined
        for (const one of compiled) {
          const match = one.find(matchPath)
          if (match?.start === 0 && match.end > 0) return strip(request, matchPath.slice(0, match.end))
        }
        return undefined
      },
    }
  },
})
