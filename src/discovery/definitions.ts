import type { Origin, Problem } from '../config/problem.ts'
import { HTTP_SECTIONS, PENDING_SECTIONS } from '../config/routing.ts'
import { child, originWithKey, section } from '../config/source-tree.ts'
import type { SectionNode, SourceNode } from '../config/source-tree.ts'
import { didYouMean } from '../config/suggest.ts'
import { complain } from './complaint.ts'
import type { Instance } from './provider.ts'
import type { Kind } from './resource.ts'
import type { Endpoint, Fragment } from './routing-config.ts'
import type { RoutingPart } from './source.ts'

/** One resource as one instance or one part defines it. */
export interface Definition {
  readonly name: string
  readonly node: SourceNode
  readonly origin: Origin
  /** Equal for definitions that mean the same, endpoints aside. Empty for parts, which are never compared. */
  readonly signature: string
  /** The services that are defined beside a router, one of which it means when it names none. */
  readonly siblings: readonly string[]
  /** Who defines it; undefined when a routing part does. */
  readonly instance?: Instance
  /** The instance as an endpoint of this service. */
  readonly endpoint?: Endpoint
  /** Which routing part defines it. */
  readonly part?: string
}

export interface Definitions extends Readonly<Record<Kind, readonly Definition[]>> {
  readonly problems: readonly Problem[]
}

const ofFragments = new WeakMap<Fragment, Definitions>()
const ofParts = new WeakMap<SourceNode, { readonly part: string; readonly definitions: Definitions }>()

/** Everything that an instance defines. Remembered by the fragment's identity. */
export function definitionsOfFragment(fragment: Fragment): Definitions {
  const known = ofFragments.get(fragment)
  if (known) return known
  const made = readFragment(fragment)
  ofFragments.set(fragment, made)
  return made
}

/** Everything that a routing part defines, and what in it is not understood. Remembered by the node's identity. */
export function definitionsOfPart({ part, node }: RoutingPart): Definitions {
  const known = ofParts.get(node)
  if (known?.part === part) return known.definitions
  const definitions = readPart(part, node)
  ofParts.set(node, { part, definitions })
  return definitions
}

function readFragment({ instance, http, endpoints, problems }: Fragment): Definitions {
  const services = new Map(entriesOf(http, 'services'))
  // An instance may serve a service that nothing needs to be said about.
  for (const name of endpoints.keys())
    if (!services.has(name)) services.set(name, section(new Map(), http.origin))
  const siblings = [...services.keys()].toSorted()
  const define = (kind: Kind, name: string, node: SourceNode): Definition => {
    const endpoint = kind === 'services' ? endpoints.get(name) : undefined
    const signature = signatureOf(kind, node, siblings)
    return {
      name,
      node,
      origin: node.origin,
      signature,
      siblings,
      instance,
      ...(endpoint === undefined ? {} : { endpoint }),
    }
  }
  return {
    routers: entriesOf(http, 'routers').map(([name, node]) => define('routers', name, node)),
    services: [...services].map(([name, node]) => define('services', name, node)),
    middlewares: entriesOf(http, 'middlewares').map(([name, node]) => define('middlewares', name, node)),
    // Whoever registers a service does not say whom the proxy trusts.
    serversTransports: [],
    problems,
  }
}

function readPart(part: string, root: SourceNode): Definitions {
  const http = child(root, 'http')
  const siblings = entriesOf(http, 'services')
    .map(([name]) => name)
    .toSorted()
  const define = (kind: Kind) =>
    entriesOf(http, kind).map(([name, node]) => ({
      name,
      node,
      origin: originWithKey(node),
      signature: '',
      siblings,
      part,
    }))
  return {
    routers: define('routers'),
    services: define('services'),
    middlewares: define('middlewares'),
    serversTransports: define('serversTransports'),
    problems: [...unknownTopLevel(root), ...unknownUnderHttp(http)],
  }
}

function entriesOf(http: SourceNode | undefined, kind: Kind): (readonly [string, SourceNode])[] {
  const found = child(http, kind)
  return found?.kind === 'section' ? [...found.entries] : []
}

