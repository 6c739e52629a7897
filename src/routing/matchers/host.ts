import { isIPv6 } from 'node:net'
import { defineMatcher } from '../matcher.ts'
import type { IndexKey } from '../matcher.ts'

export default defineMatcher({
  name: 'Host',
  summary: 'The host is this one; `*.example.com` is any host one label below it, `*` any at all.',
  parameters: ['domain'],
  check([domain]) {
    const message = complaint(domain!)
    return message === undefined ? undefined : { argument: 0, message }
  },
  create([domain]) {
    const key = keyOf(domain!)
    if (key === undefined) return () => true
    const { host, parentHost } = key
    return parentHost === undefined
      ? (request) => request.host === host
      : (request) => isBelow(request.host, parentHost)
  },
  index: ([domain]) => keyOf(domain!),
})

/** Undefined for `*`. */
function keyOf(domain: string): IndexKey | undefined {
  if (domain === '*') return undefined
  const canonical = canonicalDomain(domain)
  return canonical.startsWith('*.') ? { parentHost: canonical.slice(2) } : { host: canonical }
}

/** As requests have it: lower case, without the trailing dot that some clients send, IPv6 in brackets. */
function canonicalDomain(domain: string): string {
  const lower = domain.toLowerCase()
  if (isIPv6(lower)) return `[${lower}]`
  return lower.endsWith('.') ? lower.slice(0, -1) : lower
}

/** Exactly one label below. */
function isBelow(host: string, parent: string): boolean {
  const dot = host.length - parent.length - 1
  return dot > 0 && host.indexOf('.') === dot && host.endsWith(parent)
}

function complaint(domain: string): string | undefined {
  if (/\P{ASCII}/u.test(domain)) return `\`${domain}\` is not ASCII; write it in punycode (\`xn--…\`)`
  const canonical = canonicalDomain(domain)
  if (domain === '*' || isIPv6(canonical.replace(/^\[(.*)\]$/, '$1'))) return undefined
  const name = canonical.startsWith('*.') ? canonical.slice(2) : canonical
  if (name.length <= 253 && name.split('.').every((label) => /^[a-z0-9_-]{1,63}$/.test(label)))
    return undefined
  return `\`${domain}\` is no host name${hint(canonical)}`
}

function hint(domain: string): string {
  if (domain.includes('/')) return ': leave out scheme and path'
  if (/:\d+$/.test(domain)) return ': leave out the port'
  if (/[\s,]/.test(domain)) return ': one host per Host(…), with `||` between'
  if (domain.includes('*')) return ': `*` may only be the whole first label, as in `*.example.com`'
  return ''
}
