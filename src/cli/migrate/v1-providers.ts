import { normalizeConstraint } from './v1-constraints.ts'
import type { OldSection } from './old-section.ts'
import type { Drafts } from './v1.ts'

const SHARED = ['exposedByDefault', 'domain', 'prefix'] as const

/** `[file]`, `[consulCatalog]`, `[ecs]` and the key stores of Traefik 1. */
export function providers(root: OldSection, drafts: Drafts): void {
  const { file } = drafts
  root.carry(file, ['providers'], ['providersThrottleDuration'])
  const files = root.section('file')
  files?.carry(file, ['providers', 'file'], ['filename', 'directory', 'watch'])
  if (files && !file.has(['providers', 'file'])) file.say(['providers', 'file'], {}, files.origin)
  consulCatalog(root, drafts)
  ecs(root, drafts)
  for (const [old, today] of STORES) store(root.section(old), today, drafts)
}

function consulCatalog(root: OldSection, drafts: Drafts): void {
  const catalog = root.section('consulCatalog')
  if (!catalog) return
  const path = ['providers', 'consulCatalog']
  drafts.file.say(path, {}, catalog.origin)
  catalog.carry(drafts.file, path, [['endpoint', 'endpoint.address'], 'stale', ...SHARED])
  catalog.section('tls')?.carry(drafts.file, [...path, 'endpoint', 'tls'], TLS)
  constraints(root, catalog, path, 'Tag', drafts)
  defaultRule(catalog, 'frontEndRule', path, drafts)
}

function ecs(root: OldSection, drafts: Drafts): void {
  const old = root.section('ecs')
  if (!old) return
  const path = ['providers', 'ecs']
  drafts.file.say(path, {}, old.origin)
  old.carry(drafts.file, path, [
    'clusters',
    'autoDiscoverClusters',
    'refreshSeconds',
    'region',
    'accessKeyID',
    'secretAccessKey',
    ...SHARED,
  ])
  const cluster = old.text('cluster')
  if (cluster !== undefined) drafts.file.say([...path, 'clusters'], [cluster], old.origin)
  if (old.text('watch')?.toLowerCase() === 'false')
    drafts.say(old.origin, 'ECS is always followed; `ecs.watch = false` has no counterpart')
  constraints(root, old, path, 'Label', drafts)
}

/** Version 1 has only globs over tags, for each provider or for all. */
function constraints(
  root: OldSection,
  own: OldSection,
  path: readonly string[],
  noun: 'Tag' | 'Label',
  drafts: Drafts,
): void {
  const given = [...root.list('constraints'), ...own.list('constraints')]
  if (given.length === 0) return
  const written = given.map((one) => normalizeConstraint(one, noun))
  if (written.includes(undefined))
    drafts.say(own.origin, `a constraint of \`${own.path}\` is not understood`, 'write `constraints` by hand')
  const known = written.filter((one) => one !== undefined)
  if (known.length > 0) drafts.file.say([...path, 'constraints'], known.join(' && '), own.origin)
}

/** Only the plain form can be told in today's words. */
function defaultRule(old: OldSection, key: string, path: readonly string[], drafts: Drafts): void {
  const rule = old.text(key)
  if (rule === undefined) return
  const host = /^Host:\s*((?:\{\{\s*\.ServiceName\s*\}\}|\{\{\s*\.Domain\s*\}\}|[A-Za-z0-9.-])+)$/i.exec(
    rule.trim(),
  )?.[1]
  if (host === undefined) {
    drafts.say(
      old.origin,
      `\`${old.path}.${key}\` is a template that is not understood`,
      'write `defaultRule` by hand',
    )
    return
  }
  const domain = old.text('domain') ?? ''
  const template = host
    .replaceAll(/\{\{\s*\.ServiceName\s*\}\}/gi, '{{ normalize .Name }}')
    .replaceAll(/\{\{\s*\.Domain\s*\}\}/gi, domain)
  drafts.file.say([...path, 'defaultRule'], `Host(\`${template}\`)`, old.origin)
}

const TLS = ['ca', 'cert', 'key', 'insecureSkipVerify'] as const

const STORES = [
  ['consul', 'consul'],
  ['etcd', 'etcd'],
  ['zookeeper', 'zooKeeper'],
  ['redis', 'redis'],
] as const

/** Keys below the prefix have today's form, too: that is said, since nobody converts what is in the store. */
function store(old: OldSection | undefined, today: string, drafts: Drafts): void {
  if (!old) return
  const path = ['providers', today]
  drafts.file.say(path, {}, old.origin)
  const endpoints = old.list('endpoint')
  if (endpoints.length > 0) drafts.file.say([...path, 'endpoints'], endpoints, old.origin)
  const prefix = old.text('prefix')
  if (prefix !== undefined) drafts.file.say([...path, 'rootKey'], prefix.replace(/^\/+/, ''), old.origin)
  old.carry(drafts.file, path, ['username', 'password'])
  old.section('tls')?.carry(drafts.file, [...path, 'tls'], TLS)
  old.text('watch')
  drafts.say(
    old.origin,
    `keys in \`${old.path}\` have the form of version 3: \`http/routers/NAME/rule\` rather than \`frontends/NAME/routes/…\``,
    'write the keys anew before you switch over',
  )
}
