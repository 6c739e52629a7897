import { isIPv4, isIPv6 } from 'node:net'
import type { ProblemCode } from '../config/problem.ts'

export interface ServerAddress {
  readonly scheme: 'http' | 'https'
  /** IP address or host name in lower case; brackets stripped. */
  readonly host: string
  readonly port: number
  /** Path of the URL without its last slash; empty when there is none. */
  readonly path: string
}

export interface ServerUrlError {
  readonly code: ProblemCode
  /** Never shows the URL when that could hold a password. */
  readonly message: string
  readonly remedy?: string
}

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is
const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i
const PATH = /^(?:\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*)?$/
const DEFAULT_PORTS = { http: 80, https: 443 } as const

/**
 * The URL of a server as services name them (RFC 3986 §3): `http` or `https`, host, port. Stricter than the URL
 * class, which repairs what it is given: here what is not clearly right is an error.
 */
export function parseServerUrl(text: string): ServerAddress | ServerUrlError {
  const [, scheme = '', rest = ''] = SCHEME.exec(text) ?? []
  if (scheme === '') return wrong('it has no scheme', 'write it as `http://host:port`')
  const speaks = scheme.toLowerCase()
  if (speaks === 'h2c') {
    return {
      code: 'E105',
      message: 'is not used: `h2c` is understood but not built yet',
      remedy: 'use `http` or `https`',
    }
  }
  if (speaks !== 'http' && speaks !== 'https') return wrong('its scheme is neither `http` nor `https`')
  const end = rest.search(/[/?#]/)
  const authority = end < 0 ? rest : rest.slice(0, end)
  const path = end < 0 ? '' : rest.slice(end)
  if (authority.includes('@')) {
    return wrong(
      'it holds credentials, which are not sent to servers',
      'use the `headers` middleware to send an Authorization header',
    )
  }
  if (/[?#]/.test(path)) return wrong('it has a query or a fragment', 'name only scheme, host, port and path')
  if (!PATH.test(path)) return wrong('its path holds characters that must be percent-encoded')
  // Not a piece of the text: fifty thousand servers would keep fifty thousand of these.
  return address(speaks === 'http' ? 'http' : 'https', authority, path.replace(/\/$/, ''))
}

function address(scheme: 'http' | 'https', authority: string, path: string): ServerAddress | ServerUrlError {
  const [, bracketed, name = '', portText] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/s.exec(authority) ?? []
  const host = bracketed ?? name
  if (host === '')
    return wrong('it has no host', 'write it as `http://host:port`; IPv6 addresses in brackets')
  const known = bracketed === undefined ? isHost(host) : isIPv6(host) && !host.includes('%')
  if (!known) return wrong('its host is neither a name nor an IP address')
  const port = portText === undefined ? DEFAULT_PORTS[scheme] : portNumber(portText)
  if (port === undefined) return wrong('its port is not a number from 1 to 65535')
  return { scheme, host: host.toLowerCase().replace(/\.$/, ''), port, path }
}

/** What looks like an IPv4 address must be one: `10.0.0.256` and `0x7f.1` are no host names. */
function isHost(text: string): boolean {
  const lastLabel = text.replace(/\.$/, '').split('.').at(-1) ?? ''
  return /^(?:\d+|0x[0-9a-f]*)$/i.test(lastLabel) ? isIPv4(text) : HOST_NAME.test(text)
}

function portNumber(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65_535 ? port : undefined
}

function wrong(message: string, remedy?: string): ServerUrlError {
  return {
    code: 'E102',
    message: `is not a server's URL: ${message}`,
    ...(remedy === undefined ? {} : { remedy }),
  }
}
