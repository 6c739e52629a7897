import { decodeSchema } from '../config/decode.ts'
import { fields } from '../config/fields.ts'
import type { Shape } from '../config/fields.ts'
import { originWithKey } from '../config/source-tree.ts'
import type { SourceNode } from '../config/source-tree.ts'
import { didYouMean } from '../config/suggest.ts'
import type { MiddlewareDefinition } from '../middleware.ts'
import { forbiddenReferences, mayDefine } from './claims.ts'
import { complain, enumerate } from './complaint.ts'
import type { Complaint } from './complaint.ts'
import { drafting } from './draft.ts'
import type { DraftScope } from './draft.ts'
import { fullName } from './resource.ts'
import type { ResolvedMiddleware } from './routing-config.ts'
import type { RoutingContext } from './source.ts'

/** Every kind of the configuration language; those without a definition are not built yet. */
const KNOWN_KINDS = [
  'addPrefix',
  'basicAuth',
  'buffering',
  'chain',
  'circuitBreaker',
  'compress',
  'contentType',
  'digestAuth',
  'encodedCharacters',
  'errors',
  'forwardAuth',
  'grpcWeb',
  'headers',
  'inFlightReq',
  'ipAllowList',
  'ipWhiteList',
  'passTLSClientCert',
  'rateLimit',
  'redirectRegex',
  'redirectScheme',
  'replacePath',
  'replacePathRegex',
  'retry',
  'stripPrefix',
  'stripPrefixRegex',
]

/** Validates a middleware by itself: exactly one kind, whose options its definition describes. */
export const draftMiddleware = drafting<ResolvedMiddleware>(function readMiddleware(scope) {
  const kind = kindOf(scope)
  if (kind === undefined) return undefined
  const {
    definition: { origin },
    problems,
    resource,
    trusted,
  } = scope
  const decoded = decodeSchema(schemaOf(kind.definition), kind.node, { resource, trusted })
  problems.push(...decoded.problems)
  if (decoded.value === undefined) return undefined
  const complaint = kind.definition.check?.(decoded.value)
  if (complaint !== undefined)
    return refuse(scope, {
      code: 'E102',
      origin: kind.node.origin,
      message: `\`${kind.type}\`: ${complaint}`,
    })
  const services = kind.definition
    .services?.(decoded.value)
    .map((name) => fullName(name, scope.merged.provider))
  const value = { type: kind.type, options: decoded.value, origin, ...(services && { services }) }
  return isAllowed(scope, kind, value) ? value : undefined
})

interface KindNode {
  readonly type: string
  readonly definition: MiddlewareDefinition
  readonly node: SourceNode
}

function kindOf(scope: DraftScope): KindNode | undefined {
  const {
    definition: { node, origin },
    context,
    resource,
  } = scope
  if (node.kind !== 'section' || node.entries.size === 0) {
    return refuse(scope, {
      code: 'E103',
      origin,
      message: `${resource} has no kind`,
      remedy: 'name one below it, such as `stripPrefix`',
    })
  }
  if (node.entries.size > 1) {
    const kinds = enumerate([...node.entries.keys()].map((key) => `\`${key}\``))
    return refuse(scope, {
      code: 'E102',
      origin,
      message: `${resource} has several kinds: ${kinds}`,
      remedy: 'define one middleware for each, and a `chain` of them',
    })
  }
  const [[key, value]] = [...node.entries] as [[string, SourceNode]]
  const at = originWithKey(value)
  if (key.toLowerCase() === 'plugin') return pluginOf(scope, value, at)
  const type = typeNamed(context, key) ?? typeNamed(context, `plugin.${key}`)
  if (type === undefined) return unknownKind(scope, key, at)
  return { type, definition: context.middlewares.get(type)!, node: value }
}

function typeNamed({ middlewares }: RoutingContext, wanted: string): string | undefined {
  return [...middlewares.keys()].find((name) => name.toLowerCase() === wanted.toLowerCase())
}

