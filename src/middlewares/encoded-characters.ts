import { defineMiddleware, Response } from '../middleware.ts'

/** The escape that each option lets pass. */
const ESCAPES = {
  allowEncodedSlash: '%2F',
  allowEncodedBackSlash: '%5C',
  allowEncodedNullCharacter: '%00',
  allowEncodedSemicolon: '%3B',
  allowEncodedPercent: '%25',
  allowEncodedQuestionMark: '%3F',
  allowEncodedHash: '%23',
} as const
const NAMES = Object.keys(ESCAPES) as (keyof typeof ESCAPES)[]

export default defineMiddleware({
  summary: 'Answers 400 to paths that hold characters in encoded form which servers read differently.',
  options: (field) => ({
    allowEncodedSlash: field.boolean('Lets `%2F` pass.').default(false),
    allowEncodedBackSlash: field.boolean('Lets `%5C` pass.').default(false),
    allowEncodedNullCharacter: field
      .boolean('Kept for compatibility: `%00` is answered 400 before any middleware sees it.')
      .default(false),
    allowEncodedSemicolon: field.boolean('Lets `%3B` pass.').default(false),
    allowEncodedPercent: field.boolean('Lets `%25` pass.').default(false),
    allowEncodedQuestionMark: field.boolean('Lets `%3F` pass.').default(false),
    allowEncodedHash: field.boolean('Lets `%23` pass.').default(false),
  }),

  foreseeable: true,

  create(options) {
    const denied = new Set<string>(NAMES.filter((name) => !options[name]).map((name) => ESCAPES[name]))
    return {
      request({ path }): Response | undefined {
        // The path is in its normal form: escapes are in upper case, and those of unreserved characters are gone.
        for (let at = path.indexOf('%'); at >= 0; at = path.indexOf('%', at + 3))
          if (denied.has(path.slice(at, at + 3))) return Response.because('BR')
        return undefined
      },
    }
  },
})
