import assert from 'node:assert/strict'
import { mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { request } from 'undici'
import { freePorts } from '../peers/free-ports.ts'
import { startOrigin } from '../support/origins.ts'
import { done, packed, run } from '../support/package.ts'
import { until } from '../support/until.ts'
import { InsideProcess } from './image/sandbox.ts'
import { spawn } from 'node:child_process'

const PACKAGE = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
  engines: { node: string }
  files: string[]
}

test('the tarball holds JavaScript and types, and nothing of tests, sources or maps', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidegate-pack-'))
  const files = (await done('tar', ['-tzf', await packed(folder.path)], folder.path)).trim().split('\n')
  const known =
    /^package\/(?:dist\/(?:src|providers)\/.+\.(?:js|d\.ts)|(?:README|CHANGELOG)\.md|LICENSE|package\.json)$/
  assert.deepEqual(
    files.filter((file) => !known.test(file)),
    [],
  )
  for (const file of ['dist/src/main.js', 'dist/providers/ecs.js', 'dist/src/plugin.d.ts', 'LICENSE'])
    assert.ok(files.includes(`package/${file}`), file)
})

test('installed from the tarball in an empty folder: `npx tidegate` explains itself, checks and serves', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidegate-install-'))
  const project = join(folder.path, 'project')
  await mkdir(project)
  await writeFile(join(project, 'package.json'), '{ "private": true }')
  const quick = ['--prefer-offline', '--no-audit', '--no-fund']
  await done('npm', ['install', ...quick, await packed(folder.path)], project, asUser())

  const help = await done('npx', ['tidegate', '--help'], project, asUser())
  assert.match(help, /^Usage: tidegate \[command\] \[options\]\n/m)
  await using origin = await startOrigin()
  const [port = 0] = await freePorts(1)
  const instance = { name: 'whoami', address: '127.0.0.1', port: origin.port, tags: ['v1'] }
  await writeFile(join(project, 'instances.json'), JSON.stringify({ instances: [instance] }))
  const flags = [
    `--entryPoints.web.address=127.0.0.1:${port}`,
    '--providers.file.filename=instances.json',
    '--providers.file.domain=example.com',
    '--workers=1',
  ]
  assert.match(await done('npx', ['tidegate', 'check', ...flags], project, asUser()), /valid/)
  // Not by npx, which would take the signal for itself.
  const child = spawn('node_modules/.bin/tidegate', ['run', ...flags], { cwd: project, env: asUser() })
  await using tidegate = new InsideProcess(child)
  await until('the program to serve', () => tidegate.output.includes('serving: '), 20_000)
  const answer = async (): Promise<number> => {
    const headers = { host: 'whoami-v1.example.com' }
    const { statusCode, body } = await request(`http://127.0.0.1:${port}/`, { headers, reset: true })
    await body.dump()
    return statusCode
  }
  await until('the instance to be served', async () => (await answer()) === 200)
  assert.equal(await tidegate.end('SIGTERM'), 0, tidegate.output)
})

/** As an older one is seen by programs; that the file is also read by one is a matter of its syntax. */
const OLD = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.20.2'}})`

test('on an older Node.js: what is needed, where it comes from, and nothing else', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidegate-old-'))
  const stage = join(folder.path, 'package')
  await done('tar', ['-xzf', await packed(folder.path), '-C', folder.path], folder.path)
  const main = join(stage, 'dist/src/main.js')
  const { code, output } = await run(process.execPath, [`--import=${OLD}`, main, 'run'], stage)
  assert.equal(code, 1)
  assert.match(
    output,
    /^tidegate needs Node\.js 26\.10 or newer, and this is 20\.20\.2\n {2}→ `npm install node@26`/,
  )
  assert.equal(PACKAGE.engines.node, '>=26.10.0', 'what npm warns of when it installs on an older one')
  // Node 20 has all of this, and would otherwise end with a SyntaxError before it can say anything.
  const text = await readFile(main, 'utf8')
  assert.match(text, /^#!\/usr\/bin\/env node\n/)
  assert.doesNotMatch(text, /^import\b(?!\()/m, 'nothing is loaded before the version is known')
  assert.doesNotMatch(text, /\busing\b|\bimport defer\b/)
})

/** Without what the npm of this very test run has left in the environment. */
function asUser(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([key]) => !/^npm_(?:package|lifecycle|config_local_prefix)/i.test(key),
    ),
  )
}
