import { hash } from 'node:crypto'
import type { StickyConfig, StickyCookieConfig } from '../config/sticky.ts'
import type { StickyCookiePlan } from './plan.ts'

/** The cookie of a service by its full name; undefined when sessions do not stick. */
export function stickyCookiePlan(
  sticky: StickyConfig | undefined,
  service: string,
): StickyCookiePlan | undefined {
  const cookie = sticky?.cookie
  return cookie && { name: cookie.name ?? defaultName(service), attributes: attributesOf(cookie) }
}

/** Traefik's, so that a browser's cookie means the same to both. */
function defaultName(service: string): string {
  return `_${hash('sha1', `_TRAEFIK_BACKEND_${service}`, 'hex').slice(0, 5)}`
}

const SAME_SITE = { '': '', none: '; SameSite=None', lax: '; SameSite=Lax', strict: '; SameSite=Strict' }

function attributesOf({ path, domain, maxAge, httpOnly, secure, sameSite }: StickyCookieConfig): string {
  return [
    `; Path=${path}`,
    domain === '' ? '' : `; Domain=${domain}`,
    maxAge === 0 ? '' : `; Max-Age=${Math.max(0, maxAge)}`,
    httpOnly ? '; HttpOnly' : '',
    secure ? '; Secure' : '',
    SAME_SITE[sameSite],
  ].join('')
}
