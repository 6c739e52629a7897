import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeOrigin } from '../../src/config/problem.ts'
import { load } from './load-given.ts'
import type { Given } from './load-given.ts'

const YAML = { 'tidegate.yml': 'log:\n  level: debug\n' }

const precedence: [name: string, given: Given, level: string, origin: string | undefined][] = [
  ['nothing', {}, 'info', undefined],
  ['file', { files: YAML }, 'debug', 'tidegate.yml:2:10'],
  [
    'environment over file',
    { files: YAML, env: { TIDEGATE_LOG_LEVEL: 'warn' } },
    'warn',
    'TIDEGATE_LOG_LEVEL (environment)',
  ],
  [
    'the other prefix over file',
    { files: YAML, env: { TRAEFIK_LOG_LEVEL: 'warn' } },
    'warn',
    'TRAEFIK_LOG_LEVEL (environment)',
  ],
  [
    'our prefix over the other',
    { env: { TRAEFIK_LOG_LEVEL: 'warn', TIDEGATE_LOG_LEVEL: 'error' } },
    'error',
    'TIDEGATE_LOG_LEVEL (environment)',
  ],
  [
    'flag over all',
    { files: YAML, env: { TIDEGATE_LOG_LEVEL: 'warn' }, flags: ['--log.level=error'] },
    'error',
    '--log.level (flags)',
  ],
  ['flag and value apart', { flags: ['--log.level', 'error'] }, 'error', '--log.level (flags)'],
  ['flag in other letters', { flags: ['--LOG.Level=ERROR'] }, 'error', '--LOG.Level (flags)'],
  [
    'file named by flag',
    { files: { ...YAML, 'x.toml': '[log]\nlevel = "trace"' }, flags: ['--configfile=x.toml'] },
    'trace',
    'x.toml:2:9',
  ],
  [
    'file named by variable',
    { files: { 'x.json': '{"log":{"level":"trace"}}' }, env: { TIDEGATE_CONFIGFILE: 'x.json' } },
    'trace',
    'x.json:1:17',
  ],
  [
    'our file before the other',
    { files: { ...YAML, 'traefik.yml': 'log: { level: warn }' } },
    'debug',
    'tidegate.yml:2:10',
  ],
  ['the other file', { files: { 'traefik.toml': 'log.level = "warn"' } }, 'warn', 'traefik.toml:1:13'],
  [
    'here before the system',
    {
      files: { '/etc/tidegate/tidegate.yml': 'log: { level: warn }', 'traefik.yml': 'log: { level: error }' },
    },
    'error',
    'traefik.yml:1:15',
  ],
  [
    'of the system',
    { files: { '/etc/traefik/traefik.yml': 'log: { level: warn }' } },
    'warn',
    '/etc/traefik/traefik.yml:1:15',
  ],
]
for (const [name, given, level, origin] of precedence) {
  test(`precedence: ${name}`, async () => {
    const { config, origins, problems } = await load(given)
    assert.deepEqual(problems, [])
    assert.equal(config?.log.level, level)
    const found = origins.get('log.level')
    assert.equal(found && describeOrigin(found), origin)
  })
}

test('each value of a section keeps its own origin', async () => {
  const { config, origins } = await load({
    files: { 'tidegate.yml': 'entryPoints: { web: { address: ":8000", asDefault: true } }' },
    env: { TIDEGATE_ENTRYPOINTS_WEB_HTTP_MIDDLEWARES: 'a@file,b@file' },
    flags: ['--entrypoints.Web.ADDRESS=:9000'],
  })
  const web = config?.entryPoints.get('web')
  assert.deepEqual(web?.listen, { host: '', port: 9000, protocol: 'tcp' })
  assert.equal(web?.asDefault, true)
  assert.deepEqual(web?.http.middlewares, ['a@file', 'b@file'])
  assert.deepEqual(
    [...origins].map(([path, origin]) => [path, origin.source]),
    [
      ['entryPoints.web.address', 'flags'],
      ['entryPoints.web.asDefault', 'tidegate.yml'],
      ['entryPoints.web.http.middlewares', 'environment'],
    ],
  )
})

