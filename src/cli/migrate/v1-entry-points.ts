import type { Draft } from './draft.ts'
import type { OldSection } from './old-section.ts'
import type { Drafts } from './v1.ts'
import { putAuth, putRedirectRegex, putWhitelist } from './v1-middlewares.ts'

/** `[entryPoints]` of Traefik 1 with their redirections, TLS, authentication and lists of addresses. */
export function entryPoints(root: OldSection, drafts: Drafts): void {
  const section = root.section('entryPoints')
  for (const [name, entry] of section?.sections ?? []) entryPoint(name, entry, section!, drafts)
  const defaults = root.list('defaultEntryPoints')
  // Where none is named, routers of version 1 listen on `http`.
  const named = defaults.length > 0 ? defaults : section?.section('http') ? ['http'] : []
  for (const name of named)
    if (section?.section(name)) drafts.file.say(['entryPoints', name, 'asDefault'], true, section.origin)
  for (const name of defaults)
    if (!section?.section(name))
      drafts.say(root.origin, `\`defaultEntryPoints\` names \`${name}\`, which is not defined`)
}

function entryPoint(name: string, entry: OldSection, all: OldSection, drafts: Drafts): void {
  const { file, routes } = drafts
  const path = ['entryPoints', name]
  entry.carry(file, path, ['address'])
  entry.section('proxyProtocol')?.carry(file, [...path, 'proxyProtocol'], ['insecure', 'trustedIPs'])
  const forwarded = entry.section('forwardedHeaders')
  forwarded?.carry(file, [...path, 'forwardedHeaders'], ['insecure', 'trustedIPs'])
  if (!forwarded && entry.node.kind === 'section')
    drafts.say(
      entry.origin,
      `entry point \`${name}\`: Traefik 1 believed \`X-Forwarded-…\` headers from everybody, and now nobody is believed`,
      `behind a load balancer, name its addresses in \`entryPoints.${name}.forwardedHeaders.trustedIPs\``,
    )
  const tls = entry.section('tls')
  if (tls) entryPointTls(tls, [...path, 'http', 'tls'], drafts)
  redirect(entry, [...path, 'http', 'redirections', 'entryPoint'], all, drafts)
  const middlewares = entryPointMiddlewares(name, entry, routes)
  if (middlewares.length > 0)
    file.say(
      [...path, 'http', 'middlewares'],
      middlewares.map((one) => `${one}@file`),
      entry.origin,
    )
}

function entryPointTls(tls: OldSection, path: readonly string[], { file, routes }: Drafts): void {
  file.say(path, {}, tls.origin)
  certificates(tls, routes)
  tls.carry(routes, ['tls', 'options', 'default'], ['minVersion', 'cipherSuites', 'sniStrict'])
  const ca = tls.section('clientCA')
  ca?.carry(routes, ['tls', 'options', 'default', 'clientAuth'], [['files', 'caFiles']])
  if (ca)
    routes.say(
      ['tls', 'options', 'default', 'clientAuth', 'clientAuthType'],
      ca.isTrue('optional') ? 'VerifyClientCertIfGiven' : 'RequireAndVerifyClientCert',
      ca.origin,
    )
  tls
    .section('defaultCertificate')
    ?.carry(routes, ['tls', 'stores', 'default', 'defaultCertificate'], ['certFile', 'keyFile'])
}

function certificates(tls: OldSection, routes: Draft): void {
  const found = tls.take('certificates')
  if (found?.kind === 'list') for (const item of found.items) routes.push(['tls', 'certificates'], item)
}

function redirect(entry: OldSection, path: readonly string[], all: OldSection, { file }: Drafts): void {
  const redirection = entry.section('redirect')
  const to = redirection?.text('entryPoint')
  if (!redirection || to === undefined) return
  file.say([...path, 'to'], to, redirection.origin)
  file.say([...path, 'scheme'], all.section(to)?.section('tls') ? 'https' : 'http', redirection.origin)
  // Version 1 answered 302 unless told otherwise; today it is 301.
  file.say([...path, 'permanent'], redirection.isTrue('permanent'), redirection.origin)
}

function entryPointMiddlewares(name: string, entry: OldSection, routes: Draft): string[] {
  const made: string[] = []
  const named = (kind: string): string => `${name}-${kind}`
  const whitelist = putWhitelist(entry, named('allowlist'), routes)
  const regex = putRedirectRegex(entry.section('redirect'), named('redirect'), routes)
  const auth = putAuth(entry.section('auth'), named('auth'), routes)
  if (entry.section('compress')) {
    routes.say(['http', 'middlewares', named('compress'), 'compress'], {}, entry.origin)
    made.push(named('compress'))
  }
  return [...[whitelist, regex, auth].flatMap((one) => one ?? []), ...made]
}
