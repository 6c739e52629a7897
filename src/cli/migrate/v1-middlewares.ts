import type { Draft } from './draft.ts'
import type { OldSection } from './old-section.ts'

const at = (name: string, kind: string): string[] => ['http', 'middlewares', name, kind]

/** `whiteList` and its older spelling. Gives the name of the middleware when there is one. */
export function putWhitelist(of: OldSection, name: string, routes: Draft): string | undefined {
  const older = of.take('whitelistSourceRange')
  if (older) routes.put([...at(name, 'ipAllowList'), 'sourceRange'], older)
  const list = of.section('whiteList')
  if (!list) return older && name
  list.carry(routes, at(name, 'ipAllowList'), ['sourceRange'])
  const strategy = list.section('ipStrategy')
  strategy?.carry(routes, [...at(name, 'ipAllowList'), 'ipStrategy'], ['depth', 'excludedIPs'])
  // The last address that proxies have added, as in version 1.
  if (list.isTrue('useXForwardedFor') && !strategy)
    routes.say([...at(name, 'ipAllowList'), 'ipStrategy', 'depth'], 1, list.origin)
  return name
}

export function putRedirectRegex(
  redirect: OldSection | undefined,
  name: string,
  routes: Draft,
): string | undefined {
  if (!redirect || redirect.text('regex') === undefined) return undefined
  redirect.carry(routes, at(name, 'redirectRegex'), ['regex', 'replacement'])
  routes.say([...at(name, 'redirectRegex'), 'permanent'], redirect.isTrue('permanent'), redirect.origin)
  return name
}

/** `[auth.basic]`, `[auth.digest]` or `[auth.forward]`; version 1 took the first of them. */
export function putAuth(auth: OldSection | undefined, name: string, routes: Draft): string | undefined {
  if (!auth) return undefined
  for (const kind of ['basic', 'digest'] as const) {
    const one = auth.section(kind)
    if (!one) continue
    one.carry(routes, at(name, `${kind}Auth`), ['users', 'usersFile', 'removeHeader'])
    auth.carry(routes, at(name, `${kind}Auth`), ['headerField'])
    return name
  }
  const forward = auth.section('forward')
  if (!forward) return undefined
  forward.carry(routes, at(name, 'forwardAuth'), ['address', 'trustForwardHeader', 'authResponseHeaders'])
  forward
    .section('tls')
    ?.carry(routes, [...at(name, 'forwardAuth'), 'tls'], ['ca', 'cert', 'key', 'insecureSkipVerify'])
  auth.carry(routes, at(name, 'forwardAuth'), ['headerField'])
  return name
}

/** Who counts as one source of requests: `client.ip`, `request.host` or `request.header.NAME`. */
export function putSource(
  word: string | undefined,
  path: readonly string[],
  of: OldSection,
  routes: Draft,
): void {
  const where = [...path, 'sourceCriterion']
  const header = /^request\.header\.(.+)$/i.exec(word ?? '')?.[1]
  if (header !== undefined) routes.say([...where, 'requestHeaderName'], header, of.origin)
  else if (word?.toLowerCase() === 'request.host') routes.say([...where, 'requestHost'], true, of.origin)
  else routes.say([...where, 'ipStrategy'], { depth: 0 }, of.origin)
}

/** `[headers]`: most words are the same; redirections to TLS have a middleware of their own. */
export function putHeaders(headers: OldSection | undefined, name: string, routes: Draft): string[] {
  if (headers?.node.kind !== 'section') return []
  const made: string[] = []
  if (headers.isTrue('SSLRedirect')) {
    const permanent = !headers.isTrue('SSLTemporaryRedirect')
    routes.say(at(`${name}-https`, 'redirectScheme'), { scheme: 'https', permanent }, headers.origin)
    made.push(`${name}-https`)
  } else headers.text('SSLTemporaryRedirect')
  const own = [...headers.node.entries.keys()].filter((key) => !/^ssl(?:temporary)?redirect$/i.test(key))
  if (own.length === 0) return made
  headers.carry(routes, at(name, 'headers'), own)
  return [...made, name]
}
