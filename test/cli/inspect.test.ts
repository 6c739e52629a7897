import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SAMPLE_ROUTES } from '../admin/sample-routes.ts'
import { FileApp } from '../support/file-app.ts'
import { refusingPort } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'
import { runGiven, startGiven } from './run-given.ts'

function start(): Promise<FileApp> {
  return FileApp.start({ routes: SAMPLE_ROUTES, flags: ['--api.address=127.0.0.1:0'] })
}

function at(it: FileApp): string {
  return `--address=127.0.0.1:${it.app.adminPort}`
}

const TABLES: readonly (readonly [command: string, head: RegExp, row: RegExp])[] = [
  [
    'routes',
    /^ROUTER +RULE +PRIORITY +ENTRY POINTS +SERVICE +STATUS$/,
    /^long@file +Host.* 44 +web +split@file +enabled$/m,
  ],
  ['routes', /^ROUTER/, /^typo@file +disabled$/m],
  [
    'services',
    /^SERVICE +KIND +UP +USED BY +STATUS$/,
    /^api@file +loadbalancer +2 of 2 +old@file.* enabled$/m,
  ],
  [
    'endpoints',
    /^SERVICE +URL +INSTANCE +STATE +SINCE +WEIGHT +REASON$/,
    /^api@file +http:\/\/127\.0\.0\.1:2 +ready +\d+ s +3 +discovered$/m,
  ],
  ['providers', /^PROVIDER +STATE +LAST ANSWER +INSTANCES/, /^file +ok +\d+ s ago +0 +0 +0$/m],
]
for (const [command, head, row] of TABLES) {
  test(`${command}: a table that fits, and JSON`, async () => {
    await using it = await start()
    const { code, out, err } = await runGiven([command, at(it)])
    assert.deepEqual([code, err], [0, ''])
    const lines = out.trimEnd().split('\n')
    assert.match(lines[0]!, head)
    assert.match(out, row)
    for (const line of lines) assert.ok(line.length <= 100, line)
    const json = await runGiven([command, '--json', at(it)])
    assert.ok((JSON.parse(json.out) as unknown[]).length > 0)
  })
}

test('endpoints of one service', async () => {
  await using it = await start()
  const { out } = await runGiven(['endpoints', '--service=idle@file', at(it)])
  assert.equal(out, 'there are no endpoints\n')
})

test('problems: each with its place and what to do; the exit code tells whether there are errors', async () => {
  await using it = await start()
  const { code, out } = await runGiven(['problems', at(it)])
  assert.equal(code, 1)
  assert.match(
    out,
    /routes\.json:\d+:\d+: error E202: .*unknown matcher `Hots`.*\n(?: +[|].*\n)* +→ did you mean `Host`\?/,
  )
  assert.match(out, /\n\n\d+ errors\n$/)
  await it.write({ http: {} })
  await until('nothing wrong', () => it.app.problems.length === 0)
  assert.deepEqual(await runGiven(['problems', at(it)]), {
    code: 0,
    out: 'everything is served as written\n',
    err: '',
  })
})

test('explain: by the running process', async () => {
  await using it = await start()
  const { code, out } = await runGiven([
    'explain',
    'http://api.example.com/v2/x',
    '--method=POST',
    '--header=X-A: 1',
    '--client-ip=10.0.0.9',
    '--entry-point=web',
    at(it),
  ])
  assert.equal(code, 0)
  assert.match(
    out,
    /^POST http:\/\/api\.example\.com\/v2\/x → router `long@file` → service `split@file`, and not `short@file`/,
  )
  assert.match(out, /^not taken +short@file: Host\(`api\.example\.com`\) \(priority 23\)$/m)
  assert.match(out, /^ +here: \/v2\/x becomes \/x$/m)
  assert.match(out, /^ +75 %: api@file \(loadBalancer\)/m)
  assert.match(out, /^ +yes +http:\/\/127\.0\.0\.1:1 +ready +1 +25 % of the weight$/m)
})