const flagForms: [
  name: string,
  flags: string[],
  at: (loaded: Awaited<ReturnType<typeof load>>) => unknown,
  expected: unknown,
][] = [
  [
    'a switch',
    ['--providers.consulCatalog'],
    ({ config }) => config?.providers.sources.get('consulCatalog')?.['watch'],
    true,
  ],
  [
    'a switch and a value of the same section',
    ['--providers.consulcatalog', '--providers.consulcatalog.watch=false'],
    ({ config }) => config?.providers.sources.get('consulCatalog')?.['watch'],
    false,
  ],
  ['a switch that says false', ['--ping', 'false'], ({ config }) => config?.ping, undefined],
  [
    'a list by commas',
    ['--providers.consulCatalog.prefix=a,b'],
    ({ config }) => config?.providers.sources.get('consulCatalog')?.['prefix'],
    ['a', 'b'],
  ],
  [
    'a list by several flags',
    ['--providers.consulCatalog.prefix=a', '--providers.consulCatalog.prefix=b'],
    ({ config }) => config?.providers.sources.get('consulCatalog')?.['prefix'],
    ['a', 'b'],
  ],
  [
    'a list by index',
    ['--providers.consulCatalog.prefix[0]=a', '--providers.consulCatalog.prefix[1]=b'],
    ({ config }) => config?.providers.sources.get('consulCatalog')?.['prefix'],
    ['a', 'b'],
  ],
  [
    'a value with an equals sign',
    ['--providers.file.filename=a=b'],
    ({ config }) => config?.providers.sources.get('file')?.['filename'],
    'a=b',
  ],
  [
    'a duration',
    ['--providers.providersThrottleDuration=1m30s'],
    ({ config }) => config?.providers.providersThrottleDuration,
    90_000,
  ],
]
for (const [name, flags, at, expected] of flagForms) {
  test(`flags: ${name}`, async () => {
    const loaded = await load({ flags })
    assert.deepEqual(loaded.problems, [])
    assert.deepEqual(at(loaded), expected)
  })
}

test('a secret is read from the file that a variable names', async () => {
  const { config, problems } = await load({
    files: { '/run/secrets/token': 'hunter2\n' },
    env: { TIDEGATE_PROVIDERS_CONSULCATALOG_ENDPOINT_TOKEN_FILE: '/run/secrets/token' },
  })
  assert.deepEqual(problems, [])
  assert.deepEqual(config?.providers.sources.get('consulCatalog')?.['endpoint'], {
    address: '127.0.0.1:8500',
    token: 'hunter2',
  })
})

test('variables that platforms set for a service of our name are no configuration', async () => {
  const env = {
    TIDEGATE_SERVICE_HOST: '10.0.0.1',
    TIDEGATE_PORT: 'tcp://10.0.0.1:80',
    TIDEGATE_PORT_80_TCP_ADDR: '10.0.0.1',
  }
  assert.deepEqual((await load({ env })).problems, [])
})

const entryPoints: [name: string, text: string, expected: [string, string][]][] = [
  ['none', '', [['http', ':80']]],
  [
    'none, and ping',
    'ping: {}',
    [
      ['http', ':80'],
      ['traefik', ':8080'],
    ],
  ],
  [
    'own, and ping',
    'ping: {}\nentryPoints: { web: { address: ":1" } }',
    [
      ['web', ':1'],
      ['traefik', ':8080'],
    ],
  ],
  ['own of the internal name', 'ping: {}\nentryPoints: { traefik: { address: ":1" } }', [['traefik', ':1']]],
  ['ping elsewhere', 'ping: { entryPoint: web }\nentryPoints: { web: { address: ":1" } }', [['web', ':1']]],
]
for (const [name, text, expected] of entryPoints) {
  test(`entry points: ${name}`, async () => {
    const { config, problems } = await load({ files: { 'tidegate.yml': text } })
    assert.deepEqual(problems, [])
    assert.deepEqual(
      [...config!.entryPoints].map(([key, { address }]) => [key, address]),
      expected,
    )
  })
}

