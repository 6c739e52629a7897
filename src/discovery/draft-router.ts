import { decodeSchema } from '../config/decode.ts'
import { fields } from '../config/fields.ts'
import type { Origin } from '../config/problem.ts'
import { routerOptions } from '../config/routing.ts'
import type { RouterConfig } from '../config/routing.ts'
import { child, section } from '../config/source-tree.ts'
import type { SourceNode } from '../config/source-tree.ts'
import { didYouMean } from '../config/suggest.ts'
import { parseRule } from '../routing/parser.ts'
import type { Rule } from '../routing/rule-tree.ts'
import { forbiddenReferences, isConfined } from './claims.ts'
import { complain, enumerate } from './complaint.ts'
import type { Complaint } from './complaint.ts'
import { drafting } from './draft.ts'
import type { DraftScope } from './draft.ts'
import { fullName } from './resource.ts'
import { sharing } from './shared.ts'

/** A router that is good by itself, before its service and middlewares have been looked up. */
export interface RouterDraft {
  readonly config: RouterConfig
  readonly rule: Rule
  readonly ruleText: string
  readonly priority: number
  readonly entryPoints: readonly string[]
  /** Full names of those in `config.middlewares`. */
  readonly middlewares: readonly string[]
  /** Full name of the one that is named, or the only one that may be meant; undefined when that is open. */
  readonly service: string | undefined
  /** The services of which one is meant when none is named. */
  readonly siblings: readonly string[]
  readonly origin: Origin
}

const ROUTER = fields.section('', routerOptions(fields))
/** What lies above is kept for routers that the program makes itself, such as redirections of entry points. */
const MAX_PRIORITY = Number.MAX_SAFE_INTEGER - 1_000

/** Validates a router by itself: options, rule, priority, entry points, and what its source may claim. */
export const draftRouter = drafting<RouterDraft>(function readRouter(scope) {
  const {
    definition: { node, origin, siblings },
    problems,
    resource,
    trusted,
  } = scope
  const priorityRefused = hasPriorityOutOfRange(scope)
  const decoded = decodeSchema(ROUTER, priorityRefused ? without(node, 'priority') : node, {
    resource,
    trusted,
  })
  problems.push(...decoded.problems)
  const config = decoded.value
  if (config === undefined) return undefined
  const rule = ruleOf(config, scope)
  const entryPoints = entryPointsOf(config, scope)
  if (priorityRefused || rule === undefined || entryPoints === undefined) return undefined
  if (!trusted && !mayClaim(scope, config, rule, entryPoints)) return undefined
  const ruleText = config.rule!
  const { provider } = scope.merged
  const service = config.service || (siblings.length === 1 ? siblings[0] : undefined)
  return {
    config,
    rule,
    ruleText,
    entryPoints: sharedNames(entryPoints),
    middlewares: sharedNames(config.middlewares.map((name) => fullName(name, provider))),
    service: service === undefined ? undefined : fullName(service, provider),
    siblings,
    origin,
    priority: config.priority || Buffer.byteLength(ruleText),
  }
})

const sharedNames = sharing<readonly string[]>()

function hasPriorityOutOfRange(scope: DraftScope): boolean {
  const priority = child(scope.definition.node, 'priority')
  if (priority?.kind !== 'scalar' || scope.merged.provider === 'internal') return false
  const { value } = priority
  const number = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value)
  if (Number.isNaN(number) || (number <= MAX_PRIORITY && number >= -MAX_PRIORITY)) return false
  report(scope, {
    code: 'E210',
    origin: priority.origin,
    message: `the priority ${String(value)} is out of range`,
    remedy: `use a number from -${MAX_PRIORITY} to ${MAX_PRIORITY}`,
  })
  return true
}

function without(node: SourceNode, key: string): SourceNode {
  if (node.kind !== 'section') return node
  return section(new Map([...node.entries].filter(([name]) => name.toLowerCase() !== key)), node.origin)
}

function ruleOf({ rule: text }: RouterConfig, scope: DraftScope): Rule | undefined {
  const {
    definition: { node, origin },
    context,
    resource,
  } = scope
  const place = child(node, 'rule')?.origin ?? origin
  if (text === undefined || text.trim() === '') {
    report(scope, {
      code: 'E103',
      origin: place,
      message: `${resource} has no rule`,
      remedy: 'set `rule`, such as Host(`www.example.com`)',
    })
    return undefined
  }
  const parsed = parseRule(text, context.matchers)
  if (!('error' in parsed)) return parsed.rule
  const { code, message, remedy, offset, length } = parsed.error
  report(scope, {
    code,
    origin: place,
    message: `rule \`${around(text, offset)}\`, character ${offset + 1}: ${message}`,
    remedy,
    within: { text, offset, length },
  })
  return undefined
}