const EXPLAINED: readonly (readonly [args: readonly string[], code: number, out: RegExp, err: RegExp])[] = [
  [['http://nowhere.example.com/'], 1, /^404: no router/, /^$/],
  [['http://old.example.com/'], 0, /, which answers 302, to http:\/\/new\.example\.com\/\n/, /^$/],
  [['http://a b/'], 1, /^$/, /is no host\n {2}→ /],
  [['--json'], 1, /^$/, /^the URL is missing\n/],
]
for (const [args, code, out, err] of EXPLAINED) {
  test(`explain ${args.join(' ')}: exit code ${code}`, async () => {
    await using it = await start()
    const outcome = await runGiven(['explain', ...args, at(it)])
    assert.match(outcome.out, out)
    assert.match(outcome.err, err)
    assert.equal(outcome.code, code)
  })
}

test('explain: from files, with nobody to ask', async () => {
  await using it = await start()
  const flags = [`--providers.file.filename=${it.routesFile}`, '--entryPoints.web.address=:80']
  const { code, out, err } = await runGiven(['explain', 'http://api.example.com/v2/x', '--files', ...flags])
  assert.deepEqual([code, err], [0, ''])
  assert.match(out, /^GET http:\/\/api\.example\.com\/v2\/x → router `long@file`/)
  const none = await runGiven(['explain', 'http://a/', '--files', '--entryPoints.web.address=:80'])
  assert.equal(none.code, 1)
  assert.match(none.err, /^no files are configured\n/)
})

test('events: what was, as lines and as JSON', async () => {
  await using it = await start()
  const { code, out } = await runGiven(['events', '--kind=router', at(it)])
  assert.equal(code, 0)
  assert.match(out, /^\d{4}-\d\d-\d\dT[\d:.]+Z {2}router {6}router long@file was added$/m)
  assert.ok(Array.isArray(JSON.parse((await runGiven(['events', '--json', at(it)])).out)))
})

test('events --follow: what comes, until it is stopped', async () => {
  await using it = await start()
  const running = startGiven(['events', '--follow', '--kind=router', at(it)])
  await until('what was', () => running.out.includes('router long@file was added'))
  await it.write({ http: {} })
  await until('what comes', () => running.out.includes('router long@file was removed'))
  running.stop()
  assert.deepEqual(await running.ended, { code: 0, out: running.out, err: '' })
})

test('routes --watch: again when something changes', async () => {
  await using it = await start()
  const running = startGiven(['routes', '--watch', at(it)])
  await until('the list', () => running.out.includes('long@file'))
  await it.write({
    http: { ...SAMPLE_ROUTES.http, routers: { fresh: { rule: 'Host(`a`)', service: 'api' } } },
  })
  await until('the change', () => running.out.includes('fresh@file'))
  running.stop()
  assert.equal((await running.ended).code, 0)
})

for (const command of ['routes', 'services', 'endpoints', 'providers', 'problems', 'events', 'explain']) {
  const args = command === 'explain' ? [command, 'http://a/'] : [command]

  test(`${command}: the API is not on`, async () => {
    const { code, out, err } = await runGiven(args)
    assert.deepEqual([code, out], [1, ''])
    assert.match(err, /^`api` is not configured, so nobody answers\n {2}→ start Tidegate with `--api`/)
  })

  test(`${command}: nobody there`, async () => {
    const { code, err } = await runGiven([...args, `--address=127.0.0.1:${refusingPort()}`])
    assert.equal(code, 2)
    assert.match(err, /could not be asked \(ECONNREFUSED\)\n {2}→ is Tidegate running/)
  })
}

test('the token is sent where reading wants one', async () => {
  await using it = await FileApp.start({
    routes: SAMPLE_ROUTES,
    flags: ['--api.address=0.0.0.0:0', '--api.token=a-token'],
  })
  assert.match((await runGiven(['routes', at(it)])).err, /^a token is wanted\n/)
  assert.equal((await runGiven(['routes', at(it), '--token=a-token'])).code, 0)
})
