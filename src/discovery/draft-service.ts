import { decodeSchema } from '../config/decode.ts'
import { fields } from '../config/fields.ts'
import type { Origin } from '../config/problem.ts'
import { loadBalancerOptions, serviceOptions } from '../config/routing.ts'
import type { LoadBalancerConfig } from '../config/routing.ts'
import { child } from '../config/source-tree.ts'
import type { SourceNode } from '../config/source-tree.ts'
import { didYouMean } from '../config/suggest.ts'
import { withCanaryGroups } from './canary-groups.ts'
import { complain } from './complaint.ts'
import { draftComposite, kindsOf } from './draft-composite.ts'
import { drafting } from './draft.ts'
import { withSoundHealthCheck } from './draft-health-check.ts'
import type { DraftScope } from './draft.ts'
import { compareText } from './merge.ts'
import { DEFAULT_TRANSPORT_NAME } from '../server/plan.ts'
import { fullName } from './resource.ts'
import type { Endpoint, ResolvedService } from './routing-config.ts'
import { parseServerUrl } from './server-url.ts'
import { sharing } from './shared.ts'
import { soundSticky } from './sticky-checks.ts'
import { printable } from '../config/printable.ts'

const SERVICE = fields.section('', serviceOptions(fields))
const DEFAULT_LOAD_BALANCER: LoadBalancerConfig = fields.section('', loadBalancerOptions(fields)).parse({})
/** Validates a service by itself; its endpoints are the servers that it lists and the instances that serve it. */
export const draftService = drafting<ResolvedService>(function readService(scope) {
  const {
    definition: { node, origin },
    merged,
    problems,
    resource,
    trusted,
  } = scope
  const decoded = decodeSchema(SERVICE, node, { resource, trusted })
  problems.push(...decoded.problems)
  if (decoded.value === undefined) return undefined
  const kinds = kindsOf(node)
  if (kinds.length > 1) return saySeveralKinds(kinds, scope)
  const composite = draftComposite(decoded.value, scope)
  if (composite !== undefined) return composite.service
  const config = loadBalancerOf(decoded.value.loadBalancer, scope)
  if (config === undefined) return undefined
  const servers = trusted ? serverEndpoints(config, child(node, 'loadBalancer'), scope) : []
  if (servers === undefined) return undefined
  const endpoints = withCanaryGroups(union(servers, merged.endpoints), scope)
  const transport = transportOf(config, scope)
  if (transport === REFUSED) return undefined
  const sound = withSoundHealthCheck(withSoundChoice(config, scope), scope)
  return {
    kind: 'loadBalancer',
    // What its servers say is in the endpoints now.
    config: shared({ ...sound, servers: NO_SERVERS }),
    ...(transport !== undefined && { transport }),
    endpoints,
    origin,
  }
})

const shared = sharing<LoadBalancerConfig>()
const NO_SERVERS: LoadBalancerConfig['servers'] = []

const REFUSED = Symbol('refused')

/** The full name of the servers transport. What instances may refer to is bounded: it may hold the proxy's own key. */
function transportOf(
  { serversTransport }: LoadBalancerConfig,
  { merged, definition, problems, resource, trusted }: DraftScope,
): string | undefined | typeof REFUSED {
  if (serversTransport === undefined || serversTransport === '') return undefined
  const { provider, options } = merged
  const transport = fullName(serversTransport, provider)
  if (transport === DEFAULT_TRANSPORT_NAME) return undefined
  const allowed = trusted ? [] : (options?.allowedServersTransports ?? [])
  if (allowed.length === 0 || allowed.includes(transport)) return transport
  problems.push(
    complain({
      code: 'E212',
      origin: child(child(definition.node, 'loadBalancer'), 'serversTransport')?.origin ?? definition.origin,
      resource,
      message: `the servers transport \`${printable(transport, 80)}\` is not among those that instances of ${provider} may refer to`,
      remedy: 'add it to `allowedServersTransports` of the provider, or remove the tag',
    }),
  )
  return REFUSED
}

function saySeveralKinds(
  kinds: readonly string[],
  { definition, problems, resource }: DraftScope,
): undefined {
  problems.push(
    complain({
      code: 'E102',
      origin: definition.origin,
      resource,
      message: `${resource} has several kinds: ${kinds.map((kind) => `\`${kind}\``).join(', ')}`,
      remedy: 'define one service for each',
    }),
  )
}

function loadBalancerOf(
  config: LoadBalancerConfig | undefined,
  scope: DraftScope,
): LoadBalancerConfig | undefined {
  if (config !== undefined) return config
  const {
    definition: { origin },
    problems,
    resource,
    trusted,
  } = scope
  if (!trusted) return DEFAULT_LOAD_BALANCER
  problems.push(
    complain({
      code: 'E103',
      origin,
      resource,
      message: `${resource} has no \`loadBalancer\``,
      remedy: 'list its servers under `loadBalancer.servers`',
    }),
  )
  return undefined
}

