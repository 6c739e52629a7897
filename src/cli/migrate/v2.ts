import type { Origin, Problem } from '../../config/problem.ts'
import { child, scalar, section } from '../../config/source-tree.ts'
import type { SectionNode, SourceNode } from '../../config/source-tree.ts'
import { placed } from './draft.ts'
import { note } from './report.ts'
import { modernSyntax } from './v2-rule.ts'

export interface Modernized {
  readonly node: SectionNode
  readonly problems: readonly Problem[]
}

/** A dynamic file of Traefik 2 or 3: rules in today's syntax, middlewares under today's names. Pure. */
export function modernizeDynamic(root: SectionNode): Modernized {
  const problems: Problem[] = []
  const say = (origin: Origin, message: string, remedy?: string): void =>
    void problems.push(note(origin, message, remedy))
  const node = placed(root) as SectionNode
  const http = within(node, 'http', (found) => {
    const routers = within(found, 'routers', (all) => each(all, (one) => router(one, say)))
    return within(routers, 'middlewares', (all) => each(all, (one) => middleware(one, say)))
  })
  const tcp = within(http, 'tcp', (found) =>
    within(found, 'middlewares', (all) => each(all, (one) => middleware(one, say))),
  )
  return { node: tcp, problems }
}

/** A static file of Traefik 2 or 3. */
export function modernizeStatic(root: SectionNode): Modernized {
  const problems: Problem[] = []
  const node = within(placed(root) as SectionNode, 'providers', (found) =>
    within(found, 'consulCatalog', (catalog) => {
      const namespace = child(catalog, 'namespace')
      return namespace ? renamed(catalog, 'namespace', 'namespaces') : catalog
    }),
  )
  return { node, problems }
}

type Say = (origin: Origin, message: string, remedy?: string) => void

function router(node: SectionNode, say: Say): SectionNode {
  const rule = child(node, 'rule')
  const syntax = child(node, 'ruleSyntax')
  const entries = new Map([...node.entries].filter(([, value]) => value !== syntax))
  if (rule?.kind !== 'scalar' || typeof rule.value !== 'string') return section(entries, node.origin)
  const modern = modernSyntax(rule.value)
  if (modern === rule.value) return section(entries, node.origin)
  for (const [key, value] of entries) if (value === rule) entries.set(key, scalar(modern, rule.origin))
  say(
    rule.origin,
    `a rule in the syntax of version 2 is written anew: ${modern}`,
    'read it once: it decides who gets what',
  )
  return section(entries, node.origin)
}

const KINDS: Readonly<Record<string, string>> = { ipwhitelist: 'ipAllowList' }

function middleware(node: SectionNode, say: Say): SectionNode {
  let result = node
  for (const [key, value] of node.entries) {
    const today = KINDS[key.toLowerCase()]
    if (today !== undefined) result = renamed(result, key, today)
    if (key.toLowerCase() === 'headers' && value.kind === 'section')
      result = sslRedirect(result, key, value, say)
  }
  return result
}

/** One middleware is of one kind, so that the redirection cannot be put beside the headers. */
function sslRedirect(node: SectionNode, key: string, headers: SectionNode, say: Say): SectionNode {
  const redirect = child(headers, 'sslRedirect')
  if (!redirect) return node
  const isOn = redirect.kind === 'scalar' && String(redirect.value).toLowerCase() === 'true'
  if (isOn)
    say(
      redirect.origin,
      '`sslRedirect` is no option of `headers` any more',
      'set `http.redirections.entryPoint` at the entry point, or add a middleware `redirectScheme`',
    )
  const rest = [...headers.entries].filter(([, value]) => value !== redirect)
  return section(
    new Map(
      [...node.entries].map(([name, value]) => [
        name,
        name === key ? section(new Map(rest), headers.origin) : value,
      ]),
    ),
    node.origin,
  )
}

function renamed(node: SectionNode, from: string, to: string): SectionNode {
  return section(
    new Map(
      [...node.entries].map(([key, value]) => [key.toLowerCase() === from.toLowerCase() ? to : key, value]),
    ),
    node.origin,
  )
}

/** The node with its section `key` changed, where it has one. */
function within(node: SectionNode, key: string, change: (found: SectionNode) => SectionNode): SectionNode {
  const found = child(node, key)
  if (found?.kind !== 'section') return node
  const changed = change(found)
  return section(
    new Map([...node.entries].map(([name, value]) => [name, value === found ? changed : value])),
    node.origin,
  )
}

function each(node: SectionNode, change: (one: SectionNode) => SectionNode): SectionNode {
  const entries = [...node.entries].map(([name, value]): [string, SourceNode] => [
    name,
    value.kind === 'section' ? change(value) : value,
  ])
  return section(new Map(entries), node.origin)
}
