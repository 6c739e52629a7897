import type { Problem } from './problem.ts'
import { child, originWithKey } from './source-tree.ts'
import type { SectionNode, SourceNode } from './source-tree.ts'

/** Top-level keys that Traefik knew up to 1.7 and that mean nothing in version 3. */
const OLD_KEYS: ReadonlySet<string> = new Set([
  'defaultentrypoints',
  'web',
  'frontends',
  'backends',
  'traefiklogsfile',
  'accesslogsfile',
  'traefiklog',
  'loglevel',
  'debug',
  'gracetimeout',
  'providersthrottleduration',
  'maxidleconnsperhost',
  'insecureskipverify',
  'rootcas',
  'retry',
  'healthcheck',
  'respondingtimeouts',
  'forwardingtimeouts',
  'lifecycle',
  'keeptrailingslash',
  'acme',
  'constraints',
  'docker',
  'file',
  'rest',
  'marathon',
  'mesos',
  'consul',
  'consulcatalog',
  'etcd',
  'zookeeper',
  'boltdb',
  'kubernetes',
  'ecs',
  'eureka',
  'rancher',
  'dynamodb',
  'servicefabric',
  'checknewversion',
  'sendanonymoususage',
])

const OLD_ENTRY_POINT_KEYS: ReadonlySet<string> = new Set([
  'redirect',
  'auth',
  'compress',
  'whitelist',
  'whitelistsourcerange',
])

/** One problem for each sign that this is configuration of Traefik 1; empty when there is none. */
export function oldTraefikProblems(root: SourceNode): Problem[] {
  if (root.kind !== 'section') return []
  const problems = signsIn(root, '', OLD_KEYS)
  const entryPoints = child(root, 'entryPoints')
  if (entryPoints?.kind === 'scalar' && /\bname\s*:/i.test(String(entryPoints.value))) {
    problems.push(problemAt('entryPoints', entryPoints.origin))
  }
  if (entryPoints?.kind !== 'section') return problems
  for (const [name, value] of entryPoints.entries) {
    if (value.kind === 'section')
      problems.push(...signsIn(value, `entryPoints.${name}.`, OLD_ENTRY_POINT_KEYS))
  }
  return problems
}

function signsIn({ entries }: SectionNode, prefix: string, signs: ReadonlySet<string>): Problem[] {
  return [...entries]
    .filter(([key]) => signs.has(key.toLowerCase()))
    .map(([key, value]) => problemAt(`${prefix}${key}`, originWithKey(value)))
}

function problemAt(key: string, origin: Problem['origin']): Problem {
  return {
    code: 'E108',
    severity: 'error',
    message: `\`${key}\` is configuration of Traefik 1, which is not read here`,
    remedy: 'convert it with `tidegate migrate traefik`; providers, for example, stand under `providers` now',
    origin,
  }
}
