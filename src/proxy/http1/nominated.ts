import type { HeaderList } from '../header-list.ts'

/** Naming these in Connection is an attempt to change how the message is framed or routed. */
const FRAMING = new Set(['host', 'content-length', 'transfer-encoding'])

/** Fields that hold for the whole way, or that this proxy vouches for: a client may not have them dropped. */
const PROTECTED = new Set([
  'authorization',
  'cookie',
  'forwarded',
  'via',
  'x-real-ip',
  'x-scheme',
  'cache-control',
  'origin',
])

/**
 * Drops the fields that the Connection field nominates as belonging to this hop (RFC 9110 §7.6.1). False when it
 * nominates a framing field: the request is then refused (CVE-2026-26365, CVE-2024-45410).
 */
export function dropNominated(
  headers: HeaderList,
  nominated: readonly string[],
  kept: readonly string[],
): boolean {
  for (const name of nominated) {
    if (FRAMING.has(name)) return false
    if (!PROTECTED.has(name) && !kept.includes(name) && !name.startsWith('x-forwarded-')) headers.delete(name)
  }
  return true
}
