import type { Fields, OptionsOf } from '../../config/fields.ts'
import { compileRegex } from '../../config/regex.ts'
import type { HeaderList, Request } from '../../middleware.ts'
import { Response } from '../../middleware.ts'
import { fieldValuesComplaint, wireText } from '../fields/field-text.ts'

export const corsOptions = (field: Fields) => ({
  accessControlAllowCredentials: field.boolean('Lets scripts send cookies and credentials.').default(false),
  accessControlAllowHeaders: field
    .list('Request fields that scripts may set.', field.string('Field name, or `*`.'))
    .default([]),
  accessControlAllowMethods: field
    .list('Methods that scripts may use.', field.string('Method, or `*`.'))
    .default([]),
  accessControlAllowOriginList: field
    .list(
      'Origins whose scripts may read responses.',
      field.string('Such as `https://app.example.com`, or `*`.'),
    )
    .default([]),
  accessControlAllowOriginListRegex: field
    .list(
      'The same by RE2 expressions, which are not anchored.',
      field.string('Such as `^https://[a-z]+\\.example\\.com$`.'),
    )
    .default([]),
  accessControlExposeHeaders: field
    .list('Response fields that scripts may read.', field.string('Field name, or `*`.'))
    .default([]),
  accessControlMaxAge: field
    .integer('Seconds for which a preflight holds; left out: not said.', { min: -1 })
    .optional(),
  addVaryHeader: field
    .boolean('Tells caches, by `Vary: Origin`, that the response depends on the origin.')
    .default(false),
})
export type CorsOptions = OptionsOf<ReturnType<typeof corsOptions>>

export interface Cors {
  /** The answer to a preflight, which services never see; undefined when the request is none. */
  preflight(request: Request): Response | undefined
  changeResponse(headers: HeaderList, request: Request): void
}

export function corsComplaint(options: CorsOptions): string | undefined {
  for (const source of options.accessControlAllowOriginListRegex) {
    try {
      compileRegex(source)
    } catch (error) {
      return `\`accessControlAllowOriginListRegex\`: ${(error as Error).message}`
    }
  }
  return fieldValuesComplaint({
    accessControlAllowHeaders: options.accessControlAllowHeaders.join(),
    accessControlAllowMethods: options.accessControlAllowMethods.join(),
    accessControlAllowOriginList: options.accessControlAllowOriginList.join(),
    accessControlExposeHeaders: options.accessControlExposeHeaders.join(),
  })
}

/** Undefined when no option of CORS is set. */
export function createCors(options: CorsOptions): Cors | undefined {
  if (!isUsed(options)) return undefined
  const allowedOrigin = originMatcher(options)
  const forPreflight = preflightFields(options)
  const forResponse = responseFields(options)
  return {
    preflight(request) {
      if (request.method !== 'OPTIONS') return undefined
      const origin = request.headers.get('Origin')
      if (!origin || !request.headers.get('Access-Control-Request-Method')) return undefined
      const response = Response.empty('PF')
      for (const [name, value] of forPreflight) response.headers.append(name, value)
      const allowed = allowedOrigin(origin)
      if (allowed !== undefined) response.headers.append('Access-Control-Allow-Origin', allowed)
      return response
    },
    changeResponse(headers, request) {
      const allowed = allowedOrigin(request.headers.get('Origin'))
      if (allowed !== undefined) headers.set('Access-Control-Allow-Origin', allowed)
      for (const [name, value] of forResponse) headers.set(name, value)
      if (options.addVaryHeader) varyByOrigin(headers)
    },
  }
}

function isUsed(options: CorsOptions): boolean {
  return (
    options.accessControlAllowCredentials ||
    options.accessControlAllowHeaders.length > 0 ||
    options.accessControlAllowMethods.length > 0 ||
    options.accessControlAllowOriginList.length > 0 ||
    options.accessControlAllowOriginListRegex.length > 0 ||
    options.accessControlExposeHeaders.length > 0 ||
    options.accessControlMaxAge !== undefined ||
    options.addVaryHeader
  )
}

type Field = readonly [name: string, value: string]

function preflightFields(options: CorsOptions): Field[] {
  return present([
    ['Access-Control-Allow-Credentials', options.accessControlAllowCredentials ? 'true' : ''],
    ['Access-Control-Allow-Headers', options.accessControlAllowHeaders.join(',')],
    ['Access-Control-Allow-Methods', options.accessControlAllowMethods.join(',')],
    ['Access-Control-Max-Age', String(options.accessControlMaxAge ?? '')],
  ])
}

function responseFields(options: CorsOptions): Field[] {
  return present([
    ['Access-Control-Allow-Credentials', options.accessControlAllowCredentials ? 'true' : ''],
    ['Access-Control-Expose-Headers', options.accessControlExposeHeaders.join(',')],
  ])
}

function present(fields: readonly Field[]): Field[] {
  return fields.filter(([, value]) => value !== '').map(([name, value]) => [name, wireText(value)])
}

/** What to send in `Access-Control-Allow-Origin` for an origin, or undefined when it is not allowed. */
function originMatcher(options: CorsOptions): (origin: string | undefined) => string | undefined {
  const exact = new Set(options.accessControlAllowOriginList)
  const regexes = options.accessControlAllowOriginListRegex.map((source) => compileRegex(source))
  // `*` counts where it stands: an origin that is named before it is answered by name.
  const beforeAny = new Set(
    options.accessControlAllowOriginList.slice(0, options.accessControlAllowOriginList.indexOf('*') + 1),
  )
  const any = exact.has('*')
  return (origin) => {
    if (any) return origin !== undefined && beforeAny.has(origin) ? origin : '*'
    if (origin === undefined) return undefined
    return exact.has(origin) || regexes.some((regex) => regex.test(origin)) ? origin : undefined
  }
}

function varyByOrigin(headers: HeaderList): void {
  const present = headers.getAll('Vary')
  const names = present.flatMap((value) => value.split(',')).map((name) => name.trim().toLowerCase())
  if (names.includes('origin') || names.includes('*')) return
  headers.set('Vary', [...present, 'Origin'].join(', '))
}
