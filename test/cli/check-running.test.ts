import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startConsul } from '../peers/consul.ts'
import { FileApp, routesTo } from '../support/file-app.ts'
import { listenOn } from './listen-on.ts'
import { runGiven } from './run-given.ts'

const TOKEN = { TIDEGATE_API_TOKEN: 'a-token-for-tests' }
const API = ['--api.address=127.0.0.1:0', `--api.token=${TOKEN.TIDEGATE_API_TOKEN}`]

function start(): Promise<FileApp> {
  return FileApp.start({ routes: routesTo([1, 2]), flags: API })
}

test('check --diff: what would change in the running process', () =>
  inFolder(async (dir) => {
    await using it = await start()
    const url = `http://127.0.0.1:${it.app.adminPort}`
    const same = join(dir, 'same.json')
    await writeFile(same, JSON.stringify(routesTo([1, 2])))
    const none = await runGiven(['check', same, '--diff', url, WEB])
    assert.deepEqual(none, {
      code: 0,
      out: `${same}: valid: 1 router, 1 service\nno difference to what runs at ${url}\n`,
      err: '',
    })
    const changed = join(dir, 'changed.yml')
    await writeFile(changed, CHANGED)
    const some = await runGiven(['check', changed, '--diff', url, WEB])
    assert.equal(some.code, 0)
    assert.equal(
      some.out.slice(some.out.indexOf('\n') + 1),
      `compared with what runs at ${url}:
routers: 1 added, 1 changed
  ~ all@file
      priority: 15 → 23
      rule: PathPrefix(\`/\`) → Host(\`all.example.com\`)
  + new@file  Host(\`new.example.com\`) → all@file
endpoints: 1 added, 1 removed
  - all@file http://127.0.0.1:2  now ready
  + all@file http://127.0.0.1:3
middlewares: 1 added
  + auth@file  basicAuth
`
        .replace('priority: 15', /priority: \d+/.exec(some.out)![0])
        .replace(/rule: .* →/, /rule: .* →/.exec(some.out)![0]),
    )
    const json = await runGiven(['check', changed, `--diff=${url}`, '--format=json', WEB])
    const { diff } = JSON.parse(json.out) as { diff: Record<string, { name: string; change: string }[]> }
    assert.deepEqual(
      diff['routers']!.map(({ name, change }) => [name, change]),
      [
        ['all@file', 'changed'],
        ['new@file', 'added'],
      ],
    )
    assert.doesNotMatch(json.out + some.out, /apr1/)
    const colored = await runGiven(['check', changed, '--diff', url, WEB], {}, true)
    assert.match(colored.out, /\[32m {2}\+ new@file/)
  }))

const WEB = '--entryPoints.web.address=127.0.0.1:0'
const CHANGED = `http:
  routers:
    all: { rule: "Host(\`all.example.com\`)", service: all }
    new: { rule: "Host(\`new.example.com\`)", service: all }
  services:
    all: { loadBalancer: { servers: [{ url: "http://127.0.0.1:1" }, { url: "http://127.0.0.1:3" }] } }
  middlewares:
    auth: { basicAuth: { users: ["test:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/"] } }
`

test('check --diff: found by the configuration, with its token where that is wanted', async () => {
  await using it = await start()
  const args = [
    'check',
    '--diff',
    `--api.address=127.0.0.1:${it.app.adminPort}`,
    '--providers.file.filename=no.yml',
    WEB,
  ]
  const { code, out } = await runGiven(args, TOKEN)
  assert.equal(code, 1)
  assert.match(out, /^compared with .*\nrouters: 1 removed\n/)
})

test('check --diff: nobody there, or somebody else', async () => {
  const other = createServer((_, response) => response.writeHead(404).end('who?'))
  await using listening = await listenOn(other)
  const url = `http://127.0.0.1:${listening.port}`
  for (const [diff, err] of [
    [url, /answered 404\n {2}→ is this the admin API of Tidegate\?/],
    ['http://127.0.0.1:1', /could not be asked \(ECONNREFUSED\)/],
    ['', /`api` is not configured, so nobody answers/],
  ] as const) {
    const given = diff === '' ? '--diff' : `--diff=${diff}`
    const { code, out, err: told } = await runGiven(['check', 'test/golden/migrate/v3-routes.json', given])
    assert.equal(code, 2)
    assert.match(out, /valid: 1 router, 3 services/)
    assert.match(told, err)
  }
})

test('check --providers: what Consul would yield, and its mistakes with their places', async () => {
  await using consul = await startConsul()
  await consul.register({ id: 'web-1', name: 'web', address: '127.0.0.1', port: 9001, tags: ['v1'] })
  await consul.register({
    id: 'shop-1',
    name: 'shop',
    address: '127.0.0.1',
    port: 9002,
    tags: [
      'traefik.http.routers.shop.rule=Hots(`shop.example.com`)',
      'traefik.http.routers.shop.midlewares=a',
    ],
  })
  const flags = [
    `--providers.consulCatalog.endpoint.address=127.0.0.1:${consul.port}`,
    '--providers.consulCatalog.domain=example.com',
  ]
  const alone = await runGiven(['check', ...flags])
  assert.deepEqual([alone.code, alone.out], [0, 'the configuration: valid\n'])
  const { code, err } = await runGiven(['check', '--providers', ...flags])
  assert.equal(code, 1)
  assert.match(err, /^reading consulCatalog …\nconsulCatalog: \d+ instances\n/)
  assert.match(err, /shop-1.*\(consulcatalog\): error E202: .*`Hots`.*\n.*\n.*\n {2}→ did you mean `Host`\?/)
  assert.match(err, /midlewares.*shop-1.*error E101: .*\n(?:.*\n)*? {2}→ did you mean `middlewares`\?/)
})

test('check --providers: who does not answer is no error in the configuration', async () => {
  const refusing = ['--providers.consulCatalog.endpoint.address=127.0.0.1:1']
  const { code, err } = await runGiven(['check', '--providers', ...refusing])
  assert.equal(code, 2)
  assert.match(err, /consulCatalog: could not be read\n/)
  assert.match(err, /error E40\d/)
})

test('log-level: of the running process', async () => {
  await using it = await start()
  const flag = `--api.address=127.0.0.1:${it.app.adminPort}`
  assert.deepEqual(await runGiven(['log-level', 'DEBUG', flag], TOKEN), {
    code: 0,
    out: 'log level: debug\n',
    err: '',
  })
  const answer = await fetch(`http://127.0.0.1:${it.app.adminPort}/api/log-level`)
  assert.deepEqual(await answer.json(), { level: 'debug' })
  const forAWhile = await runGiven(['log-level', 'trace', '--for=5m', flag], TOKEN)
  assert.deepEqual(forAWhile, { code: 0, out: 'log level: trace for 5m\n', err: '' })
  const wrong = await runGiven(['log-level', 'info', '--for=ever', flag], TOKEN)
  assert.equal(wrong.code, 1)
  assert.match(wrong.err, /`for` is no time/)
  const nobody = await runGiven(['log-level', 'info', '--api.address=127.0.0.1:1'], TOKEN)
  assert.equal(nobody.code, 2)
})

async function inFolder(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'tidegate-check-'))
  try {
    await body(dir)
  } finally {
    await rm(dir, { recursive: true })
  }
}
