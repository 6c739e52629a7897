import assert from 'node:assert/strict'
import { writeFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import provider from '../../providers/nomad.ts'
import type { NomadServer } from '../peers/nomad-server.ts'
import { startNomad } from '../peers/nomad-server.ts'
import { TestAuthority } from '../support/certificates.ts'
import { until } from '../support/until.ts'
import { WatchedProvider } from './watched-provider.ts'

/** Nomad's programs cannot be had here: `startNomad` is a server of ours. */

/** Milliseconds from a change to the snapshot. */
const SEEN_WITHIN = 500

function watch(
  { address }: { readonly address: string },
  options: object = {},
  endpoint = {},
): WatchedProvider {
  return new WatchedProvider(provider, { endpoint: { address, ...endpoint }, ...options })
}

/** An allocation with a service `web` whose check passes; gives both ids. */
function run(nomad: NomadServer, port = 80, more: object = {}): { allocation: string; id: string } {
  const allocation = nomad.model.place(more)
  nomad.model.check(allocation, 'web', 'success')
  return { allocation, id: nomad.model.register(allocation, { name: 'web', port, tags: ['a'] }) }
}

const DEFAULT = { part: 'default' }

test('instances come with names, addresses, ports, tags, health and where they run', async () => {
  await using nomad = await startNomad()
  const allocation = nomad.model.place({ job: 'shop' })
  nomad.model.check(allocation, 'web', 'success', 'success')
  const tags = ['traefik.http.routers.web.rule=Host(`a`)', 'v1']
  nomad.model.register(allocation, { name: 'web', port: 8080, address: '10.0.0.1', tags })
  nomad.model.register(allocation, { name: 'bare', port: 0 })
  await using watched = watch(nomad)
  await watched.until('two instances', ({ snapshot }) => snapshot?.instances?.length === 2, DEFAULT)
  const [bare, web] = watched.view('default').snapshot?.instances ?? []
  const { createdAt, ...rest } = web!
  assert.ok(createdAt !== undefined && createdAt > 0)
  assert.deepEqual(rest, {
    id: `_nomad-task-${allocation}-group-group-web-http`,
    name: 'web',
    address: '10.0.0.1',
    ports: [{ port: 8080 }],
    tags,
    health: 'passing',
    zone: 'dc1',
    meta: {
      namespace: 'default',
      job: 'shop',
      allocation,
      node: '7406e90b-de16-d118-80fe-60d0f2730cb3',
      datacenter: 'dc1',
    },
  })
  assert.deepEqual([bare?.name, bare?.ports, bare?.health], ['bare', [], 'unknown'])
})

interface Running {
  readonly allocation: string
  readonly id: string
}
type Web = ReturnType<WatchedProvider['instances']>

/** Each starts with one instance of `web` that runs. */
const changes: [string, (nomad: NomadServer, old: Running) => void, (web: Web, all: Web) => boolean][] = [
  [
    'a new service',
    ({ model }) => void model.register(model.place(), { name: 'api', port: 1 }),
    (_, all) => all.some(({ name }) => name === 'api'),
  ],
  ['an instance more with the same tags', (nomad) => void run(nomad, 81), (web) => web.length === 2],
  [
    'an instance more of another job',
    (nomad) => void run(nomad, 81, { job: 'other' }),
    (web) => web.length === 2,
  ],
  ['the last instance gone', ({ model }, { id }) => model.deregister(id), (web) => web.length === 0],
  [
    'other tags',
    ({ model }, { allocation }) => void model.register(allocation, { name: 'web', port: 80, tags: ['b'] }),
    ([one]) => one?.tags[0] === 'b',
  ],
  [
    'another port',
    ({ model }, { allocation }) => void model.register(allocation, { name: 'web', port: 81, tags: ['a'] }),
    ([one]) => one?.ports[0]?.port === 81,
  ],
  [
    'an allocation that is told to stop',
    ({ model }, { allocation }) => model.change(allocation, { DesiredStatus: 'stop' }),
    ([one]) => one?.terminating === true,
  ],
  [
    'an allocation that is evicted',
    ({ model }, { allocation }) => model.change(allocation, { DesiredStatus: 'evict' }),
    ([one]) => one?.terminating === true,
  ],
  [
    'an allocation whose machine is lost',
    ({ model }, { allocation }) => model.change(allocation, { ClientStatus: 'lost', DesiredStatus: 'stop' }),
    ([one]) => one?.unproven === true && one.terminating === undefined,
  ],
]
for (const [name, change, seen] of changes) {
  test(`seen within ${SEEN_WITHIN} ms: ${name}`, async () => {
    await using nomad = await startNomad()
    const old = run(nomad)
    await using watched = watch(nomad)
    await watched.until('the beginning', () => watched.instances('web', 'default').length === 1, DEFAULT)
    const started = performance.now()
    change(nomad, old)
    const all = (): Web => watched.view('default').snapshot?.instances ?? []
    await watched.until(name, () => seen(watched.instances('web', 'default'), all()), DEFAULT)
    assert.ok(performance.now() - started < SEEN_WITHIN, `took ${performance.now() - started} ms`)
    assert.ok(watched.updates.every((update) => !('failure' in update)))
  })
}

test('an allocation that was told to stop stays so when it has ended and is listed no more', async () => {
  await using nomad = await startNomad()
  const { allocation } = run(nomad)
  await using watched = watch(nomad)
  const web = (): Web => watched.instances('web', 'default')
  await watched.until('the beginning', () => web().length === 1, DEFAULT)
  nomad.model.change(allocation, { DesiredStatus: 'stop' })
  await watched.until('stopping', () => web()[0]?.terminating === true, DEFAULT)
  nomad.model.change(allocation, { ClientStatus: 'complete' })
  nomad.model.register(nomad.model.place({ job: 'b' }), { name: 'api', port: 1 })
  await watched.until('another', () => watched.instances('api', 'default').length === 1, DEFAULT)
  assert.equal(web()[0]?.terminating, true)
})

test('health is honoured: who fails drains, who is not ready is not served, who passes again is', async () => {
  await using nomad = await startNomad()
  const { allocation } = run(nomad)
  await using watched = watch(nomad, { checksInterval: '0.1s' })
  const of = (name: string) => watched.instances(name, 'default')[0]
  await watched.until('passing', () => of('web')?.health === 'passing', DEFAULT)
  nomad.model.check(allocation, 'web', 'success', 'failure')
  await watched.until(
    'draining',
    () => of('web')?.health === 'critical' && of('web')?.terminating === true,
    DEFAULT,
  )
  nomad.model.check(allocation, 'web', 'success', 'success')
  await watched.until('back', () => of('web')?.health === 'passing' && !of('web')?.terminating, DEFAULT)
  nomad.model.check(allocation, 'web', 'pending', 'pending')
  const before = watched.updates.length
  const newcomer = nomad.model.place()
  nomad.model.check(newcomer, 'api', 'pending')
  nomad.model.register(newcomer, { name: 'api', port: 1 })
  await watched.until('the newcomer', () => of('api') !== undefined, DEFAULT)
  assert.deepEqual([of('api')?.terminating, of('api')?.health], [true, 'unknown'])
  nomad.model.check(newcomer, 'api', 'success')
  await watched.until('ready', () => of('api')?.health === 'passing' && !of('api')?.terminating, DEFAULT)
  // A client that starts again makes its checks anew, and takes nobody out by that.
  const asked = (): number => nomad.calls.filter(({ path }) => path.includes(`${allocation}/checks`)).length
  const askedBefore = asked()
  await until('the pending checks to be read', () => asked() > askedBefore + 1)
  const since = watched.updates.slice(before)
  assert.ok(since.length >= 2)
  for (const update of since) {
    const web = 'instances' in update ? update.instances?.find(({ name }) => name === 'web') : undefined
    assert.deepEqual([web?.health, web?.terminating], ['passing', undefined])
  }
})

test('at the start, nobody is shown before the checks have been read', async () => {
  await using nomad = await startNomad()
  const { allocation } = run(nomad)
  nomad.model.check(allocation, 'web', 'failure')
  await using watched = watch(nomad)
  await watched.until('the beginning', () => watched.instances('web', 'default').length === 1, DEFAULT)
  const first = watched.updates.find((one) => 'instances' in one)
  assert.ok(first && 'instances' in first)
  assert.equal(first.instances?.[0]?.health, 'critical')
})

test('without healthChecks nobody is asked for checks', async () => {
  await using nomad = await startNomad()
  const { allocation } = run(nomad)
  nomad.model.check(allocation, 'web', 'failure')
  await using watched = watch(nomad, { healthChecks: false })
  await watched.until('the beginning', () => watched.instances('web', 'default').length === 1, DEFAULT)
  assert.equal(watched.instances('web', 'default')[0]?.terminating, undefined)
  assert.ok(nomad.calls.every(({ path }) => !path.endsWith('/checks')))
})

test('a burst of changes is seen completely', async () => {
  await using nomad = await startNomad()
  await using watched = watch(nomad)
  await watched.until('the beginning', ({ snapshot }) => snapshot !== undefined, DEFAULT)
  const shown = (): number => watched.view('default').snapshot?.instances?.length ?? 0
  const ids = Array.from({ length: 60 }, (_, i) =>
    nomad.model.register(nomad.model.place({ job: `j${i % 4}` }), { name: `s${i % 3}`, port: 1000 + i }),
  )
  await watched.until('60 instances', () => shown() === 60, { ...DEFAULT, within: 2_000 })
  for (const id of ids.slice(1)) nomad.model.deregister(id)
  await watched.until('one left', () => shown() === 1, { ...DEFAULT, within: 2_000 })
})

test('namespaces: the default one, several, or all; each call names its own', async () => {
  await using nomad = await startNomad()
  for (const [namespace, name] of [
    ['default', 'web'],
    ['team', 'web'],
    ['other', 'api'],
  ] as const)
    nomad.model.register(nomad.model.place({ namespace }), { name, port: 1 })
  const names = (watched: WatchedProvider, part: string): string[] =>
    (watched.view(part).snapshot?.instances ?? []).map(
      ({ name, meta }) => `${name} in ${meta?.['namespace']}`,
    )
  await using own = watch(nomad)
  await own.until('the default one', () => names(own, 'default').join() === 'web in default', DEFAULT)
  await using two = watch(nomad, { namespaces: ['team', 'other'] })
  for (const [part, seen] of [
    ['team', 'web in team'],
    ['other', 'api in other'],
  ] as const)
    await two.until(part, () => names(two, part).join() === seen, { part })
  await using both = watch(nomad, { namespaces: ['team', 'default'] })
  await both.until('one that says so', () =>
    both.updates.some((one) => 'problems' in one && one.problems?.[0]?.code === 'E209'),
  )
  await using all = watch(nomad, { namespaces: ['*'] })
  await all.until('all', () => names(all, '*').length === 3, { part: '*' })
  const notes = all.view('*').snapshot?.problems?.map(({ code, message }) => `${code} ${message}`) ?? []
  assert.equal(notes.length, 1)
  assert.match(notes[0]!, /^E209 .* services called web in the namespaces default, team/)
  nomad.model.register(nomad.model.place({ namespace: 'new' }), { name: 'late', port: 1 })
  await all.until('one that came later', () => names(all, '*').includes('late in new'), { part: '*' })
})

test('region and stale are passed on with every call', async () => {
  await using nomad = await startNomad()
  run(nomad)
  await using watched = watch(nomad, { stale: true }, { region: 'global' })
  await watched.until('the beginning', () => watched.instances('web', 'default').length === 1, DEFAULT)
  assert.ok(nomad.calls.length > 3)
  assert.ok(nomad.calls.every(({ query }) => query.get('region') === 'global' && query.has('stale')))
  await using wrong = watch(nomad, {}, { region: 'mars' })
  await wrong.until(
    'the failure',
    ({ failure }) => /no way to the region/.test(failure?.message ?? ''),
    DEFAULT,
  )
})

test('without watch, changes are seen within the interval, and at once when a fresh read is asked for', async () => {
  await using nomad = await startNomad()
  await using polled = watch(nomad, { watch: false, refreshInterval: '0.2s' })
  await using idle = watch(nomad, { watch: false, refreshInterval: '1h', throttleDuration: '1s' })
  for (const one of [polled, idle])
    await one.until('the beginning', ({ snapshot }) => snapshot !== undefined, DEFAULT)
  assert.deepEqual(
    idle.view('default').snapshot?.problems?.map(({ code, origin }) => [code, origin.key]),
    [['E106', 'throttleDuration']],
  )
  const { allocation } = run(nomad)
  await polled.until('the instance', () => polled.instances('web', 'default').length === 1, DEFAULT)
  idle.refresh()
  await idle.until('the instance', () => idle.instances('web', 'default').length === 1, DEFAULT)
  nomad.model.change(allocation, { DesiredStatus: 'stop' })
  await polled.until('stopping', () => polled.instances('web', 'default')[0]?.terminating === true, DEFAULT)
})

test('throttleDuration keeps readings apart', async () => {
  await using nomad = await startNomad()
  run(nomad)
  await using watched = watch(nomad, { throttleDuration: '1s', healthChecks: false })
  await watched.until('the beginning', () => watched.instances('web', 'default').length === 1, DEFAULT)
  const lists = (): number => nomad.calls.filter(({ path }) => path === '/v1/services').length
  const before = lists()
  for (let i = 0; i < 5; i++) nomad.model.register(nomad.model.place(), { name: `s${i}`, port: 1 })
  await watched.until('all', ({ snapshot }) => snapshot?.instances?.length === 6, DEFAULT)
  assert.ok(lists() - before <= 2, `${lists() - before} lists`)
})

test('allowEmptyServices: a group that is scaled to zero keeps its routes', async () => {
  await using nomad = await startNomad()
  const services = [
    { Name: 'web', Provider: 'nomad', Tags: ['v1'] },
    { Name: 'elsewhere', Provider: 'consul', Tags: [] },
  ]
  const group = (Count: number, Enabled: boolean) => ({
    Name: 'g',
    Count,
    Scaling: { Enabled, Min: 0, Max: 3 },
    Services: services,
    Tasks: [{ Name: 't', Services: null }],
  })
  nomad.model.submit('shop', [group(0, true)])
  nomad.model.submit('off', [{ ...group(0, false), Services: [{ Name: 'off', Provider: 'nomad' }] }])
  nomad.model.submit('gone', [group(0, true)], { Stop: true })
  await using watched = watch(nomad, { allowEmptyServices: true })
  const seen = (): string[] =>
    (watched.view('default').snapshot?.instances ?? []).map(
      ({ name, vacant }) => `${name} ${vacant === true}`,
    )
  await watched.until('the empty one', () => seen().join() === 'web true', DEFAULT)
  nomad.model.submit('shop', [group(1, true)])
  await watched.until('none', () => seen().length === 0, DEFAULT)
})

test('TLS: by the authority of the options, and refused without it', async () => {
  using authority = new TestAuthority()
  await using nomad = await startNomad({ tls: authority.sign('IP:127.0.0.1') })
  run(nomad)
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-'))
  const ca = join(folder, 'ca.pem')
  await writeFile(ca, authority.cert)
  await using good = watch(nomad, {}, { tls: { ca } })
  await good.until('the beginning', () => good.instances('web', 'default').length === 1, DEFAULT)
  await using bad = watch(nomad)
  await bad.until(
    'the failure',
    ({ failure }) => /E401.*certificate/s.test(`${failure?.code} ${failure?.message} ${failure?.remedy}`),
    DEFAULT,
  )
  await rm(folder, { recursive: true })
})

test('everything ends with the signal, while long polls wait', async () => {
  await using nomad = await startNomad()
  const watched = watch(nomad)
  await watched.until('the beginning', ({ snapshot }) => snapshot !== undefined, DEFAULT)
  const started = performance.now()
  await watched[Symbol.asyncDispose]()
  assert.ok(performance.now() - started < 500)
})
