import { translateOldRule } from '../../discovery/old-rule.ts'
import type { OldSection } from './old-section.ts'
import type { Drafts } from './v1.ts'
import { putAuth, putHeaders, putRedirectRegex, putSource, putWhitelist } from './v1-middlewares.ts'

interface Priorities {
  /** Letters of the rule as it was: its priority in version 1. */
  readonly old: number
  readonly today: number
}

/** `[frontends]` of Traefik 1. `ofBackends`: middlewares that each backend brings along. */
export function frontends(
  root: OldSection,
  drafts: Drafts,
  ofBackends: ReadonlyMap<string, readonly string[]>,
): void {
  const byLength = new Map<string, Priorities>()
  for (const [name, old] of root.section('frontends')?.sections ?? []) {
    const found = frontend(name, old, root, drafts, ofBackends)
    if (found) byLength.set(name, found)
  }
  if (!isSameOrder([...byLength.values()])) keepOrder(byLength, root, drafts)
  passHosts(root, drafts)
}

function frontend(
  name: string,
  old: OldSection,
  root: OldSection,
  drafts: Drafts,
  ofBackends: ReadonlyMap<string, readonly string[]>,
): Priorities | undefined {
  const { routes } = drafts
  const path = ['http', 'routers', name]
  const rules = (old.section('routes')?.sections ?? []).flatMap(([, route]) => route.text('rule') ?? [])
  const translated = translateOldRule(rules.join(';'))
  if ('error' in translated) {
    drafts.say(
      old.origin,
      `the rule of the frontend \`${name}\` is not understood: ${translated.error}`,
      'write the router by hand',
    )
    return undefined
  }
  routes.say([...path, 'rule'], translated.rule, old.origin)
  const backend = old.text('backend')
  if (backend !== undefined) routes.say([...path, 'service'], backend, old.origin)
  old.carry(routes, path, ['entryPoints'])
  const priority = Number(old.text('priority') ?? 0)
  if (priority > 0) routes.say([...path, 'priority'], priority, old.origin)
  const modifiers = translated.middlewares.map(({ kind, options }, i) => {
    const modifier = `${name}-path-${i + 1}`
    routes.say(['http', 'middlewares', modifier, kind], options, old.origin)
    return modifier
  })
  const middlewares = [
    ...ownMiddlewares(name, old, root, drafts),
    ...(ofBackends.get(backend ?? '') ?? []),
    ...modifiers,
  ]
  if (middlewares.length > 0) routes.say([...path, 'middlewares'], middlewares, old.origin)
  return priority > 0 ? undefined : { old: rules.join(';').length, today: translated.rule.length }
}

/** Version 1 kept the Host header back unless a frontend of a file said otherwise. Today the service decides it. */
function passHosts(root: OldSection, drafts: Drafts): void {
  const wishes = new Map<string, Set<boolean>>()
  for (const [, old] of root.section('frontends')?.sections ?? []) {
    const backend = old.text('backend')
    if (backend !== undefined)
      wishes.set(backend, (wishes.get(backend) ?? new Set()).add(old.isTrue('passHostHeader')))
  }
  for (const [backend, passed] of wishes) {
    if (passed.size > 1)
      drafts.say(
        root.origin,
        `frontends of the backend \`${backend}\` disagree about \`passHostHeader\`; the header is passed`,
        'give one of them a service of its own with `passHostHeader: false`',
      )
    else if (!passed.has(true))
      drafts.routes.say(['http', 'services', backend, 'loadBalancer', 'passHostHeader'], false, root.origin)
  }
}

/** In the order in which version 1 had them work. */
function ownMiddlewares(name: string, old: OldSection, root: OldSection, drafts: Drafts): string[] {
  const { routes } = drafts
  const at = (middleware: string, kind: string): string[] => ['http', 'middlewares', middleware, kind]
  const made: (string | undefined)[] = []
  for (const [of, page] of old.section('errors')?.sections ?? []) {
    const middleware = `${name}-errors-${of}`
    page.carry(routes, at(middleware, 'errors'), ['status', ['backend', 'service'], 'query'])
    made.push(middleware)
  }
  made.push(putWhitelist(old, `${name}-allowlist`, routes), redirectTo(name, old, root, drafts))
  const older = old.take('basicAuth')
  if (older) {
    routes.put([...at(`${name}-auth`, 'basicAuth'), 'users'], older)
    made.push(`${name}-auth`)
  }
  made.push(putAuth(old.section('auth'), `${name}-auth`, routes))
  made.push(
    ...putHeaders(old.section('headers'), `${name}-headers`, routes),
    ...rateLimits(name, old, drafts),
  )
  return [...new Set(made.filter((one) => one !== undefined))]
}

function redirectTo(name: string, old: OldSection, root: OldSection, drafts: Drafts): string | undefined {
  const redirect = old.section('redirect')
  const regex = putRedirectRegex(redirect, `${name}-redirect`, drafts.routes)
  const to = redirect?.text('entryPoint')
  if (regex !== undefined || !redirect || to === undefined) return regex
  const target = root.section('entryPoints')?.section(to)
  const isTls = target ? target.section('tls') !== undefined : to.toLowerCase() !== 'http'
  const port = /:(\d+)$/.exec(target?.text('address') ?? '')?.[1]
  drafts.routes.say(
    ['http', 'middlewares', `${name}-redirect`, 'redirectScheme'],
    {
      scheme: isTls ? 'https' : 'http',
      permanent: redirect.isTrue('permanent'),
      ...(port === undefined ? {} : { port }),
    },
    redirect.origin,
  )
  return `${name}-redirect`
}

function rateLimits(name: string, old: OldSection, { routes }: Drafts): string[] {
  const limit = old.section('rateLimit')
  if (!limit) return []
  const source = limit.text('extractorFunc')
  return (limit.section('rateSet')?.sections ?? []).map(([of, set]) => {
    const path = ['http', 'middlewares', `${name}-ratelimit-${of}`, 'rateLimit']
    set.carry(routes, path, ['average', 'period', 'burst'])
    putSource(source, path, limit, routes)
    return path[2]!
  })
}

/** Rules of today have other lengths, and by those routers are tried where nobody has said otherwise. */
function isSameOrder(priorities: readonly Priorities[]): boolean {
  const sorted = priorities.toSorted((a, b) => a.old - b.old || a.today - b.today)
  return sorted.every(
    (one, i) => i === 0 || (sorted[i - 1]!.old === one.old ? true : sorted[i - 1]!.today < one.today),
  )
}

function keepOrder(byLength: ReadonlyMap<string, Priorities>, root: OldSection, drafts: Drafts): void {
  for (const [name, { old }] of byLength)
    drafts.routes.say(['http', 'routers', name, 'priority'], old, root.origin)
  drafts.say(
    root.origin,
    'by the length of their rules, routers would be tried in another order than in Traefik 1; they have its priorities now',
    'remove `priority` where rules cannot match the same requests',
  )
}
