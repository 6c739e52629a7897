import assert from 'node:assert/strict'
import { Ajv } from 'ajv'
import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { parseConfigText } from '../../src/config/file.ts'
import { toPlain } from '../../src/config/source-tree.ts'
import { runGiven } from './run-given.ts'

const STATIC = `entryPoints:
  web: { address: ":8000" }
log: { level: WARN }
api: { token: very-secret }
providers:
  consulCatalog:
    endpoint: { token: also-secret }
    refreshInterval: 90s
`

test('config show: everything that holds, and where each value comes from', () =>
  inFolder(async (dir) => {
    const file = join(dir, 'tidegate.yml')
    await writeFile(file, STATIC)
    const { code, out } = await runGiven(
      ['config', 'show', '--origin', `--configFile=${file}`, '--ping.entryPoint=web'],
      {
        TIDEGATE_LOG_FORMAT: 'json',
      },
    )
    assert.equal(code, 0)
    const told = out.replaceAll(dir, '$DIR').split('\n')
    for (const line of [
      '    address: :8000 # $DIR/tidegate.yml:2:19',
      '  level: warn # $DIR/tidegate.yml:3:15',
      '  format: json # TIDEGATE_LOG_FORMAT (environment)',
      '  entryPoint: web # --ping.entryPoint (flags)',
      '  terminatingStatusCode: 503 # default',
      '        idleTimeout: 3m # default',
      '    refreshInterval: 1m30s # $DIR/tidegate.yml:8:22',
      '  address: 127.0.0.1:8081 # default',
      'workers: 1 # default',
    ])
      assert.ok(told.includes(line), `${line}\nis not in\n${out}`)
    assert.doesNotMatch(out, /secret/)
  }))

test('config show: without origins it is a file that says the same', () =>
  inFolder(async (dir) => {
    const [file, again] = [join(dir, 'tidegate.yml'), join(dir, 'again.yml')]
    await writeFile(
      file,
      STATIC.replaceAll(/.*secret.*\n/g, '').replace('consulCatalog:\n', 'consulCatalog:\n    watch: true\n'),
    )
    const first = await runGiven(['config', 'show', `--configFile=${file}`])
    assert.doesNotMatch(first.out, /#/)
    await writeFile(again, first.out)
    const second = await runGiven(['config', 'show', `--configFile=${again}`])
    assert.deepEqual(second, { code: 0, out: first.out, err: '' })
  }))

test('config show: nothing of what is wrong', async () => {
  const { code, out, err } = await runGiven(['config', 'show', '--log.level=loud'])
  assert.deepEqual([code, out], [1, ''])
  assert.match(err, /^--log\.level \(flags\): error E102/)
})

test('config schema: what the repository shows as files is valid', async () => {
  const validate = { static: await validator('static'), dynamic: await validator('dynamic') }
  const files = execFileSync('git', ['ls-files', '*.yml', '*.yaml', '*.toml', '*.json'], { encoding: 'utf8' })
    .split('\n')
    .filter((file) => /^(?:examples|bench|scripts)\//.test(file))
  let seen = 0
  for (const file of files) {
    const { node } = parseConfigText(await readFile(file, 'utf8'), file)
    if (node?.kind !== 'section') continue
    const keys = [...node.entries.keys()]
    const kind = keys.includes('http') ? 'dynamic' : keys.includes('entryPoints') ? 'static' : undefined
    if (!kind) continue
    seen++
    assert.ok(validate[kind](toPlain(node)), `${file}: ${JSON.stringify(validate[kind].errors)}`)
  }
  // Files of the migration are real ones of other people's kind.
  const golden = new URL('../golden/migrate/', import.meta.url)
  for (const file of (await readdir(golden)).filter((name) => name.endsWith('.golden'))) {
    const [made = ''] = (await readFile(new URL(file, golden), 'utf8')).split('---- told')
    for (const document of made.split(/^# ---- .*$/m).filter((text) => text.trim() !== '')) {
      const plain = parse(document) as Record<string, unknown>
      const kind = 'http' in plain || 'tls' in plain ? 'dynamic' : 'static'
      assert.ok(validate[kind](plain), `${file}: ${JSON.stringify(validate[kind].errors)}`)
      seen++
    }
  }
  assert.ok(seen >= 6, `only ${seen}`)
})

const cases: [kind: 'static' | 'dynamic', text: string, valid: boolean][] = [
  ['static', 'ping: {}', true],
  ['static', 'ping:', true],
  ['static', 'ping: true', true],
  ['static', 'log: { level: debug }', true],
  ['static', 'log: { level: loud }', false],
  ['static', 'log: { levle: debug }', false],
  ['static', 'logs: {}', false],
  ['static', 'providers: { providersThrottleDuration: 2s, precedence: "file, ecs" }', true],
  ['static', 'providers: { ecs: { clusters: [a], refreshSeconds: 20 } }', true],
  ['static', 'providers: { ecs: { clusters: [a], refreshSecond: 20 } }', false],
  ['static', 'entryPoints: { web: { address: ":80", http: { maxHeaderBytes: 64KiB } } }', true],
  ['static', 'workers: 0', false],
  ['dynamic', 'http: { routers: { a: { rule: "Host(`a`)", service: s } } }', true],
  ['dynamic', 'http: { routers: { a: { rules: "Host(`a`)" } } }', false],
  ['dynamic', 'http: { middlewares: { a: { addPrefix: { prefix: /a } } } }', true],
  ['dynamic', 'http: { middlewares: { a: { addPrefix: {} } } }', false],
  ['dynamic', 'http: { middlewares: { a: { addPrefx: { prefix: /a } } } }', false],
  [
    'dynamic',
    'http: { services: { s: { loadBalancer: { servers: [{ url: "http://a" }], slowStart: 10 } } } }',
    true,
  ],
  ['dynamic', 'http: { services: { s: { loadBalancer: { server: [] } } } }', false],
  ['dynamic', 'tls: { certificates: [{ certFile: a, keyFile: b }] }', true],
  ['dynamic', 'tls: { certificates: [{ certFile: a }] }', false],
  ['dynamic', 'instances: [{ name: a, address: 127.0.0.1, port: 80, tags: [v1] }]', true],
  ['dynamic', 'tcp: { routers: {} }', true],
]
for (const [kind, text, valid] of cases) {
  test(`config schema: ${kind} ${text} is ${valid ? 'valid' : 'wrong'}`, async () => {
    const validate = await validator(kind)
    assert.equal(validate(parse(text)), valid, JSON.stringify(validate.errors))
  })
}

async function validator(kind: 'static' | 'dynamic') {
  const { code, out } = await runGiven(['config', 'schema', kind])
  assert.equal(code, 0)
  return new Ajv({ allowUnionTypes: true, allErrors: true }).compile(JSON.parse(out) as object)
}

async function inFolder(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'tidegate-config-'))
  try {
    await body(dir)
  } finally {
    await rm(dir, { recursive: true })
  }
}