/** What is wrong with the choice of endpoints costs no route. */
function withSoundChoice(config: LoadBalancerConfig, scope: DraftScope): LoadBalancerConfig {
  const node = child(scope.definition.node, 'loadBalancer')
  const strategy = knownStrategy(config.strategy, child(node, 'strategy'), scope)
  const sticky = soundSticky(config.sticky, child(node, 'sticky'), scope)
  return strategy === config.strategy && sticky === config.sticky ? config : { ...config, strategy, sticky }
}

function knownStrategy(
  written: string,
  node: SourceNode | undefined,
  { context: { strategies }, definition, problems, resource }: DraftScope,
): string {
  const name = written.toLowerCase()
  if (strategies.has(name)) return name
  problems.push(
    complain({
      code: 'E102',
      origin: node?.origin ?? definition.origin,
      resource,
      message: `\`loadBalancer.strategy\`: there is no strategy \`${printable(written)}\`; \`wrr\` is used`,
      remedy: didYouMean(name, strategies) ?? `known: ${[...strategies].join(', ')}`,
    }),
  )
  return 'wrr'
}

/** Undefined when servers are listed and not one of them is good; otherwise a wrong one costs only itself. */
function serverEndpoints(
  config: LoadBalancerConfig,
  node: SourceNode | undefined,
  scope: DraftScope,
): Endpoint[] | undefined {
  const single = child(node, 'server')
  if (single)
    noEffect(
      scope,
      single.origin,
      '`loadBalancer.server` is for tags and has no effect here',
      'list servers under `loadBalancer.servers`',
    )
  const nodes = itemsOf(child(node, 'servers'))
  const endpoints = config.servers.flatMap((server, i) => serverEndpoint(server, i, nodes[i], scope) ?? [])
  return endpoints.length === 0 && config.servers.length > 0 ? undefined : endpoints
}

type ServerConfig = LoadBalancerConfig['servers'][number]

function serverEndpoint(
  server: ServerConfig,
  index: number,
  node: SourceNode | undefined,
  scope: DraftScope,
): Endpoint | undefined {
  const { problems, resource, definition } = scope
  const key = `loadBalancer.servers[${index}]`
  const origin = (name: string): Origin => child(node, name)?.origin ?? node?.origin ?? definition.origin
  for (const name of ['port', 'scheme']) {
    if (child(node, name))
      noEffect(
        scope,
        origin(name),
        `\`${key}.${name}\` is for tags and has no effect here`,
        'write it into `url`',
      )
  }
  if (server.url === undefined) {
    problems.push(
      complain({
        code: 'E103',
        origin: origin('url'),
        resource,
        message: `\`${key}.url\` is required`,
        remedy: 'write it as `http://host:port`',
      }),
    )
    return undefined
  }
  const parsed = parseServerUrl(server.url)
  if ('code' in parsed) {
    const { code, message, remedy } = parsed
    problems.push(
      complain({ code, origin: origin('url'), resource, message: `\`${key}.url\` ${message}`, remedy }),
    )
    return undefined
  }
  if (parsed.path !== '' && !server.preservePath) {
    noEffect(
      scope,
      origin('url'),
      `the path of \`${key}.url\` has no effect`,
      'set `preservePath: true` to put it in front of request paths',
    )
  }
  const { scheme, host, port } = parsed
  const pathPrefix = server.preservePath ? parsed.path : ''
  const url = urlOf(scheme, host, port, pathPrefix)
  // As a rule it is what was written, which is kept already.
  return { key: url === server.url ? server.url : url, scheme, host, port, pathPrefix, weight: server.weight }
}

/** Lists come as such, or from stores as sections whose keys are indexes, which decoding sorts. */
function itemsOf(node: SourceNode | undefined): readonly SourceNode[] {
  if (node?.kind === 'list') return node.items
  if (node?.kind !== 'section') return []
  return [...node.entries].toSorted(([a], [b]) => Number(a) - Number(b)).map(([, item]) => item)
}

function urlOf(scheme: string, host: string, port: number, pathPrefix: string): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${pathPrefix}`
}

/** The first of several with one key stays: the operator's before an instance's. */
function union(servers: readonly Endpoint[], instances: readonly Endpoint[]): readonly Endpoint[] {
  if (servers.length === 0) return instances
  const byKey = new Map([...instances, ...servers.toReversed()].map((endpoint) => [endpoint.key, endpoint]))
  return [...byKey.values()].sort((a, b) => compareText(a.key, b.key))
}

function noEffect({ problems, resource }: DraftScope, origin: Origin, message: string, remedy: string): void {
  problems.push(complain({ code: 'E106', severity: 'warning', origin, resource, message, remedy }))
}
