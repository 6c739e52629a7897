import { isIPv6 } from 'node:net'

const REG_NAME = /^(?:[A-Za-z0-9!$&'()*+,;=._~-]|%[0-9A-Fa-f]{2})+$/
const PORT = /^[0-9]{1,5}$/

/**
 * The host of `host[:port]` in the form that rules compare: lower case, without the port and a trailing dot;
 * undefined when it is not valid (RFC 9110 §4.2.1 with RFC 3986 §3.2: no user information).
 */
export function canonicalHost(authority: string): string | undefined {
  const bracket = authority.charCodeAt(0) === 91 ? authority.indexOf(']') : -1
  const colon = authority.indexOf(':', bracket + 1)
  const host = colon < 0 ? authority : authority.slice(0, colon)
  if (colon >= 0 && !validPort(authority.slice(colon + 1))) return undefined
  if (bracket >= 0)
    return host.length === bracket + 1 && isIPv6(host.slice(1, -1)) && !host.includes('%')
      ? host.toLowerCase()
      : undefined
  if (!REG_NAME.test(host) || host.length > 255) return undefined
  const lower = host.toLowerCase()
  return lower.length > 1 && lower.endsWith('.') ? lower.slice(0, -1) : lower
}

/** The port of `host[:port]`, or undefined when it names none. Only for what `canonicalHost` has accepted. */
export function portOf(authority: string): number | undefined {
  const colon = authority.lastIndexOf(':')
  if (colon <= authority.lastIndexOf(']') || colon === authority.length - 1) return undefined
  return Number(authority.slice(colon + 1))
}

/** An empty port is allowed (RFC 3986 §3.2.3). */
function validPort(port: string): boolean {
  return port === '' || (PORT.test(port) && Number(port) <= 65_535)
}
