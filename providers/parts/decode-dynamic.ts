import { parseConfigText } from '../../src/config/file.ts'
import type { ConfigFormat } from '../../src/config/file.ts'
import type { Origin, Problem } from '../../src/config/problem.ts'
import { child, originWithKey, section } from '../../src/config/source-tree.ts'
import type { SectionNode, SourceNode } from '../../src/config/source-tree.ts'
import { didYouMean } from '../../src/config/suggest.ts'
import type { Snapshot, Update } from '../../src/discovery/provider.ts'
import { decodeInstances, notAList } from './decode-instances.ts'
import { findTemplate } from './find-template.ts'

const ROUTING = ['http', 'tcp', 'udp', 'tls']
const KNOWN = [...ROUTING, 'instances']
const VERSION_1 = new Set(['frontends', 'backends'])
const STATIC = new Set(
  [
    'entryPoints',
    'providers',
    'log',
    'accessLog',
    'api',
    'ping',
    'metrics',
    'tracing',
    'certificatesResolvers',
    'global',
    'experimental',
    'serversTransport',
  ].map((name) => name.toLowerCase()),
)

/**
 * What a text of dynamic configuration says: a snapshot, or its failure when nothing in it can be trusted. `source` is
 * where it came from, for messages; it tells the format by its ending where that is not given.
 */
export function decodeDynamic(text: string, source: string, part: string, format?: ConfigFormat): Update {
  const lines = text.split('\n')
  const template = findTemplate(lines, source)
  if (template) return { part, failure: withExcerpt(template, lines) }
  const { node, problems } = parseConfigText(text, source, format)
  const [first] = problems
  if (!node) return first ? { part, failure: first } : { part }
  if (node.kind !== 'section')
    return empty(node) ? { part } : { part, failure: withExcerpt(notSections(node.origin), lines) }
  const instances = child(node, 'instances')
  const failure = instances && notAList(instances)
  // Without this, a slip of the keyboard would take every instance out of service.
  if (failure) return { part, failure: withExcerpt(failure, lines) }
  return snapshot(node, part, problems, lines)
}

function snapshot(
  node: SectionNode,
  part: string,
  problems: readonly Problem[],
  lines: readonly string[],
): Snapshot {
  const routing = new Map<string, SourceNode>()
  const found: Problem[] = [...problems]
  const decoded: Snapshot['instances'][] = []
  for (const [key, value] of node.entries) {
    const name = key.toLowerCase()
    if (name === 'instances') {
      const { instances, problems: wrong } = decodeInstances(value)
      decoded.push(instances)
      found.push(...wrong)
    } else if (ROUTING.includes(name)) routing.set(name, value)
    else found.push(unknownSection(key, originWithKey(value)))
  }
  return {
    part,
    ...(decoded[0] ? { instances: decoded[0] } : {}),
    ...(routing.size > 0 ? { routing: section(routing, node.origin) } : {}),
    ...(found.length > 0 ? { problems: found.map((problem) => withExcerpt(problem, lines)) } : {}),
  }
}

function unknownSection(key: string, origin: Origin): Problem {
  const name = key.toLowerCase()
  if (VERSION_1.has(name)) {
    return {
      code: 'E108',
      severity: 'error',
      message: `\`${key}\` is configuration of Traefik 1`,
      remedy: 'translate the file with `tidegate migrate`',
      origin,
    }
  }
  const remedy = STATIC.has(name)
    ? 'it belongs in the static configuration, which is read at start'
    : (didYouMean(key, KNOWN) ?? `known here: ${KNOWN.join(', ')}`)
  return { code: 'E101', severity: 'error', message: `unknown key \`${key}\``, remedy, origin }
}

function empty(node: SourceNode): boolean {
  return node.kind === 'scalar' && (node.value === null || node.value === '')
}

function notSections(origin: Origin): Problem {
  const message = 'it holds no sections'
  return { code: 'E102', severity: 'error', message, remedy: `begin with one of ${KNOWN.join(', ')}`, origin }
}

const MAY_BE_SECRET = /passw|secret|token|users|auth|-----/i

/** A line that may hold a secret is never shown, nor one that is too long to be looked at. */
function withExcerpt(problem: Problem, lines: readonly string[]): Problem {
  const { line } = problem.origin
  const excerpt = line === undefined ? undefined : lines[line - 1]?.replace(/\r$/, '')
  if (problem.excerpt !== undefined || excerpt === undefined) return problem
  return excerpt.length > 200 || MAY_BE_SECRET.test(excerpt) ? problem : { ...problem, excerpt }
}
