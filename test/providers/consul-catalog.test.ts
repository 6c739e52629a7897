import assert from 'node:assert/strict'
import test from 'node:test'
import provider from '../../providers/consul-catalog.ts'
import type { ConsulAgent } from '../peers/consul.ts'
import { startConsul } from '../peers/consul.ts'
import { WatchedProvider } from './watched-provider.ts'

/** Milliseconds; the promise is 200 from the change to the snapshot. */
const SEEN_WITHIN = 200

function watch({ address }: { readonly address: string }, options: object = {}): WatchedProvider {
  return new WatchedProvider(provider, { endpoint: { address }, ...options })
}

test('instances come with names, addresses, ports, tags, weights, zones and health', async () => {
  await using agent = await startConsul()
  const tags = ['traefik.http.routers.web.rule=Host(`a`)', 'v1']
  await agent.register({
    id: 'web-1',
    name: 'web',
    address: '10.0.0.1',
    port: 8080,
    tags,
    meta: { zone: 'b' },
    check: 'warning',
  })
  await agent.register({ id: 'web-2', name: 'web', weights: { Passing: 7, Warning: 3 } })
  await agent.register({
    id: 'web-3',
    name: 'web',
    port: 1,
    weights: { Passing: 7, Warning: 3 },
    check: 'warning',
  })
  await using watched = watch(agent)
  await watched.until('three instances', () => watched.instances('web').length === 3)
  const seen = watched.instances('web').map(({ createdAt, ...rest }) => {
    assert.ok(createdAt !== undefined && createdAt > 0)
    return rest
  })
  assert.deepEqual(seen, [
    {
      id: 'test-node/web-1',
      name: 'web',
      address: '10.0.0.1',
      ports: [{ port: 8080 }],
      tags,
      health: 'warning',
      meta: { zone: 'b' },
      zone: 'b',
    },
    {
      id: 'test-node/web-2',
      name: 'web',
      address: '127.0.0.1',
      ports: [],
      tags: [],
      health: 'passing',
      meta: {},
      weight: 7,
    },
    {
      id: 'test-node/web-3',
      name: 'web',
      address: '127.0.0.1',
      ports: [{ port: 1 }],
      tags: [],
      health: 'warning',
      meta: {},
      weight: 3,
    },
  ])
})

/** Each starts with `old` (checked, passing) and `bare` (no check), both of service `web`. */
const changes: [string, (agent: ConsulAgent) => Promise<void>, (web: Web) => boolean][] = [
  [
    'a new service',
    (agent) => agent.register({ name: 'api', port: 1 }),
    ({ all }) => all.includes('test-node/api'),
  ],
  [
    'an instance more',
    (agent) => agent.register({ ...WEB, id: 'new', check: 'passing' }),
    ({ web }) => 'new' in web,
  ],
  [
    'an instance more, without a check',
    (agent) => agent.register({ ...WEB, id: 'new' }),
    ({ web }) => 'new' in web,
  ],
  ['an instance less', (agent) => agent.deregister('old'), ({ web }) => !('old' in web)],
  ['an instance less, without a check', (agent) => agent.deregister('bare'), ({ web }) => !('bare' in web)],
  [
    'other tags',
    (agent) => agent.register({ ...WEB, id: 'bare', tags: ['b'] }),
    ({ web }) => web['bare']?.tags[0] === 'b',
  ],
  [
    'another port',
    (agent) => agent.register({ ...WEB, id: 'bare', port: 81 }),
    ({ web }) => web['bare']?.ports[0]?.port === 81,
  ],
  [
    'a check that warns',
    (agent) => agent.setCheck('old', 'warning'),
    ({ web }) => web['old']?.health === 'warning',
  ],
  [
    'a check that fails',
    (agent) => agent.setCheck('old', 'critical'),
    ({ web }) => web['old']?.terminating === true,
  ],
  [
    'a service in maintenance',
    (agent) => agent.maintenance(true, 'bare'),
    ({ web }) => web['bare']?.terminating === true,
  ],
  [
    'a node in maintenance',
    (agent) => agent.maintenance(true),
    ({ web }) => !!web['bare']?.terminating && !!web['old']?.terminating,
  ],
]
const WEB = { name: 'web', port: 80, tags: ['a'] }
interface Web {
  readonly all: readonly string[]
  readonly web: Readonly<Record<string, ReturnType<WatchedProvider['instances']>[number]>>
}

for (const [name, change, seen] of changes) {
  test(`seen within ${SEEN_WITHIN} ms: ${name}`, async () => {
    await using agent = await startConsul()
    await agent.register({ ...WEB, id: 'old', check: 'passing' })
    await agent.register({ ...WEB, id: 'bare' })
    await using watched = watch(agent)
    await watched.until('the beginning', () => watched.instances('web').length === 2)
    const started = performance.now()
    await change(agent)
    await watched.until(name, ({ snapshot }) => seen(pictured(snapshot?.instances ?? [])))
    assert.ok(performance.now() - started < SEEN_WITHIN, `took ${performance.now() - started} ms`)
    assert.ok(watched.updates.every((update) => !('failure' in update)))
  })
}

