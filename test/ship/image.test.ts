import assert from 'node:assert/strict'
import { mkdtempDisposable, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { validate } from 'dockerfile-utils'
import { freePorts } from '../peers/free-ports.ts'
import { startMoto } from '../peers/moto.ts'
import { ANYBODY, MotoAccount, REGION } from '../peers/moto-account.ts'
import { startOrigin } from '../support/origins.ts'
import { until } from '../support/until.ts'
import { buildImage } from './image/build.ts'
import type { BuiltImage } from './image/build.ts'
import { isSent } from './image/context.ts'
import { parseDockerfile } from './image/dockerfile.ts'
import type { Step } from './image/dockerfile.ts'
import { runInside, sandboxKind, startInside } from './image/sandbox.ts'
import type { SandboxOptions } from './image/sandbox.ts'

const ROOT = new URL('../../', import.meta.url).pathname
const DOCKERFILE = await readFile(join(ROOT, 'Dockerfile'), 'utf8')
const IGNORE = await readFile(join(ROOT, '.dockerignore'), 'utf8')
const PACKAGE = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
  version: string
  license: string
  description: string
  devDependencies: Record<string, string>
  dependencies: Record<string, string>
}
const STAGES = parseDockerfile(DOCKERFILE)
const IMAGE = STAGES.at(-1)!

function steps(keyword: string): readonly Step[] {
  return IMAGE.steps.filter((step) => step.keyword === keyword)
}

test('Dockerfile: nothing to complain about for the linter', () => {
  assert.deepEqual(validate(DOCKERFILE), [])
})

test('Dockerfile: every base is pinned to the Node.js that tests run on', () => {
  const expected = `node:${PACKAGE.devDependencies['node']}-trixie-slim`
  assert.deepEqual(new Set(STAGES.map(({ image }) => image)), new Set([expected]))
  assert.match(expected, /^node:\d+\.\d+\.\d+-/)
})

