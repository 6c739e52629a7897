import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { test } from 'node:test'
import type { Command } from 'commander'
import { createProgram } from '../../src/cli/program.ts'
import { listenOn } from './listen-on.ts'
import { GIVEN, runGiven } from './run-given.ts'

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

const program = createProgram({ ...GIVEN, out: () => {}, err: () => {} }, () => {})
const paths = pathsOf(program, [])

test('help: each command stands in a group', () => {
  assert.ok(paths.length > 10)
  assert.deepEqual(
    program.commands.filter((command) => (command.helpGroup() ?? '') === '').map((command) => command.name()),
    [],
  )
})

for (const path of paths) {
  test(`help: ${path.join(' ')} has two examples and its exit codes`, async () => {
    const { code, out } = await runGiven([...path, '--help'])
    assert.equal(code, 0)
    assert.deepEqual(await runGiven(['help', ...path]), { code, out, err: '' })
    const examples = out
      .split('Examples:\n')[1]!
      .split('\n')
      .filter((line) => /^ {2}(?:\w+=\S+ )*tidegate/.test(line))
    assert.ok(examples.length >= 2, out)
    assert.match(out, /^Exit code: 0/m)
  })
}

function pathsOf(command: Command, path: readonly string[]): string[][] {
  return command.commands.flatMap((one) => {
    const own = [...path, one.name()]
    return [own, ...pathsOf(one, own)]
  })
}

test('check: a file that is not there is no error in it', async () => {
  const { code, err } = await runGiven(['check', 'test/cli/no-such-file.yml'])
  assert.equal(code, 2)
  assert.match(err, /^test\/cli\/no-such-file\.yml: error E107: the file does not exist/)
})

const refused: [args: string[], err: RegExp][] = [
  [['chek'], /^unknown command `chek`\n {2}→ did you mean `tidegate check`\?\n$/],
  [
    ['frobnicate'],
    /^unknown command `frobnicate`\n {2}→ the commands are run, whoami, check, config, migrate, .*, version, help\n$/,
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
  [['config', 'shwo'], /^unknown command `config shwo`\n {2}→ did you mean `tidegate config show`\?\n$/],
  [['help', 'chekc'], /^unknown command `chekc`\n {2}→ did you mean `tidegate check`\?\n$/],
  [
    ['check', '--formt=json'],
    /^--formt \(flags\): error E101: unknown key `formt`\n {2}→ did you mean `--format`\?/,
  ],
  [['config', 'show', '--orign'], /did you mean `--origin`\?/],
  [['check', '--format=xml'], /'xml' is invalid\. Allowed choices are text, json, github/],
  [['log-level', 'debg'], /^there is no level `debg`\n {2}→ did you mean `debug`\?\n$/],
  [['log-level', 'debug'], /^`api` is not configured/],
  [['completion', 'bahs'], /'bahs' is invalid for argument 'shell'\. Allowed choices are bash, zsh, fish/],
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
