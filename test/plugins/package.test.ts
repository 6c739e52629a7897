import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, mkdtempDisposable, readFile, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { freePorts } from '../peers/free-ports.ts'
import { done, packed, run } from '../support/package.ts'
import { RawPeer } from '../support/raw-peer.ts'
import { answering, ok, RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

const ROOT = new URL('../../', import.meta.url).pathname
const TSC = join(ROOT, 'node_modules/.bin/tsc')

/** The package as its users have it; what it depends on is that of the checkout. */
async function install(tarball: string, project: string): Promise<void> {
  const modules = join(project, 'node_modules')
  await mkdir(join(modules, 'tidegate'), { recursive: true })
  await done('tar', ['-xzf', tarball, '--strip-components=1', '-C', join(modules, 'tidegate')], project)
  const { dependencies } = JSON.parse(await readFile(join(modules, 'tidegate/package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  for (const name of [...Object.keys(dependencies), '@types']) {
    await mkdir(dirname(join(modules, name)), { recursive: true })
    await symlink(join(ROOT, 'node_modules', name), join(modules, name))
  }
}

/** The files that the guide shows, by their titles. */
async function shownFiles(): Promise<Map<string, string>> {
  const guide = await readFile(join(ROOT, 'docs/guides/plugins.md'), 'utf8')
  const blocks = guide.matchAll(/^```\w+ title=(\S+)\n([^]*?)^```$/gm)
  return new Map([...blocks].map(([, title = '', text = '']) => [title, text]))
}

async function ask(port: number, fields: string): Promise<{ head: string; body: string }> {
  await using peer = await RawPeer.open(port)
  const { head, body } = await peer
    .write(`GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${fields}\r\n`)
    .readMessage()
  return { head, body: body.toString() }
}

test('the guide’s example: outside the checkout, against the packed package', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidegate-package-'))
  const project = join(folder.path, 'project')
  await mkdir(project)
  await writeFile(join(project, 'package.json'), '{ "type": "module", "private": true }')
  await install(await packed(folder.path), project)
  await using upstream = await RawUpstream.start(answering(ok('in')))
  const [port = 0] = await freePorts(1)
  const files = await shownFiles()
  assert.deepEqual([...files.keys()], ['tenant.ts', 'tidegate.yml', 'routes.yml'])
  for (const [name, text] of files) {
    const own = text.replace('":8080"', `"127.0.0.1:${port}"`).replace(':9000', `:${upstream.port}`)
    await writeFile(join(project, name), own)
  }

  const strict = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'esnext', '--types', 'node']
  await done(TSC, [...strict, '--erasableSyntaxOnly', 'tenant.ts'], project)
  await writeFile(
    join(project, 'wrong.ts'),
    files.get('tenant.ts')!.replace('{ keys, header }', '{ keys, haeder }'),
  )
  const wrong = await run(TSC, [...strict, 'wrong.ts'], project)
  assert.match(wrong.output, /wrong\.ts\(\d+,\d+\): error TS2339: Property 'haeder' does not exist/)

  const main = 'node_modules/tidegate/dist/src/main.js'
  await done(process.execPath, [main, 'check', '--configFile=tidegate.yml'], project)
  const child = spawn(process.execPath, [main, 'run', '--configFile=tidegate.yml', '--workers=2'], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  try {
    await until('the program to serve', () => output.includes('serving: '), 20_000)
    const known = await ask(port, 'X-Api-Key: k-4711\r\n')
    assert.match(known.head, /^HTTP\/1\.1 200 [^]*\r\nServer-Timing: upstream;dur=\d+\.\d/)
    assert.match(upstream.text, /\r\nX-Tenant: acme\r\n/)
    assert.doesNotMatch(upstream.text, /k-4711/)
    const unknown = await ask(port, 'X-Tenant: acme\r\n')
    assert.match(unknown.head, /^HTTP\/1\.1 401 [^]*\r\nTidegate-Why: AU/)
  } finally {
    child.kill('SIGKILL')
  }
})