test('Dockerfile: what comes from outside comes by `npm ci`, and no step runs scripts of packages', () => {
  const runs = STAGES.flatMap(({ steps: all }) => all.filter(({ keyword }) => keyword === 'RUN'))
  const fetching = runs.filter(({ text }) => /\b(?:curl|wget|apt|apt-get|apk|npm|npx)\b(?!\/)/.test(text))
  assert.ok(fetching.length >= 2)
  for (const { text } of fetching.filter(({ text }) => !text.startsWith('rm '))) {
    assert.match(text, /^npm ci .*--ignore-scripts/)
  }
  // So that they can be carried out below any folder, and never touch this machine.
  for (const { text } of runs) assert.doesNotMatch(text, /(?:^|[\s=])\//, text)
})

test('Dockerfile: only what is built and what it needs gets into the image', () => {
  const copied = steps('COPY').map(({ args, flags }) => `${flags['from'] ?? 'context'}: ${args.join(' ')}`)
  assert.deepEqual(copied, [
    'context: LICENSE package.json ./',
    'context: deploy/image/tidegate.yml /etc/tidegate/tidegate.yml',
    'modules: /app/node_modules node_modules',
    'build: /app/bin bin',
    'build: /app/dist/src dist/src',
    'build: /app/dist/providers dist/providers',
  ])
})

test('Dockerfile: a numeric user, a clean stop, a health check and labels', () => {
  assert.match(steps('USER')[0]!.args[0]!, /^[1-9]\d{3,}:[1-9]\d{3,}$/)
  const after = IMAGE.steps.slice(IMAGE.steps.indexOf(steps('USER')[0]!) + 1)
  assert.deepEqual(
    after.map(({ keyword }) => keyword),
    ['STOPSIGNAL', 'HEALTHCHECK', 'ENTRYPOINT', 'CMD'],
  )
  assert.deepEqual(steps('STOPSIGNAL')[0]!.args, ['SIGTERM'])
  assert.deepEqual(steps('HEALTHCHECK')[0]!.json, ['tidegate', 'healthcheck'])
  const labels = steps('LABEL')[0]!.properties
  const named = (name: string): string | undefined => labels[`org.opencontainers.image.${name}`]
  assert.equal(named('version'), PACKAGE.version)
  assert.equal(named('licenses'), PACKAGE.license)
  assert.equal(named('title'), 'Tidegate')
  assert.ok(named('description'))
})

test('.dockerignore: secrets, history, tests and what is built here stay outside', () => {
  const outside = [
    '.git/config',
    '.env',
    '.npmrc',
    'node_modules/undici/index.js',
    'dist/src/main.js',
    '.peers/x',
  ]
  for (const path of [
    ...outside,
    'test/ship/image.test.ts',
    'terraform/terraform.tfstate',
    'deploy/systemd/x',
  ])
    assert.ok(!isSent(path, IGNORE), path)
  for (const path of [
    'src/main.ts',
    'providers/ecs/read.ts',
    'package-lock.json',
    'deploy/image/tidegate.yml',
  ])
    assert.ok(isSent(path, IGNORE), path)
})

test('the image, built without an engine: serves what ECS runs, configured by variables alone', async (t) => {
  const kind = await sandboxKind()
  t.diagnostic(kind === 'namespaces' ? 'in namespaces, by bubblewrap' : 'this machine allows no namespaces')
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidegate-image-'))
  const image = await buildImage(ROOT, folder.path, kind)
  await assertOnlyWhatShips(image)

  await using moto = await startMoto()
  using account = new MotoAccount(moto)
  await using origin = await startOrigin()
  await account.createNetwork()
  const machine = await account.runMachine('127.0.0.1')
  await account.createCluster('dev')
  const host = await account.joinCluster('dev', machine)
  const task = { family: 'whoami', networkMode: 'host', image: 'registry.test/whoami:v1' } as const
  await account.startTask('dev', await account.define({ ...task, port: origin.port }), host)

  const [web = 0, health = 0] = await freePorts(2)
  const [user = 0, group = 0] = image.user.split(':').map(Number)
  const options: SandboxOptions = {
    cwd: kind === 'plain' ? '/etc/tidegate' : image.cwd,
    user,
    group,
    readOnly: true,
    volumes: image.volumes,
    building: false,
    env: {
      ...image.env,
      // A container has all ports for itself; this one shares them with everybody.
      TIDEGATE_ENTRYPOINTS_WEB_ADDRESS: `127.0.0.1:${web}`,
      TIDEGATE_ENTRYPOINTS_TRAEFIK_ADDRESS: `127.0.0.1:${health}`,
      TIDEGATE_WORKERS: '1',
      TIDEGATE_PROVIDERS_ECS_CLUSTERS: 'dev',
      TIDEGATE_PROVIDERS_ECS_DOMAIN: 'example.com',
      TIDEGATE_PROVIDERS_ECS_ENVIRONMENT: 'dev',
      AWS_REGION: REGION,
      AWS_ENDPOINT_URL: moto.url,
      AWS_ACCESS_KEY_ID: ANYBODY.accessKeyId,
      AWS_SECRET_ACCESS_KEY: ANYBODY.secretAccessKey,
    },
  }
  const check = (): Promise<string> => runInside(kind, image.root, image.healthcheck, options)
  await assert.rejects(check(), /could not be reached/, 'the health check fails while nothing runs')
  await using tidegate = await startInside(kind, image.root, [...image.entrypoint, ...image.command], options)
  const ask = async (path: string, port = web): Promise<string> => {
    if (!tidegate.running) throw new Error(`ended: ${tidegate.output}`)
    const headers = { host: 'whoami-v1.dev.example.com' }
    return await fetchText(port, path, headers)
  }
  await until('the health check to pass', () => check().then(Boolean, () => false), 30_000)
  await until('the task to be served', async () => (await ask('/')).startsWith('200'), 30_000)
  assert.match(
    await ask('/ping'),
    /^200 /,
    'the application’s own page: the image keeps /ping on another port',
  )
  assert.equal(await ask('/ping', health), '200 OK')
  if (kind === 'namespaces') await assertNothingCanBeWritten(image, options)
  assert.equal(await tidegate.end(image.stopSignal as NodeJS.Signals), 0, tidegate.output)
})

async function fetchText(port: number, path: string, headers: Record<string, string>): Promise<string> {
  const { request } = await import('undici')
  try {
    const { statusCode, body } = await request(`http://127.0.0.1:${port}${path}`, { headers, reset: true })
    return `${statusCode} ${await body.text()}`
  } catch (error) {
    return String(error)
  }
}

async function assertOnlyWhatShips({ root }: BuiltImage): Promise<void> {
  assert.deepEqual((await readdir(join(root, 'app'))).toSorted(), [
    'LICENSE',
    'bin',
    'dist',
    'node_modules',
    'package.json',
  ])
  const own = await readdir(join(root, 'app/dist'), { recursive: true })
  assert.deepEqual(
    own.filter((path) => /\.\w+$/.test(path) && !path.endsWith('.js')),
    [],
    'emitted JavaScript only',
  )
  const modules = await readdir(join(root, 'app/node_modules'))
  for (const name of Object.keys(PACKAGE.devDependencies).filter((name) => !name.includes('/')))
    assert.ok(!modules.includes(name), `${name} is for development`)
  for (const name of Object.keys(PACKAGE.dependencies)) assert.ok(modules.includes(name.split('/')[0]!), name)
  await assert.rejects(readdir(join(root, 'usr/local/lib/node_modules')), { code: 'ENOENT' })
}

async function assertNothingCanBeWritten(image: BuiltImage, options: SandboxOptions): Promise<void> {
  const inside = (script: string): Promise<string> =>
    runInside('namespaces', image.root, ['sh', '-c', script], options)
  assert.equal(await inside('id -u; id -g'), '65532\n65532\n')
  for (const place of ['/app', '/etc/tidegate', '/usr/local/bin', '/'])
    await assert.rejects(inside(`touch ${place}/x`), /Read-only file system/, place)
  await inside('touch /tmp/x')
}
