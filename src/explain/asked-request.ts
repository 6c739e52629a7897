import { isIP } from 'node:net'
import type { EntryPointConfig } from '../config/static.ts'
import { HeaderList } from '../proxy/header-list.ts'
import { canonicalHost, portOf } from '../proxy/http1/authority.ts'
import { normalPath } from '../proxy/http1/normal-path.ts'
import { Request } from '../proxy/request.ts'

/** A request as somebody describes it who wants to know where it would go. */
export interface AskedRequest {
  /** `http://host/path?query`; `http://` may be left out. */
  readonly url: string
  /** Default `GET`. */
  readonly method?: string | undefined
  readonly headers?: readonly (readonly [name: string, value: string])[]
  /** Default 127.0.0.1. */
  readonly clientAddress?: string | undefined
  /** Default: the one that listens on the URL's port, else the likeliest. */
  readonly entryPoint?: string | undefined
}

/** What is wrong with the question. */
export interface WrongQuestion {
  readonly error: string
  readonly remedy: string
}

export type EntryPoints = ReadonlyMap<string, EntryPointConfig>

/** The request as the engine would hand it to routing, its entry point still open. */
export function requestOf(asked: AskedRequest): Request | WrongQuestion {
  const text = asked.url.includes('://') ? asked.url : `http://${asked.url}`
  const [, scheme = '', named = '', path = '', query = ''] =
    /^(https?|wss?):\/\/([^/?#]*)([^?#]*)(\?[^#]*)?/i.exec(text) ?? []
  if (scheme === '' || named === '')
    return { error: `\`${asked.url}\` is no URL`, remedy: 'write it as `https://host/path`' }
  const request = new Request()
  request.headers = new HeaderList()
  for (const [name, value] of asked.headers ?? []) request.headers.append(name, value)
  const authority = request.headers.get('Host') ?? named
  const host = canonicalHost(authority)
  if (host === undefined)
    return { error: `\`${authority}\` is no host`, remedy: 'correct the host of the URL' }
  const normal = normalPath(path === '' ? '/' : path)
  if (normal === undefined)
    return {
      error: `\`${path}\` is no path: such a request is answered 400 before it is routed`,
      remedy: 'correct its escapes: `%` is followed by two digits, and `%00` is never allowed',
    }
  const clientAddress = asked.clientAddress ?? '127.0.0.1'
  if (isIP(clientAddress) === 0)
    return { error: `\`${clientAddress}\` is no IP address`, remedy: 'write, for example, `10.0.0.1`' }
  request.headers.set('Host', authority)
  const secure = /^(?:https|wss)$/i.test(scheme)
  return Object.assign(request, {
    method: asked.method ?? 'GET',
    path: normal,
    query,
    host,
    authority,
    scheme: secure ? ('https' as const) : ('http' as const),
    clientAddress,
    localPort: portOf(named) ?? (secure ? 443 : 80),
  })
}

/** Entry points on which the request may come in, the likeliest first, and why those. */
export function entryPointsFor(
  request: Request,
  wanted: string | undefined,
  entryPoints: EntryPoints,
): { readonly names: readonly string[]; readonly assumed: boolean } {
  if (wanted !== undefined) return { names: entryPoints.has(wanted) ? [wanted] : [], assumed: false }
  const all = [...entryPoints]
  const onPort = all.filter(([, { listen }]) => listen.port === request.localPort).map(([name]) => name)
  if (onPort.length > 0) return { names: onPort, assumed: false }
  const open = all.filter(([, { internal }]) => !internal)
  const secure = request.scheme === 'https'
  const likelier = open.filter(([, { http }]) => (http.tls !== undefined) === secure)
  return { names: [...new Set([...likelier, ...open].map(([name]) => name))], assumed: true }
}
