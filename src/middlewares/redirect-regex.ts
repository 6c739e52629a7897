import { compileRegex, regexComplaint } from '../config/regex.ts'
import { defineMiddleware, Response } from '../middleware.ts'
import { compileRedirect } from './redirects/redirect.ts'

export default defineMiddleware({
  summary: 'Redirects clients whose URL a regular expression matches.',
  options: (field) => ({
    regex: field.string(
      'RE2 expression that is sought in the whole URL, such as `http://host/path?query`; not anchored.',
    ),
    replacement: field.string('What is put in place of each match; `${1}` is the first group.'),
    permanent: field
      .boolean(
        'Answers 301 (other methods than GET: 308) rather than 302 (307), which clients may remember for ever.',
      )
      .default(false),
  }),

  check({ regex, replacement }) {
    if (replacement.trim() === '') return '`replacement` is empty, so it leads nowhere'
    const complaint = regexComplaint(regex.trim())
    return complaint && `\`regex\`: ${complaint}`
  },

  foreseeable: true,

  create({ regex: source, replacement, permanent }) {
    const regex = compileRegex(source.trim())
    const redirect = compileRedirect(permanent)
    return {
      request(request): Response | undefined {
        const path = request.path === '*' ? '/' : request.path
        const url = `${request.scheme}://${request.authority}${path}${request.query}`
        if (!regex.test(url)) return undefined
        const location = locationText(regex.replace(url, replacement.trim()))
        // It would be sent here again, and again.
        if (location === url) return undefined
        return redirect(request, location)
      },
    }
  },
})

/** A URL is ASCII (RFC 3986 §2), and what ends a header field must not get into one. */
function locationText(text: string): string {
  return text.replace(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character.toWellFormed()))
}