function pictured(instances: ReturnType<WatchedProvider['instances']>): Web {
  const web = instances
    .filter((one) => one.name === 'web')
    .map((one) => [one.id.replace('test-node/', ''), one])
  return { all: instances.map(({ id }) => id), web: Object.fromEntries(web) as Web['web'] }
}

test('maintenance ends, and a failed check that passes again ends the draining', async () => {
  await using agent = await startConsul()
  await agent.register({ ...WEB, id: 'one', check: 'critical' })
  await agent.maintenance(true, 'one')
  await using watched = watch(agent)
  const state = () => watched.instances('web')[0]
  await watched.until('draining', () => state()?.terminating === true)
  await agent.setCheck('one', 'passing')
  await agent.maintenance(false, 'one')
  await watched.until('ready', () => state()?.health === 'passing' && state()?.terminating === undefined)
})

test('a burst of changes is seen completely', async () => {
  await using agent = await startConsul()
  await using watched = watch(agent)
  await watched.until('the beginning', ({ snapshot }) => snapshot !== undefined)
  const ids = Array.from({ length: 30 }, (_, index) => ({
    id: `i${index}`,
    name: `s${index % 3}`,
    port: 1000 + index,
  }))
  await Promise.all(ids.map((service) => agent.register(service)))
  await watched.until('30 instances', ({ snapshot }) => snapshot?.instances?.length === 31, { within: 1_000 })
  await Promise.all(ids.slice(0, 29).map(({ id }) => agent.deregister(id)))
  await watched.until('one left', ({ snapshot }) => snapshot?.instances?.length === 2, { within: 1_000 })
})

test('strictChecks decides who gets requests', async () => {
  await using agent = await startConsul()
  for (const check of ['passing', 'warning', 'critical'] as const)
    await agent.register({ name: check, port: 1, check })
  await agent.register({ name: 'maintained', port: 1 })
  await agent.maintenance(true, 'maintained')
  const names = ['passing', 'warning', 'critical', 'maintained']
  for (const [strictChecks, served] of [
    [['passing'], ['passing']],
    [
      ['passing', 'warning'],
      ['passing', 'warning'],
    ],
    [['any'], ['passing', 'warning', 'critical']],
    [['maintenance'], ['maintained']],
  ] as const) {
    await using watched = watch(agent, { strictChecks })
    await watched.until('all', ({ snapshot }) => snapshot?.instances?.length === 5)
    const ready = names.filter((name) => watched.instances(name)[0]?.terminating !== true)
    assert.deepEqual(ready, [...served])
  }
})

test('without watch, changes are seen within the interval, and at once when a fresh read is asked for', async () => {
  await using agent = await startConsul()
  await using polled = watch(agent, { watch: false, refreshInterval: '0.2s' })
  await using idle = watch(agent, { watch: false, refreshInterval: '1h' })
  await polled.until('the beginning', ({ snapshot }) => snapshot !== undefined)
  await idle.until('the beginning', ({ snapshot }) => snapshot !== undefined)
  await agent.register({ ...WEB, id: 'one', check: 'passing' })
  await polled.until('the instance', () => polled.instances('web').length === 1, { within: 1_000 })
  idle.refresh()
  await idle.until('the instance', () => idle.instances('web').length === 1, { within: 1_000 })
  await agent.setCheck('one', 'critical')
  await polled.until('draining', () => polled.instances('web')[0]?.terminating === true, { within: 1_000 })
})

test('each datacenter is a part of its own, and one that is unknown harms no other', async () => {
  await using agent = await startConsul({ datacenter: 'east' })
  await agent.register({ ...WEB, id: 'one' })
  await using watched = watch(agent, { datacenters: ['east', 'west'] })
  await watched.until('east', () => watched.instances('web', 'east').length === 1, { part: 'east' })
  assert.equal(watched.instances('web', 'east')[0]?.id, 'east/test-node/one')
  await watched.until('west', ({ failure }) => failure !== undefined, { part: 'west' })
  const { failure } = watched.view('west')
  assert.equal(failure?.code, 'E401')
  assert.match(failure.message, /for datacenter west .*No path to datacenter/)
})

test('everything ends with the signal, while long polls wait', async () => {
  await using agent = await startConsul()
  const watched = watch(agent)
  await watched.until('the beginning', ({ snapshot }) => snapshot !== undefined)
  const started = performance.now()
  await watched[Symbol.asyncDispose]()
  assert.ok(performance.now() - started < 500)
})