test('defaults are those of Traefik, but for the documented ones', async () => {
  const { config } = await load({ files: { 'tidegate.yml': 'accessLog:\nping:' } })
  const { transport, forwardedHeaders, internal } = config!.entryPoints.get('http')!
  assert.deepEqual(transport, {
    lifeCycle: { requestAcceptGraceTimeout: 0, graceTimeOut: 10_000 },
    respondingTimeouts: {
      headersTimeout: 10_000,
      readTimeout: 60_000,
      writeTimeout: 0,
      idleTimeout: 180_000,
    },
    minRequestRate: 240,
    minResponseRate: 240,
    maxConnections: 100_000,
    maxConnectionsPerClient: 0,
    abortOnClose: false,
    keepAliveMaxTime: 0,
    keepAliveMaxRequests: 0,
  })
  assert.deepEqual(forwardedHeaders, {
    insecure: false,
    trustedIPs: [],
    connection: [],
    notAppendXForwardedFor: false,
    addXForwardedSchemeHeaders: false,
  })
  assert.equal(internal, false)
  assert.equal(config?.entryPoints.get('traefik')?.internal, true)
  assert.deepEqual(config?.ping, { entryPoint: 'traefik', manualRouting: false, terminatingStatusCode: 503 })
  assert.deepEqual(config?.accessLog, {
    format: 'common',
    bufferingSize: 0,
    addInternals: false,
    filters: { statusCodes: [], retryAttempts: false, minDuration: 0 },
    fields: {
      defaultMode: 'keep',
      names: {},
      headers: { defaultMode: 'drop', names: {} },
      queryParameters: { defaultMode: 'keep' },
    },
  })
  assert.equal(config?.providers.providersThrottleDuration, 100)
  assert.equal(config?.workers, 4)
})

const old: [name: string, given: Given, expected: string[]][] = [
  [
    'a file',
    { files: { 'traefik.toml': 'defaultEntryPoints = ["http"]\n[web]\n' } },
    ['traefik.toml:1:1 `defaultEntryPoints`', 'traefik.toml:2:2 `web`'],
  ],
  [
    'a redirect',
    {
      files: {
        'traefik.toml': '[entryPoints.http]\naddress=":80"\n[entryPoints.http.redirect]\nentryPoint="https"',
      },
    },
    ['traefik.toml:3:19 `entryPoints.http.redirect`'],
  ],
  [
    'frontends',
    { files: { 'traefik.toml': '[frontends.a]\nbackend="b"' } },
    ['traefik.toml:1:2 `frontends`'],
  ],
  ['a switch', { flags: ['--web'] }, ['--web (flags) `web`']],
  [
    'a provider',
    { flags: ['--ecs.clusters=a', '--docker'] },
    ['--ecs.clusters (flags) `ecs`', '--docker (flags) `docker`'],
  ],
  [
    'an entry point',
    { flags: ['--entryPoints=Name:http Address::80'] },
    ['--entryPoints (flags) `entryPoints`'],
  ],
]
for (const [name, given, expected] of old) {
  test(`Traefik 1: ${name}`, async () => {
    const { config, problems } = await load(given)
    assert.equal(config, undefined)
    assert.deepEqual(
      problems.map(({ origin, message }) => `${describeOrigin(origin)} ${message.split(' is ')[0]}`),
      expected,
    )
    assert.ok(
      problems.every(({ code, remedy }) => code === 'E108' && remedy?.includes('`tidegate migrate traefik`')),
    )
  })
}

const pending = [
  'api: { dashboard: true }',
  'metrics: { otlp: {} }',
  'metrics: { influxDB2: { address: x } }',
  'certificatesResolvers: { a: {} }',
  'providers: { nomad: {} }',
  'experimental: {}',
  'entryPoints: { web: { address: ":1", http3: {} } }',
  'accessLog: { dualOutput: true }',
]
for (const text of pending) {
  test(`not built yet: ${text}`, async () => {
    const { config, problems } = await load({ files: { 'tidegate.yml': text } })
    assert.ok(config)
    assert.deepEqual(
      problems.map(({ code, severity }) => [code, severity]),
      [['E105', 'warning']],
    )
    assert.deepEqual([...config.providers.sources], [])
  })
}
