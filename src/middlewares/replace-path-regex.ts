import { compileRegex, regexComplaint } from '../config/regex.ts'
import type { Response } from '../middleware.ts'
import { defineMiddleware } from '../middleware.ts'
import { pathText } from './paths/path-text.ts'
import { replace } from './paths/replace.ts'

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
    const complaint = regexComplaint(regex.trim())
    return complaint && `\`regex\`: ${complaint}`
  },

  foreseeable: true,

  create(options) {
    const regex = compileRegex(options.regex.trim())
    const replacement = options.replacement.trim()
    return {
      request(request): Response | undefined {
        const old = request.path
        if (old === '*' || !regex.test(old)) return undefined
        return replace(request, pathText(regex.replace(old, replacement)))
      },
    }
  },
})