/** Rules may be thousands of characters long; what is shown is where the error is. */
function around(text: string, offset: number): string {
  const [start, end] = [Math.max(0, offset - 80), offset + 80]
  return `${start > 0 ? '…' : ''}${text.slice(start, end)}${end < text.length ? '…' : ''}`
}

/** Undefined when none remains. Unknown ones cost only themselves. */
function entryPointsOf(config: RouterConfig, scope: DraftScope): readonly string[] | undefined {
  if (config.entryPoints.length === 0) return defaultEntryPoints(scope)
  const {
    definition: { node, origin },
    context,
  } = scope
  const names = context.entryPoints.map(({ name }) => name)
  const wanted = [...new Set(config.entryPoints)]
  for (const name of wanted.filter((one) => !names.includes(one))) {
    report(scope, {
      code: 'E208',
      origin: child(node, 'entryPoints')?.origin ?? origin,
      message: `unknown entry point \`${name}\``,
      remedy: didYouMean(name, names) ?? `known entry points: ${names.join(', ')}`,
    })
  }
  const known = wanted.filter((name) => names.includes(name))
  return known.length === 0 ? undefined : known
}

/** Instances that may claim only some entry points, and name none, get the default ones among those. */
function defaultEntryPoints(scope: DraftScope): readonly string[] | undefined {
  const {
    context: { entryPoints },
    merged: { options, provider },
    trusted,
    definition: { origin },
  } = scope
  const marked = entryPoints.filter(({ asDefault }) => asDefault)
  const usual = (marked.length > 0 ? marked : entryPoints.filter(({ internal }) => !internal)).map(
    ({ name }) => name,
  )
  const allowed = trusted ? [] : (options?.allowedEntryPoints ?? [])
  const chosen = allowed.length === 0 ? usual : usual.filter((name) => allowed.includes(name))
  if (chosen.length > 0) return chosen
  if (usual.length === 0)
    report(scope, {
      code: 'E208',
      origin,
      message: 'there is no entry point that routers use by default',
      remedy: 'name one with `entryPoints`',
    })
  else
    report(scope, {
      code: 'E212',
      origin,
      message: `instances of ${provider} may not use the default entry points (${usual.join(', ')})`,
      remedy: `name one of ${allowed.join(', ')} with \`entryPoints\``,
    })
  return undefined
}

function mayClaim(
  scope: DraftScope,
  config: RouterConfig,
  rule: Rule,
  entryPoints: readonly string[],
): boolean {
  const {
    merged: { options, provider },
    definition: { node, origin },
  } = scope
  if (options === undefined) return true
  const at = (key: string): Origin => child(node, key)?.origin ?? origin
  const complaints: Complaint[] = []
  if (!isConfined(rule, options.allowedHosts)) {
    complaints.push({
      code: 'E212',
      origin: at('rule'),
      message: `the rule \`${around(config.rule!, 0)}\` can match hosts that instances of ${provider} may not claim`,
      remedy: `confine it with Host(\`…\`) to the allowed hosts: ${enumerate(options.allowedHosts)}`,
    })
  }
  const points =
    options.allowedEntryPoints.length === 0
      ? []
      : entryPoints.filter((name) => !options.allowedEntryPoints.includes(name))
  if (points.length > 0) {
    complaints.push({
      code: 'E212',
      origin: at('entryPoints'),
      message: `instances of ${provider} may not use the entry point ${points.map((name) => `\`${name}\``).join(', ')}`,
      remedy: `allowed: ${enumerate(options.allowedEntryPoints)}`,
    })
  }
  const names = config.middlewares.map((name) => fullName(name, provider))
  for (const name of forbiddenReferences(names, provider, options.allowedMiddlewares)) {
    complaints.push({
      code: 'E212',
      origin: at('middlewares'),
      message: `instances of ${provider} may not refer to the middleware \`${name}\``,
      remedy: 'name it in `allowedMiddlewares` of the provider, or remove it from the tags',
    })
  }
  for (const complaint of complaints) report(scope, complaint)
  return complaints.length === 0
}

function report({ problems, resource }: DraftScope, complaint: Complaint): void {
  problems.push(complain({ ...complaint, resource }))
}
