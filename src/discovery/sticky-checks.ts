import { fields } from '../config/fields.ts'
import type { Origin } from '../config/problem.ts'
import { stickyCookieOptions } from '../config/sticky.ts'
import type { StickyConfig, StickyCookieConfig } from '../config/sticky.ts'
import { child } from '../config/source-tree.ts'
import type { SourceNode } from '../config/source-tree.ts'
import { complain } from './complaint.ts'
import type { DraftScope } from './draft.ts'

/** A value that may stand in a `Set-Cookie` field: nothing in it begins another attribute or another field (RFC 6265 §4.1.1). */
interface Rule {
  readonly sound: RegExp
  readonly expected: string
  /** What is served instead. */
  readonly instead: Partial<StickyCookieConfig>
}

const RULES: Readonly<Record<'name' | 'path' | 'domain', Rule>> = {
  name: {
    sound: /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/,
    expected: 'letters, digits and a few signs such as `_` and `-`',
    instead: { name: undefined },
  },
  path: {
    sound: /^\/[\x21-\x3a\x3c-\x7e]{0,1023}$/,
    expected: 'a path that begins with `/`, without blanks and `;`',
    instead: { path: '/' },
  },
  domain: {
    sound: /^(?:\.?[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,20})?$/,
    expected: 'a host name',
    instead: { domain: '' },
  },
}

const DEFAULT_COOKIE = fields.section('', stickyCookieOptions(fields)).parse({})

/**
 * Sticky sessions with what cannot be written into a cookie left out; `node` is their section. `sticky: true` alone
 * means a cookie with its defaults, `sticky.cookie: false` none.
 */
export function soundSticky(
  sticky: StickyConfig | undefined,
  node: SourceNode | undefined,
  scope: DraftScope,
): StickyConfig | undefined {
  if (sticky === undefined) return undefined
  if (sticky.cookie === undefined) return 'cookie' in sticky ? undefined : { cookie: DEFAULT_COOKIE }
  const cookie = { ...sticky.cookie }
  const cookieNode = child(node, 'cookie')
  const originOf = (key: string): Origin =>
    child(cookieNode, key)?.origin ?? cookieNode?.origin ?? scope.definition.origin
  for (const [key, { sound, expected, instead }] of Object.entries(RULES)) {
    const value = cookie[key as keyof typeof RULES]
    if (value === undefined || sound.test(value)) continue
    Object.assign(cookie, instead)
    scope.problems.push(
      complain({
        code: 'E102',
        origin: originOf(key),
        resource: scope.resource,
        message: `\`sticky.cookie.${key}\`: expected ${expected}; the default is used`,
      }),
    )
  }
  if (cookie.sameSite === 'none' && !cookie.secure)
    scope.problems.push(
      complain({
        code: 'E106',
        severity: 'warning',
        origin: originOf('sameSite'),
        resource: scope.resource,
        message: '`sticky.cookie.sameSite: none` has no effect: browsers drop such a cookie',
        remedy: 'set `sticky.cookie.secure: true`, and serve over TLS',
      }),
    )
  return { cookie }
}
