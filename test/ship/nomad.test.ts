import assert from 'node:assert/strict'
import { mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from '@cdktn/hcl2json'
import consulCatalog from '../../providers/consul-catalog.ts'
import { parseDuration } from '../../src/config/duration.ts'
import { loadStaticConfig } from '../../src/config/load.ts'
import type { StaticConfig } from '../../src/config/static.ts'
import { allProviders, providerShapes } from '../../src/provider-catalogue.ts'
import { startConsul } from '../peers/consul.ts'
import type { ConsulAgent } from '../peers/consul.ts'
import { ConsulApi } from '../peers/consul-api.ts'
import { WatchedProvider } from '../providers/watched-provider.ts'
import { startOrigin } from '../support/origins.ts'
import { startTidegate } from '../support/tidegate.ts'
import { until } from '../support/until.ts'
import { unknownWords } from './nomad-words.ts'

const FOLDER = new URL('../../examples/nomad/', import.meta.url).pathname

/** A block of HCL as JSON: each nested block is a list, with labels as keys between. */
type Block = Readonly<Record<string, unknown>>

function block(parent: Block, ...path: string[]): Block {
  let at: unknown = parent
  for (const name of path) {
    at = (at as Block)[name]
    if (Array.isArray(at)) at = at[0]
    assert.ok(at !== undefined, `there is no ${path.join(' ')}`)
  }
  return at as Block
}

async function parsed(file: string): Promise<Block> {
  return (await parse(file, await readFile(join(FOLDER, file), 'utf8'))) as Block
}

const JOBS = (await readdir(FOLDER)).filter((file) => file.endsWith('.nomad.hcl'))
const TIDEGATE = JOBS.filter((file) => file.startsWith('tidegate'))

test('there is a system job, a service job and an application', () => {
  assert.deepEqual(JOBS.toSorted(), [
    'tidegate-service.nomad.hcl',
    'tidegate-system.nomad.hcl',
    'whoami.nomad.hcl',
  ])
})

for (const file of JOBS) {
  test(`${file}: parses, and every word is one that Nomad knows in its place`, async () => {
    const job = await parsed(file)
    assert.deepEqual(unknownWords(job), [])
    const variables = Object.keys(block(job, 'variable'))
    const used = [...(await readFile(join(FOLDER, file), 'utf8')).matchAll(/\bvar\.(\w+)/g)].map(
      ([, name]) => name!,
    )
    assert.deepEqual([...new Set(used)].toSorted(), variables.toSorted())
  })
}

for (const file of TIDEGATE) {
  test(`${file}: the configuration is valid, its ports are those of the job, and a drain has its time`, async () => {
    const group = block(await parsed(file), 'job', 'tidegate', 'group', 'edge')
    const task = block(group, 'task', 'tidegate')
    const config = await configurationOf(task)
    const ports = block(group, 'network', 'port')
    for (const [port, entryPoint] of [
      ['web', 'web'],
      ['ping', config.ping!.entryPoint],
    ] as const)
      assert.equal(config.entryPoints.get(entryPoint)!.listen.port, block(ports, port)['static'])
    const { lifeCycle } = config.entryPoints.get('web')!.transport
    const killed = parseDuration(String(task['kill_timeout']))!
    assert.ok(killed > lifeCycle.requestAcceptGraceTimeout + lifeCycle.graceTimeOut)
    assert.equal(block(group, 'service', 'check')['path'], '/ping')
    assert.ok(parseDuration(String(group['shutdown_delay']))! > 0)
  })
}

test('the application: a canary, rolling updates, and it leaves the catalog before it stops', async () => {
  const job = block(await parsed('whoami.nomad.hcl'), 'job', 'whoami')
  const group = block(job, 'group', 'whoami')
  assert.deepEqual([block(job, 'update')['canary'], block(job, 'update')['max_parallel']], [1, 1])
  assert.ok(parseDuration(String(group['shutdown_delay']))! >= 5_000)
  assert.equal(block(group, 'service', 'check')['path'], '/health')
})

test('the jobs’ own words on a real Consul with ACLs on: the application registers, and Tidegate serves it', async () => {
  await using agent = await startConsul({ acl: true })
  await using origin = await startOrigin()
  await using canary = await startOrigin()
  const group = block(await parsed('whoami.nomad.hcl'), 'job', 'whoami', 'group', 'whoami')
  const service = block(group, 'service') as { name: string; tags: string[]; canary_tags: string[] }
  const registrar = new ConsulApi(agent.address, await tokenWith(agent, 'whoami', await policy('whoami')))
  const { name } = service
  await registrar.register({ id: '1', name, address: '127.0.0.1', port: origin.port, tags: service.tags })
  await registrar.register({
    id: '2',
    name,
    address: '127.0.0.1',
    port: canary.port,
    tags: service.canary_tags,
  })
  await assert.rejects(registrar.register({ id: '3', name: 'other', port: 1 }), /403/, 'another’s name')

  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidegate-nomad-'))
  const task = block(
    await parsed('tidegate-system.nomad.hcl'),
    'job',
    'tidegate',
    'group',
    'edge',
    'task',
    'tidegate',
  )
  const file = join(folder.path, 'tidegate.yml')
  await writeFile(file, configurationText(task, { consul_address: agent.address }))
  const token = join(folder.path, 'consul-token')
  await writeFile(token, await tokenWith(agent, 'tidegate', await policy('tidegate')))
  const variable = Object.keys(block(task, 'env'))[0]!
  process.env[variable] = token
  try {
    const flags = [`--configFile=${file}`, '--entryPoints.traefik.address=127.0.0.1:0', '--workers=1']
    await using tidegate = await startTidegate({ flags })
    const ask = async (): Promise<string> => {
      const { request } = await import('undici')
      const headers = { host: 'whoami-v1.dev.example.com' }
      const { statusCode, body } = await request(`http://127.0.0.1:${tidegate.port}/`, {
        headers,
        reset: true,
      })
      await body.dump()
      return String(statusCode)
    }
    await until('the application to be served', async () => (await ask()) === '200')
    for (let asked = 0; asked < 200; asked++) assert.equal(await ask(), '200')
    const [all, few] = [origin.received, canary.received]
    assert.ok(few >= 5 && few <= 20, `${few} of ${all + few} for the canary`)
  } finally {
    delete process.env[variable]
  }
})

/** Each rule of Tidegate's policy, and what is left when it is missing. */
const RULES = ['service_prefix ""', 'node_prefix ""']

test('Tidegate’s policy has no other rules', async () => {
  const rules = (await policy('tidegate')).match(/^\w+ "[^"]*"/gm)
  assert.deepEqual(rules, RULES)
})

test('with exactly Tidegate’s policy, instances are found, and no more is allowed', async () => {
  await using agent = await startConsul({ acl: true })
  await agent.register({ name: 'web', id: 'one', address: '127.0.0.1', port: 1 })
  const token = await tokenWith(agent, 'least', await policy('tidegate'))
  await using watched = watch(agent, token)
  await watched.until('the instance', () => watched.instances('web').length === 1)
  const api = new ConsulApi(agent.address, token)
  await assert.rejects(api.register({ name: 'web', port: 2 }), /403/)
  await assert.rejects(api.call('PUT', '/v1/kv/x', {}), /403/)
  await assert.rejects(api.call('PUT', '/v1/acl/policy', { Name: 'x' }), /403/)
})

for (const rule of RULES) {
  test(`without ${rule}, nothing is found`, async () => {
    await using agent = await startConsul({ acl: true })
    await agent.register({ name: 'web', id: 'one', address: '127.0.0.1', port: 1 })
    const less = (await policy('tidegate')).replace(new RegExp(`^${rule} \\{[^}]*\\}`, 'm'), '')
    await using watched = watch(agent, await tokenWith(agent, 'less', less))
    await watched.until(
      'a first answer',
      ({ snapshot, failure }) => snapshot !== undefined || failure !== undefined,
    )
    assert.deepEqual(watched.instances('web'), [])
  })
}

test('the policy for the KV store reads below its prefix, and nothing else', async () => {
  await using agent = await startConsul({ acl: true })
  for (const key of ['tidegate/http/routers/a/rule', 'other/secret'])
    await agent.call('PUT', `/v1/kv/${key}`, {})
  const api = new ConsulApi(agent.address, await tokenWith(agent, 'kv', await policy('tidegate-kv')))
  assert.equal(((await api.call('GET', '/v1/kv/tidegate?recurse')) as object[]).length, 1)
  await assert.rejects(api.call('PUT', '/v1/kv/tidegate/x', {}), /403/)
  await assert.rejects(api.call('GET', '/v1/kv/other/secret'), /40[34]/)
  const none = new ConsulApi(agent.address, await tokenWith(agent, 'none', await policy('tidegate')))
  await assert.rejects(none.call('GET', '/v1/kv/tidegate?recurse'), /40[34]/)
})

function policy(name: string): Promise<string> {
  return readFile(join(FOLDER, 'policies', `${name}.hcl`), 'utf8')
}

/** A new token with a policy of these rules. */
async function tokenWith(agent: ConsulAgent, Name: string, Rules: string): Promise<string> {
  await agent.call('PUT', '/v1/acl/policy', { Name, Rules })
  const token = (await agent.call('PUT', '/v1/acl/token', { Policies: [{ Name }] })) as { SecretID: string }
  return token.SecretID
}

function watch(agent: ConsulAgent, token: string): WatchedProvider {
  return new WatchedProvider(consulCatalog, { endpoint: { address: agent.address, token } })
}

function configurationText(task: Block, values: Readonly<Record<string, string>> = {}): string {
  const templates = task['template'] as { destination: string; data: string }[]
  const { data } = templates.find(({ destination }) => destination.endsWith('/tidegate.yml'))!
  const all: Record<string, string> = {
    consul_address: '127.0.0.1:8500',
    domain: 'example.com',
    environment: 'dev',
    ...values,
  }
  return data.replace(/\$\{var\.(\w+)\}/g, (_, name: string) => all[name] ?? assert.fail(name))
}

async function configurationOf(task: Block): Promise<StaticConfig> {
  const { config, problems } = await loadStaticConfig({
    file: 'tidegate.yml',
    flags: [],
    env: {},
    cpus: 2,
    readText: () => Promise.resolve(configurationText(task)),
    providers: providerShapes(await allProviders()),
  })
  assert.deepEqual(problems, [])
  return config!
}
