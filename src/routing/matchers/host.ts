import { defineMatcher } from '../matcher.ts'
import type { IndexKey } from '../matcher.ts'

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/

export default defineMatcher({
  name: 'Host',
  summary: 'The host is this one; `*.example.com` is any host one label below it, `*` any at all.',
  parameters: ['domain'],
  check([domain]) {
    const message = complaint(domain!)
    return message === undefined ? undefined : { argument: 0, message }
  },
  create([domain]) {
    const { host, parentHost } = keyOf(domain!)
    if (parentHost !== undefined) return (request) => belowBy(request.host, parentHost)
    return host === undefined ? () => true : (request) => request.host === host
  },
  index: ([domain]) => (domain === '*' ? undefined : keyOf(domain!)),
})

function keyOf(domain: string): IndexKey {
  const canonical = canonicalDomain(domain)
  if (canonical === '*') return {}
  return canonical.startsWith('*.') ? { parentHost: canonical.slice(2) } : { host: canonical }
}

/** Lower case, without the trailing dot that some clients send. */
function canonicalDomain(domain: string): string {
  const lower = domain.toLowerCase()
  return lower.length > 1 && lower.endsWith('.') ? lower.slice(0, -1) : lower
}

/** Exactly one label below. */
function belowBy(host: string, parent: string): boolean {
  const dot = host.length - parent.length - 1
  return dot > 0 && host.indexOf('.') === dot && host.endsWith(parent)
}

function complaint(domain: string): string | undefined {
  if ([...domain].some((character) => character.codePointAt(0)! > 126)) return `\`${domain}\` is not ASCII; write it in punycode (\`xn--…\`)`
  const canonical = canonicalDomain(domain)
  if (canonical === '*' || /^\[[0-9a-f:.]+\]$/.test(canonical)) return undefined
  const labels = (canonical.startsWith('*.') ? canonical.slice(2) : canonical).split('.')
  if (canonical.length > 253 || !labels.every((label) => label.length <= 63 && LABEL.test(label))) return `\`${domain}\` is no host name`
  return undefined
}
