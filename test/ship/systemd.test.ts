import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { request } from 'undici'
import { loadStaticConfig } from '../../src/config/load.ts'
import { allProviders, providerShapes } from '../../src/provider-catalogue.ts'
import { parseDuration } from '../../src/config/duration.ts'
import { peerBinary } from '../peers/binaries.ts'
import { freePorts } from '../peers/free-ports.ts'
import { done } from '../support/package.ts'
import { until } from '../support/until.ts'
import { InsideProcess } from './image/sandbox.ts'

const ROOT = new URL('../../', import.meta.url).pathname
const FOLDER = join(ROOT, 'deploy/systemd')
const PROGRAM = '/usr/local/bin/tidegate'

const unit = await readFile(join(FOLDER, 'tidegate.service'), 'utf8')
const socket = await readFile(join(FOLDER, 'tidegate.socket'), 'utf8')

/** All values of a setting, in order. */
function values(text: string, key: string): string[] {
  return [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value)
}

/** The units with a program that is there, since verification looks for it. */
async function units(folder: string): Promise<string[]> {
  const places: string[] = []
  for (const [name, text] of [
    ['tidegate.service', unit],
    ['tidegate.socket', socket],
  ] as const) {
    const place = join(folder, name)
    await writeFile(place, text.replaceAll(PROGRAM, '/bin/true'))
    places.push(place)
  }
  return places
}

test('systemd has nothing to complain about', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidegate-units-'))
  const analyze = await peerBinary('systemd-analyze')
  const said = await done(analyze, ['--man=no', 'verify', ...(await units(folder.path))], folder.path)
  const own = said.split('\n').filter((line) => line.includes('tidegate'))
  assert.deepEqual(own, [], said)
})

test('systemd finds the service well confined', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidegate-units-'))
  const [service = ''] = await units(folder.path)
  const analyze = await peerBinary('systemd-analyze')
  // From 0, safe, to 100; ends with 1 beyond the threshold.
  const said = await done(analyze, ['--offline=true', '--threshold=20', 'security', service], folder.path)
  assert.match(said, /Overall exposure level for tidegate\.service: [01]\.\d OK/)
})

test('the configuration that comes along is valid, and what drains has time to', async () => {
  const { config, problems } = await loadStaticConfig({
    file: join(FOLDER, 'tidegate.yml'),
    flags: [],
    env: {},
    cpus: 2,
    readText: (path) => readFile(path, 'utf8'),
    providers: providerShapes(await allProviders()),
  })
  assert.deepEqual(problems, [])
  const drains = [...config!.entryPoints.values()].map(({ transport: { lifeCycle } }) => {
    return lifeCycle.requestAcceptGraceTimeout + lifeCycle.graceTimeOut
  })
  const [stop = ''] = values(unit, 'TimeoutStopSec')
  assert.ok(parseDuration(stop)! >= Math.max(...drains) + 10_000, `${stop} for ${String(drains)} ms`)
  const { listen } = config!.entryPoints.get(values(socket, 'FileDescriptorName')[0]!)!
  assert.equal(String(listen.port), values(socket, 'ListenStream')[0])
  assert.deepEqual(values(unit, 'ExecStartPre'), [`${PROGRAM} check --configFile=/etc/tidegate/tidegate.yml`])
  assert.deepEqual(values(unit, 'ExecStart'), [`${PROGRAM} run --configFile=/etc/tidegate/tidegate.yml`])
})

test('the sysctl is one that the kernel knows', async () => {
  const text = await readFile(join(FOLDER, '90-tidegate.conf'), 'utf8')
  const settings = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  assert.deepEqual(settings, ['net.ipv4.tcp_migrate_req = 1'])
  assert.match(await readFile('/proc/sys/net/ipv4/tcp_migrate_req', 'utf8'), /^[01]\n$/)
})

test('started by systemd’s own socket activation, it serves on the socket that it was given', async () => {
  const activate = await peerBinary('systemd-socket-activate')
  const [web = 0, health = 0] = await freePorts(2)
  const [name = ''] = values(socket, 'FileDescriptorName')
  const variables = ['PATH', 'LD_LIBRARY_PATH'].filter((key) => process.env[key] !== undefined)
  const args = [`--listen=127.0.0.1:${web}`, `--fdname=${name}`, ...variables.map((key) => `--setenv=${key}`)]
  const flags = [
    `--configFile=${join(FOLDER, 'tidegate.yml')}`,
    '--workers=1',
    '--entryPoints.web.address=:80',
  ]
  const own = [
    `--entryPoints.traefik.address=127.0.0.1:${health}`,
    `--providers.file.directory=${FOLDER}/none`,
  ]
  const graces = ['requestAcceptGraceTimeout', 'graceTimeOut'].map(
    (grace) => `--entryPoints.web.transport.lifeCycle.${grace}=0s`,
  )
  const command = [process.execPath, join(ROOT, 'src/main.ts'), 'run', ...flags, ...own, ...graces]
  const child = spawn(activate, [...args, ...command], { stdio: ['ignore', 'pipe', 'pipe'] })
  await using tidegate = new InsideProcess(child)
  const status = async (): Promise<number | undefined> => {
    if (!tidegate.running) throw new Error(tidegate.output)
    // Nothing but the inherited socket is at this port: the configuration says 80.
    const options = { headers: { host: 'nobody.test' }, reset: true }
    return await request(`http://127.0.0.1:${web}/`, options).then(
      ({ statusCode }) => statusCode,
      () => undefined,
    )
  }
  await until('an answer', async () => (await status()) === 404, 20_000)
  assert.equal(await tidegate.end('SIGTERM'), 0, tidegate.output)
})
