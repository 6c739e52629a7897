import { BlockList, isIP } from 'node:net'
import { sameName } from './header-list.ts'
import type { Request } from './request.ts'

/** Who in front of this proxy is believed. */
export interface ForwardedOptions {
  /** Believes everybody. */
  readonly insecure: boolean
  /** Addresses and CIDR ranges of the proxies in front. */
  readonly trustedIPs: readonly string[]
  /** Leaves X-Forwarded-For as the trusted proxy sent it. */
  readonly notAppendXForwardedFor: boolean
  /** Adds `X-Forwarded-Scheme` and `X-Scheme`, which some services look at instead of `X-Forwarded-Proto`. */
  readonly addXForwardedSchemeHeaders: boolean
  /** What happens to names with `_` that are no look-alikes of managed or framing names; those are always removed. */
  readonly underscores: 'keep' | 'delete' | 'reject'
}

/** Names that only a trusted proxy in front may set, in lower case with `-` for `_`. */
const MANAGED = new Set([
  'x-forwarded-proto',
  'x-forwarded-scheme',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-server',
  'x-forwarded-uri',
  'x-forwarded-method',
  'x-forwarded-prefix',
  'x-forwarded-tls-client-cert',
  'x-forwarded-tls-client-cert-info',
  'x-scheme',
  'x-real-ip',
  'forwarded',
])

/** Names whose look-alikes with `_` would be taken for them by CGI-like services. */
const FRAMING = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'te',
  'trailer',
  'keep-alive',
  'proxy-connection',
])

/** A compiled policy: makes the X-Forwarded family say what is true of this hop. False: the request is to be refused. */
export type ForwardedPolicy = (request: Request, managedSeen: boolean) => boolean

/** `hostname` is this machine's, for X-Forwarded-Server. */
export function compileForwardedPolicy(options: ForwardedOptions, hostname: string): ForwardedPolicy {
  const trusted = trustedList(options.trustedIPs)
  return (request, managedSeen) => {
    const believed = options.insecure || (trusted !== undefined && contains(trusted, request.clientAddress))
    if (managedSeen && !cleanNames(request, believed, options.underscores)) return false
    if (believed) addMissing(request, options.notAppendXForwardedFor, hostname)
    else setOwn(request, hostname)
    if (options.addXForwardedSchemeHeaders) addScheme(request)
    return true
  }
}

/** False when a name with `_` is to be refused. */
function cleanNames(
  request: Request,
  believed: boolean,
  underscores: ForwardedOptions['underscores'],
): boolean {
  removeSpoofed(request, believed)
  if (underscores === 'keep') return true
  const { headers } = request
  const names = headers.fields.filter((name, i) => i % 2 === 0 && name.includes('_'))
  if (underscores === 'reject') return names.length === 0
  for (const name of names) headers.delete(name)
  return true
}

function addScheme({ headers, scheme }: Request): void {
  if (!headers.has('X-Forwarded-Scheme')) headers.append('X-Forwarded-Scheme', scheme)
  if (!headers.has('X-Scheme')) headers.append('X-Scheme', scheme)
}

/** The nearly only case at the edge: nothing of the family is left, so everything is appended without a lookup. */
function setOwn(request: Request, hostname: string): void {
  const { fields } = request.headers
  fields.push('X-Forwarded-For', request.clientAddress)
  // HTTP/1.0 may name none.
  if (request.authority !== '') fields.push('X-Forwarded-Host', request.authority)
  fields.push(
    'X-Forwarded-Port',
    portText(request),
    'X-Forwarded-Proto',
    protocol(request),
    'X-Forwarded-Server',
    hostname,
    'X-Real-Ip',
    request.clientAddress,
  )
}

function addMissing(request: Request, keepFor: boolean, hostname: string): void {
  const { headers } = request
  const named = headers.get('X-Forwarded-Proto')
  if (named === 'https' || named === 'wss') request.scheme = 'https'
  else if (named === 'http' || named === 'ws') request.scheme = 'http'
  const before = headers.getAll('X-Forwarded-For')
  if (before.length === 0) headers.append('X-Forwarded-For', request.clientAddress)
  else if (!keepFor) headers.set('X-Forwarded-For', [...before, request.clientAddress].join(', '))
  if (request.authority !== '' && !headers.has('X-Forwarded-Host'))
    headers.append('X-Forwarded-Host', request.authority)
  if (!headers.has('X-Forwarded-Port')) headers.append('X-Forwarded-Port', portText(request))
  if (named === undefined) headers.append('X-Forwarded-Proto', protocol(request))
  headers.set('X-Forwarded-Server', hostname)
  if (!headers.has('X-Real-Ip')) headers.append('X-Real-Ip', request.clientAddress)
}

/** Removes managed names unless they are believed, and their look-alikes with `_` in any case. */
function removeSpoofed(request: Request, believed: boolean): void {
  const { fields } = request.headers
  let kept = 0
  for (let i = 0; i < fields.length; i += 2) {
    if (isSpoofed(fields[i]!, believed)) continue
    fields[kept++] = fields[i]!
    fields[kept++] = fields[i + 1]!
  }
  fields.length = kept
}

function isSpoofed(name: string, believed: boolean): boolean {
  const lower = name.toLowerCase()
  if (!lower.includes('_')) return !believed && MANAGED.has(lower)
  const plain = lower.replaceAll('_', '-')
  return MANAGED.has(plain) || FRAMING.has(plain)
}

function protocol({ scheme, upgrade }: Request): string {
  if (upgrade !== undefined && sameName(upgrade, 'websocket')) return scheme === 'https' ? 'wss' : 'ws'
  return scheme
}

/** The port that the client named, else the one of its scheme. */
function portText({ authority, scheme }: Request): string {
  const standard = scheme === 'https' ? '443' : '80'
  return authority.includes(':') ? (/:(\d+)$/.exec(authority)?.[1] ?? standard) : standard
}

function trustedList(ranges: readonly string[]): BlockList | undefined {
  if (ranges.length === 0) return undefined
  const list = new BlockList()
  for (const range of ranges) {
    const [address, bits] = range.split('/')
    const family = isIP(address!) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address!, family)
    else list.addSubnet(address!, Number(bits), family)
  }
  return list
}

function contains(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}
