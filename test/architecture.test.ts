import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { test } from 'node:test'
import { readSources } from './support/sources.ts'
import type { SourceFile } from './support/sources.ts'

const SOURCES = readSources('src', 'providers')

/** The plan is the contract between the two planes: plain data, which both may name. */
const ENGINE_OR_ABOVE = /^src\/(?:discovery|server|admin|cli|telemetry\/admin|app|main)\b(?!\/plan\.ts$)/

const ARROWS: [from: RegExp, mayNotImport: RegExp, because: string][] = [
  [
    /^src\/config\//,
    /^(?!src\/config\/)(?:src|providers)\//,
    'configuration is the ground floor: all others stand on it',
  ],
  [
    /^src\/routing\//,
    ENGINE_OR_ABOVE,
    'rules and the table are pure, and know neither where routes come from nor who asks',
  ],
  [/^src\/balancing\//, ENGINE_OR_ABOVE, 'endpoints live and die without knowing who discovered them'],
  [
    /^src\/proxy\//,
    ENGINE_OR_ABOVE,
    'the engine serves whatever plan it is given; nothing of the control plane may stall it',
  ],
  [
    /^src\/telemetry\//,
    ENGINE_OR_ABOVE,
    'whoever has something to tell calls telemetry, and never the other way round',
  ],
  [
    /^src\/explain\//,
    /^src\/(?:server|admin|cli|app|main)\b(?!\/plan\.ts$)/,
    'an explanation is made from plain data, whether of a running process or of files',
  ],
  [
    /^src\/discovery\//,
    /^src\/(?:server|admin|cli|app|main)\b(?!\/plan\.ts$)/,
    'discovery yields configuration, and does not know who serves it',
  ],
  [/^src\/server\//, /^src\/(?:admin|cli|app|main)\b/, 'only the composition root wires the parts together'],
  [/^src\/admin\//, /^src\/(?:cli|app|main)\b/, 'only the composition root wires the parts together'],
  [
    /^src\/(?!cli\/|main\.ts)/,
    /^src\/cli\//,
    'commands are the outermost layer: nothing but the program itself starts them',
  ],
  [
    /^src\/(?!cli\/|main\.ts)/,
    /^src\/app\.ts$/,
    'the composition root is started by commands and tests alone',
  ],
  [
    /./,
    /^src\/main\.ts$/,
    'the entry of the program reads argv and handles signals: importing it would run it',
  ],
  [/^src\//, /^providers\//, 'providers are found by folder: a new one is a new file, and no edit anywhere'],
  [/./, /^(?:test|scripts|bench|dashboard)\//, 'what ships must not need what does not'],
]
for (const [from, mayNotImport, because] of ARROWS) {
  test(`imports: ${from.source} ↛ ${mayNotImport.source}`, () => {
    const wrong = pairs((file, target) => from.test(file.path) && mayNotImport.test(target))
    assert.deepEqual(wrong, [], because)
  })
}

/** Folders of plug-ins, and what their files may import besides the parts that lie in folders below them. */
const PLUGINS: [folder: string, mayImport: RegExp, because: string][] = [
  [
    'src/middlewares',
    /^src\/(?:middleware\.ts|config\/|proxy\/(?:request|text-hash|http1\/normal-path)\.ts)/,
    'a middleware sees requests and responses, and no socket, service or provider',
  ],
  [
    'src/routing/matchers',
    /^src\/(?:routing\/matcher\.ts|config\/|proxy\/request\.ts)/,
    'a matcher sees the request alone',
  ],
  [
    'src/balancing/strategies',
    /^src\/(?:balancing\/strategy\.ts|proxy\/request\.ts)/,
    'a strategy picks one of the candidates that it is given',
  ],
  [
    'providers',
    /^src\/(?:discovery\/provider\.ts|config\/)/,
    'a provider yields instances, and knows no router, rule or middleware',
  ],
]
for (const [folder, mayImport, because] of PLUGINS) {
  test(`plug-ins: ${folder} → their contract`, () => {
    const below = (path: string): boolean => path.startsWith(`${folder}/`)
    const wrong = pairs((file, target) => below(file.path) && !below(target) && !mayImport.test(target))
    assert.deepEqual(wrong, [], because)
  })

  test(`plug-ins: ${folder} ↛ each other`, () => {
    const isPlugin = (path: string): boolean => posix.dirname(path) === folder
    const wrong = pairs((file, target) => file.path.startsWith(`${folder}/`) && isPlugin(target))
    assert.deepEqual(
      wrong,
      [],
      'one new thing is one new file: what two of them share lies in a folder below',
    )
  })
}

/** Where each package lives. A package that is used all over can never be replaced. */
const HOMES: Readonly<Record<string, RegExp>> = {
  '@aws-sdk/client-auto-scaling': /^providers\/ec2\//,
  '@aws-sdk/client-ec2': /^providers\/aws\//,
  '@aws-sdk/client-ecs': /^providers\/ecs\//,
  '@aws-sdk/client-sts': /^providers\/aws\//,
  '@redis/client': /^providers\/redis\//,
  bcryptjs: /^src\/server\//,
  commander: /^src\/cli\//,
  consul: /^providers\/consul\//,
  'hot-shots': /^src\/telemetry\//,
  'p-queue': /^(?:src\/(?:discovery|balancing\/health)|providers)\//,
  pino: /^src\/telemetry\//,
  'pino-pretty': /^src\/telemetry\//,
  re2js: /^src\/config\/regex\.ts$/,
  'smol-toml': /^src\/config\/formats\//,
  'toml-eslint-parser': /^src\/config\/formats\//,
  undici: /^(?:src\/(?:cli|balancing\/health|middlewares\/forward-auth)|providers\/(?:etcd|parts))\//,
  yaml: /^src\/config\/formats\//,
  zod: /^src\/config\//,
}
test('packages: each has one home', () => {
  const wrong = SOURCES.flatMap((file) =>
    file.imports
      .filter(({ isPackage, target }) => isPackage && !HOMES[target]?.test(file.path))
      .map(({ target }) => `${file.path} → ${target}`),
  )
  assert.deepEqual(wrong, [], 'a package is used through the one place that knows its quirks')
})

test('packages: the table of homes is the list of dependencies', () => {
  const { dependencies, optionalDependencies } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  ) as Record<'dependencies' | 'optionalDependencies', Record<string, string>>
  assert.deepEqual(Object.keys(HOMES), Object.keys({ ...dependencies, ...optionalDependencies }).toSorted())
})

test('src names no file of providers/', () => {
  const naming = SOURCES.filter(
    ({ path, text }) => path.startsWith('src/') && /['"`][^'"`\n]*providers\/[\w-]/.test(text),
  )
  assert.deepEqual(
    naming.map(({ path }) => path),
    [],
    'providers are found by folder',
  )
})

/** Of the program, and of its worker threads, which have a process object of their own. */
const ENTRIES = new Set(['src/main.ts', 'src/server/worker.ts'])
test('only the entry of the program reads argv and env, and sets the exit code', () => {
  const reading = SOURCES.filter(
    ({ path, text }) =>
      path.startsWith('src/') &&
      !ENTRIES.has(path) &&
      /\bprocess\.(?:argv|env|exit|exitCode|on|once)\b/.test(text),
  )
  assert.deepEqual(
    reading.map(({ path }) => path),
    [],
    'everything else is handed what it needs, and so can be tested',
  )
})

test('a worker loads no package but the one for regular expressions, and an HTTP client when it has to ask somebody', () => {
  const loaded = /^src\/(?:server\/worker\.ts|(?:middlewares|balancing\/strategies|routing\/matchers)\/)/
  const files = SOURCES.filter(({ path }) => loaded.test(path))
  assert.ok(files.some(({ path }) => path === 'src/server/worker.ts'))
  const packages = new Set(files.flatMap((file) => [...packagesLoadedBy(file)]))
  assert.deepEqual(
    [...packages],
    ['re2js (by src/config/regex.ts)', 'undici (by src/middlewares/forward-auth/auth-client.ts)'],
    'each is paid for in memory once per processor, and none may stall a request',
  )
})

test('what every start loads does not import node:http by name', () => {
  const importing = SOURCES.filter(
    ({ path, text }) =>
      !/^(?:providers\/consul|src\/admin)\//.test(path) &&
      /^import (?!type\b)[^'\n]* from 'node:https?'/m.test(text),
  )
  assert.deepEqual(
    importing.map(({ path }) => path),
    [],
    'it loads undici as well, 15 MiB in each thread; see src/proxy/status-text.ts',
  )
})

test('the longest files', (t) => {
  const longest = SOURCES.toSorted((a, b) => b.lines - a.lines).slice(0, 5)
  for (const { path, lines } of longest) t.diagnostic(`${lines} lines: ${path}`)
})

/** `file → target` for all imports of project files that `wrong` is true of. */
function pairs(wrong: (file: SourceFile, target: string) => boolean): string[] {
  return SOURCES.flatMap((file) =>
    file.imports
      .filter(({ isPackage, target }) => !isPackage && wrong(file, target))
      .map(({ target }) => `${file.path} → ${target}`),
  )
}

/** Packages that are loaded with the file, through whatever it imports. */
function packagesLoadedBy(start: SourceFile): Set<string> {
  const byPath = new Map(SOURCES.map((file) => [file.path, file]))
  const seen = new Set([start.path])
  const packages = new Set<string>()
  for (const path of seen) {
    for (const { target, isPackage, typeOnly } of byPath.get(path)?.imports ?? []) {
      if (typeOnly) continue
      if (isPackage) packages.add(`${target} (by ${path})`)
      else seen.add(target)
    }
  }
  return packages
}
