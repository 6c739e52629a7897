import type { Fields, OptionsOf } from '../../config/fields.ts'
import type { HeaderList, Request } from '../../middleware.ts'
import { Response } from '../../middleware.ts'
import {
  fieldNameComplaint,
  fieldValueComplaint,
  fieldValuesComplaint,
  wireText,
} from '../fields/field-text.ts'

const DROPPED = 'deprecated in Traefik, and not to come; use'

export const securityOptions = (field: Fields) => ({
  allowedHosts: field
    .list(
      'Hosts that may be asked for; others are answered 500. Empty: all.',
      field.string('Host, with its port if it has one.'),
    )
    .default([]),
  hostsProxyHeaders: field
    .list(
      'Fields in which a proxy in front names the host; the first that is present counts.',
      field.string('Field name.'),
    )
    .default([]),
  sslProxyHeaders: field
    .record(
      'Fields and values by which a proxy in front says that the client came by HTTPS.',
      field.string('Exact value.'),
    )
    .default({}),
  stsSeconds: field
    .integer('`max-age` of `Strict-Transport-Security`, sent over HTTPS; 0: not sent.', { min: 0 })
    .default(0),
  stsIncludeSubdomains: field.boolean('Adds `includeSubDomains` to it.').default(false),
  stsPreload: field.boolean('Adds `preload` to it.').default(false),
  forceSTSHeader: field.boolean('Sends it over plain HTTP, too.').default(false),
  frameDeny: field.boolean('Sends `X-Frame-Options: DENY`.').default(false),
  customFrameOptionsValue: field.string('Value of `X-Frame-Options`; counts over `frameDeny`.').default(''),
  contentTypeNosniff: field.boolean('Sends `X-Content-Type-Options: nosniff`.').default(false),
  browserXssFilter: field.boolean('Sends `X-XSS-Protection: 1; mode=block`.').default(false),
  customBrowserXSSValue: field
    .string('Value of `X-XSS-Protection`; counts over `browserXssFilter`.')
    .default(''),
  contentSecurityPolicy: field.string('Value of `Content-Security-Policy`.').default(''),
  contentSecurityPolicyReportOnly: field
    .string('Value of `Content-Security-Policy-Report-Only`.')
    .default(''),
  publicKey: field.string('Value of `Public-Key-Pins`.').default(''),
  referrerPolicy: field.string('Value of `Referrer-Policy`.').default(''),
  permissionsPolicy: field.string('Value of `Permissions-Policy`.').default(''),
  isDevelopment: field
    .boolean('Leaves `allowedHosts` and `Strict-Transport-Security` out, for work on a local machine.')
    .default(false),
  sslRedirect: field.pending(`${DROPPED} the middleware redirectScheme`),
  sslTemporaryRedirect: field.pending(`${DROPPED} the middleware redirectScheme`),
  sslHost: field.pending(`${DROPPED} the middleware redirectRegex`),
  sslForceHost: field.pending(`${DROPPED} the middleware redirectRegex`),
  featurePolicy: field.pending(`${DROPPED} permissionsPolicy`),
})
export type SecurityOptions = OptionsOf<ReturnType<typeof securityOptions>>

export interface Security {
  /** The refusal of a host that is not allowed. */
  readonly refuse?: (request: Request) => Response | undefined
  readonly changeResponse?: (headers: HeaderList, request: Request) => void
}

export function securityComplaint(options: SecurityOptions): string | undefined {
  for (const name of options.hostsProxyHeaders) {
    const complaint = fieldNameComplaint(name)
    if (complaint) return complaint
  }
  for (const [name, value] of Object.entries(options.sslProxyHeaders)) {
    const complaint = fieldNameComplaint(name) ?? fieldValueComplaint(name, value)
    if (complaint) return complaint
  }
  const {
    customFrameOptionsValue,
    customBrowserXSSValue,
    contentSecurityPolicy,
    contentSecurityPolicyReportOnly,
  } = options
  const { publicKey, referrerPolicy, permissionsPolicy } = options
  return fieldValuesComplaint({
    customFrameOptionsValue,
    customBrowserXSSValue,
    contentSecurityPolicy,
    contentSecurityPolicyReportOnly,
    publicKey,
    referrerPolicy,
    permissionsPolicy,
  })
}

export function createSecurity(options: SecurityOptions): Security {
  const fixed = fixedFields(options)
  const sts = options.isDevelopment ? '' : transportSecurity(options)
  const isSecure = options.forceSTSHeader ? () => true : secureTest(options)
  const guarded = options.allowedHosts.length > 0 && !options.isDevelopment
  return {
    ...(guarded ? { refuse: hostGuard(options) } : {}),
    ...(fixed.length === 0 && sts === ''
      ? {}
      : {
          changeResponse(headers: HeaderList, request: Request): void {
            for (const [name, value] of fixed) headers.set(name, value)
            // Over plain HTTP the field must not be sent (RFC 6797 §7.2), since anybody could have put it there.
            if (sts !== '' && isSecure(request)) headers.set('Strict-Transport-Security', sts)
          },
        }),
  }
}

function fixedFields(options: SecurityOptions): (readonly [name: string, value: string])[] {
  const fields: [string, string][] = [
    ['X-Frame-Options', options.customFrameOptionsValue || (options.frameDeny ? 'DENY' : '')],
    ['X-Content-Type-Options', options.contentTypeNosniff ? 'nosniff' : ''],
    ['X-XSS-Protection', options.customBrowserXSSValue || (options.browserXssFilter ? '1; mode=block' : '')],
    ['Content-Security-Policy', options.contentSecurityPolicy],
    ['Content-Security-Policy-Report-Only', options.contentSecurityPolicyReportOnly],
    ['Public-Key-Pins', options.publicKey],
    ['Referrer-Policy', options.referrerPolicy],
    ['Permissions-Policy', options.permissionsPolicy],
  ]
  return fields.map(([name, value]) => [name, wireText(value)] as const).filter(([, value]) => value !== '')
}

function transportSecurity({ stsSeconds, stsIncludeSubdomains, stsPreload }: SecurityOptions): string {
  if (stsSeconds === 0) return ''
  return `max-age=${stsSeconds}${stsIncludeSubdomains ? '; includeSubDomains' : ''}${stsPreload ? '; preload' : ''}`
}

function secureTest(options: SecurityOptions): (request: Request) => boolean {
  const signs = Object.entries(options.sslProxyHeaders).map(
    ([name, value]) => [name, wireText(value)] as const,
  )
  return (request) =>
    request.scheme === 'https' || signs.some(([name, value]) => request.headers.get(name) === value)
}

function hostGuard(options: SecurityOptions): (request: Request) => Response | undefined {
  const allowed = new Set(options.allowedHosts.map((host) => host.toLowerCase()))
  return (request) => {
    let host = request.authority
    for (const name of options.hostsProxyHeaders) {
      const named = request.headers.get(name)
      if (!named) continue
      host = named
      break
    }
    return allowed.has(host.toLowerCase()) ? undefined : Response.because('FB', 500, 'Bad Host')
  }
}