/** `plugin: { name: {…options} }`, as in Traefik. */
function pluginOf(scope: DraftScope, node: SourceNode, origin: Complaint['origin']): KindNode | undefined {
  if (node.kind !== 'section' || node.entries.size !== 1)
    return refuse(scope, {
      code: 'E103',
      origin,
      message: '`plugin` must hold the name of one plugin, and its options below that',
    })
  const [[name, options]] = [...node.entries] as [[string, SourceNode]]
  const type = typeNamed(scope.context, `plugin.${name}`)
  if (type === undefined) return unknownKind(scope, name, originWithKey(options), 'plugin.')
  return { type, definition: scope.context.middlewares.get(type)!, node: options }
}

function unknownKind(
  scope: DraftScope,
  key: string,
  origin: Complaint['origin'],
  prefix: '' | 'plugin.' = '',
): undefined {
  const failures = [...(scope.context.failedPlugins ?? [])]
  const failed = failures.find(([name]) => name.toLowerCase() === key.toLowerCase())
  if (failed !== undefined) {
    return refuse(scope, {
      code: 'E231',
      origin,
      message: `the plugin \`${failed[0]}\` cannot be used: ${failed[1]}`,
    })
  }
  if (prefix !== '') return unknownPlugin(scope, key, origin)
  const known = KNOWN_KINDS.find((name) => name.toLowerCase() === key.toLowerCase())
  if (known !== undefined) {
    return refuse(scope, {
      code: 'E105',
      origin,
      message: `middlewares of the kind \`${known}\` are understood but not built yet`,
    })
  }
  const names = [...scope.context.middlewares.keys()]
  const remedy = didYouMean(key, names) ?? `known kinds: ${names.toSorted().join(', ')}`
  return refuse(scope, { code: 'E207', origin, message: `unknown kind of middleware \`${key}\``, remedy })
}

function unknownPlugin(scope: DraftScope, key: string, origin: Complaint['origin']): undefined {
  const names = [...scope.context.middlewares.keys()].flatMap((type) =>
    type.startsWith('plugin.') ? [type.slice('plugin.'.length)] : [],
  )
  const known =
    names.length === 0
      ? 'name its file in `plugins` of the static configuration'
      : `known: ${names.join(', ')}`
  const remedy = didYouMean(key, names) ?? known
  return refuse(scope, { code: 'E207', origin, message: `unknown plugin \`${key}\``, remedy })
}

function isAllowed(
  { merged, problems, resource, trusted, definition }: DraftScope,
  kind: KindNode,
  value: ResolvedMiddleware,
): boolean {
  const allowed = trusted ? [] : (merged.options?.allowedMiddlewares ?? [])
  const { origin } = definition
  const remedy = 'name it in `allowedMiddlewares` of the provider, or remove it from the tags'
  if (!mayDefine(kind.type, allowed)) {
    problems.push(
      complain({
        code: 'E212',
        origin,
        resource,
        message: `instances of ${merged.provider} may not define middlewares of the kind \`${kind.type}\``,
        remedy,
      }),
    )
    return false
  }
  const members = kind.definition.expand?.(value.options).map((name) => fullName(name, merged.provider)) ?? []
  const forbidden = forbiddenReferences(members, merged.provider, allowed)
  for (const name of forbidden) {
    problems.push(
      complain({
        code: 'E212',
        origin,
        resource,
        message: `instances of ${merged.provider} may not refer to the middleware \`${name}\``,
        remedy,
      }),
    )
  }
  return forbidden.length === 0
}

const schemas = new WeakMap<MiddlewareDefinition, ReturnType<typeof fields.section<Shape>>>()

/** Making a schema costs far more than using it. */
function schemaOf(definition: MiddlewareDefinition): ReturnType<typeof fields.section<Shape>> {
  const known = schemas.get(definition)
  if (known) return known
  const made = fields.section('', definition.options(fields))
  schemas.set(definition, made)
  return made
}

function refuse({ problems, resource }: DraftScope, complaint: Complaint): undefined {
  problems.push(complain({ ...complaint, resource }))
  return undefined
}