/** `instances` is read by the provider itself. */
const TOP_LEVEL = ['http', 'tls', ...Object.keys(PENDING_SECTIONS), 'instances']

function unknownTopLevel(root: SourceNode): Problem[] {
  if (root.kind !== 'section')
    return isEmpty(root) ? [] : [notASection('the routing configuration', root.origin)]
  return [...root.entries].flatMap(([key, value]) => {
    const name = key.toLowerCase()
    const origin = originWithKey(value)
    if (Object.hasOwn(PENDING_SECTIONS, name)) return [pending(name, PENDING_SECTIONS[name as 'tcp'], origin)]
    if (TOP_LEVEL.includes(name)) return []
    return [unknown(key, '', TOP_LEVEL, origin)]
  })
}

function unknownUnderHttp(http: SourceNode | undefined): Problem[] {
  if (http === undefined || isEmpty(http)) return []
  if (http.kind !== 'section') return [notASection('`http`', http.origin)]
  return [...http.entries].flatMap(([key, value]) => {
    const origin = originWithKey(value)
    const name = HTTP_SECTIONS.find((one) => one.toLowerCase() === key.toLowerCase())
    if (name === undefined) return [unknown(key, ' in `http`', HTTP_SECTIONS, origin)]
    return value.kind === 'section' || isEmpty(value) ? [] : [notASection(`\`http.${name}\``, value.origin)]
  })
}

function isEmpty(node: SourceNode): boolean {
  return node.kind === 'scalar' && (node.value === null || node.value === '')
}

function pending(name: string, what: string, origin: Origin): Problem {
  return complain({
    code: 'E105',
    origin,
    severity: 'warning',
    message: `\`${name}\` is understood but not built yet (${what})`,
    remedy: 'remove it, or accept that it has no effect',
  })
}

function unknown(key: string, where: string, known: readonly string[], origin: Origin): Problem {
  const remedy = didYouMean(key, known) ?? `known here: ${known.join(', ')}`
  return complain({ code: 'E101', origin, message: `unknown key \`${key}\`${where}`, remedy })
}

function notASection(what: string, origin: Origin): Problem {
  return complain({ code: 'E102', origin, message: `${what} must be a section of names and values` })
}

function signatureOf(kind: Kind, node: SourceNode, siblings: readonly string[]): string {
  if (kind === 'middlewares') return canonicalText(node)
  if (kind === 'services') return canonicalText(withoutEndpoints(node))
  // Two routers that name no service differ when different services stand beside them.
  return child(node, 'service') ? canonicalText(node) : `${canonicalText(node)}|${siblings.join()}`
}

/** A service as it was written, less what tells of its endpoints: those of all instances are put together. */
export function withoutEndpoints(node: SourceNode): SourceNode {
  const without = (
    parent: SectionNode,
    change: (key: string, value: SourceNode) => SourceNode | undefined,
  ) => {
    const entries = [...parent.entries].flatMap(([key, value]) => {
      const kept = change(key.toLowerCase(), value)
      return kept === undefined ? [] : [[key, kept] as const]
    })
    return section(new Map(entries), parent.origin)
  }
  if (node.kind !== 'section') return node
  return without(node, (key, value) => {
    if (key !== 'loadbalancer' || value.kind !== 'section') return value
    const rest = without(value, (inner, held) =>
      inner === 'server' || inner === 'servers' ? undefined : held,
    )
    // A load balancer of which only the endpoint is told is the default one.
    return rest.entries.size === 0 ? undefined : rest
  })
}

/** Keys whatever their case and order, scalars as text: `True` in a file and `true` in a tag are told apart, no more. */
function canonicalText(node: SourceNode): string {
  if (node.kind === 'scalar') return JSON.stringify(String(node.value))
  if (node.kind === 'list') return `[${node.items.map(canonicalText).join()}]`
  const entries = [...node.entries].map(
    ([key, value]) => `${JSON.stringify(key.toLowerCase())}:${canonicalText(value)}`,
  )
  return `{${entries.toSorted().join()}}`
}
