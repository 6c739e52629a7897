import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { listenOn } from './listen-on.ts'
import { runGiven } from './run-given.ts'

const VERSION = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version

test('version: Tidegate and Node.js', async () => {
  const expected = { code: 0, out: `tidegate ${VERSION} (Node.js ${process.versions.node})\n`, err: '' }
  assert.deepEqual(await runGiven(['version']), expected)
  assert.deepEqual(await runGiven(['--version']), expected)
})

test('help: commands in groups, with examples', async () => {
  const { code, out } = await runGiven(['--help'])
  assert.equal(code, 0)
  for (const part of ['Run:\n', 'Configure:\n', 'Inspect:\n', 'Examples:\n'])
    assert.ok(out.includes(part), part)
})

for (const command of ['run', 'check', 'whoami', 'drain', 'undrain', 'healthcheck', 'version']) {
  test(`help: ${command} has two examples`, async () => {
    const { code, out } = await runGiven([command, '--help'])
    assert.equal(code, 0)
    assert.ok(
      out
        .split('Examples:\n')[1]!
        .split('\n')
        .filter((line) => line.startsWith('  tidegate')).length >= 2,
    )
  })
}

const refused: [args: string[], err: RegExp][] = [
  [['chek'], /^unknown command `chek`\n {2}→ did you mean `tidegate check`\?\n$/],
  [
    ['frobnicate'],
    /^unknown command `frobnicate`\n {2}→ the commands are run, whoami, check, drain, undrain, healthcheck, version\n$/,
  ],
  [
    ['--log.levle=debug'],
    /^--log\.levle \(flags\): error E101.*did you mean `level`\?\n\ntidegate does not start: 1 error/s,
  ],
  [['run', '--entryPoints.web.address=80'], /expected `host:port`/],
  [['--docker'], /^--docker \(flags\): error E108/],
  [['whoami', '--port=x'], /^--port x: expected a number/],
  [['whoami', '--delay=soon'], /^--delay soon: expected a duration/],
  [['whoami', '--prot=1'], /unknown option '--prot=1'\n\(Did you mean --port\?\)/],
  [['healthcheck'], /^`ping` is not configured/],
  [
    ['check', 'test/cli/no-such-file.yml'],
    /^test\/cli\/no-such-file\.yml: error E107: the file does not exist/,
  ],
]
for (const [args, err] of refused) {
  test(`refused: ${args.join(' ')}`, async () => {
    const outcome = await runGiven(args)
    assert.equal(outcome.code, 1)
    assert.equal(outcome.out, '')
    assert.match(outcome.err, err)
  })
}

for (const [status, code] of [
  [200, 0],
  [503, 1],
] as const) {
  test(`healthcheck: ${status} gives ${code}`, async () => {
    const asked: (string | undefined)[] = []
    const server = createServer((request, response) => {
      asked.push(request.url)
      response.writeHead(status).end()
    })
    await using listening = await listenOn(server)
    const outcome = await runGiven([
      'healthcheck',
      '--ping',
      `--entryPoints.traefik.address=127.0.0.1:${listening.port}`,
    ])
    assert.equal(outcome.code, code, outcome.err)
    assert.deepEqual(asked, ['/ping'])
  })
}

test('healthcheck: nobody there', async () => {
  const server = createServer()
  const { port } = await listenOn(server)
  await new Promise((resolve) => server.close(resolve))
  const outcome = await runGiven(['healthcheck', '--ping', `--entryPoints.traefik.address=:${port}`])
  assert.equal(outcome.code, 1)
  assert.equal(
    outcome.err,
    `not healthy: http://127.0.0.1:${port}/ping could not be reached (ECONNREFUSED)\n`,
  )
})
