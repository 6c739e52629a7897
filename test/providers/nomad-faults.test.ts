import assert from 'node:assert/strict'
import test from 'node:test'
import provider from '../../providers/nomad.ts'
import type { NomadFault, NomadServer } from '../peers/nomad-server.ts'
import { startNomad } from '../peers/nomad-server.ts'
import { WatchedProvider } from './watched-provider.ts'

/** Nomad's programs cannot be had here: `startNomad` is a server of ours. */

/** Milliseconds from the end of a fault to a sound picture. */
const HEALED_WITHIN = 5_000
const PART = { part: 'default' }
const HEALED = { ...PART, within: HEALED_WITHIN }

function watch(
  { address }: { readonly address: string },
  options: object = {},
  endpoint = {},
): WatchedProvider {
  return new WatchedProvider(provider, {
    endpoint: { address, endpointWaitTime: '1s', ...endpoint },
    healthChecks: false,
    ...options,
  })
}

function add({ model }: NomadServer, port: number, name = 'web'): string {
  return model.register(model.place({ job: name }), { name, port })
}

function ids(watched: WatchedProvider, name = 'web'): string[] {
  return watched.instances(name, 'default').map(({ id, unproven }) => (unproven ? `${id}?` : id))
}

/** What must hold all through a fault. */
function assertKept(watched: WatchedProvider, id: string): void {
  const first = watched.updates.findIndex((one) => 'instances' in one)
  for (const update of watched.updates.slice(first)) {
    if (!('instances' in update)) continue
    assert.ok(
      update.instances?.some((one) => one.id === id),
      `${id} is missing`,
    )
  }
}

const sound = { 'x-nomad-index': '1000', 'x-nomad-knownleader': 'true', 'x-nomad-lastcontact': '0' }
const LIST = '/v1/services'
const faults: [name: string, path: string, fault: NomadFault, problem: RegExp][] = [
  ['500', '/v1/', { status: 500, body: 'oops' }, /E404 .*answered with an error \(500 oops/],
  ['500 without a leader', '/v1/', { status: 500, body: 'No cluster leader' }, /E403 .*has no leader/],
  [
    '403',
    '/v1/',
    { status: 403, body: 'Permission denied' },
    /E402 .*denied access \(403 Permission denied\)/,
  ],
  [
    '403 for allocations alone',
    '/v1/allocations',
    { status: 403, body: 'Permission denied' },
    /E402 .*list of allocations/,
  ],
  ['429', '/v1/', { status: 429, body: '' }, /E404 .*asked too often/],
  ['404', '/v1/', { status: 404, body: 'page not found' }, /E404 .*404 page not found/],
  [
    'an empty list without a leader',
    LIST,
    { headers: { ...sound, 'x-nomad-knownleader': 'false' }, body: '[]' },
    /E403 .*no leader is known/,
  ],
  [
    'an old follower',
    LIST,
    { headers: { ...sound, 'x-nomad-lastcontact': '60000' }, body: '[]' },
    /E403 .*last heard from its leader 60000 ms ago/,
  ],
  ['an empty list without an index', LIST, { body: '[]' }, /E404 .*no X-Nomad-Index/],
  [
    'an empty list with the index 0',
    LIST,
    { headers: { ...sound, 'x-nomad-index': '0' }, body: '[]' },
    /E402 .*may read none of the namespaces/,
  ],
  ['an object instead of a list', LIST, { headers: sound, body: '{"a":1}' }, /E404 .*not a list but object/],
  ['JSON that breaks off', LIST, { headers: sound, body: '[{"Namespace":' }, /E404 .*it is not JSON/],
  ['a page of HTML', LIST, { headers: sound, body: '<h1>Hi</h1>' }, /E404 .*it is not JSON/],
  [
    'tags that are none',
    LIST,
    { headers: sound, body: '[{"Namespace":"default","Services":[{"ServiceName":"web","Tags":7}]}]' },
    /E404 .*tags of "web" is not a list but 7/,
  ],
  [
    'allocations that are none',
    '/v1/allocations',
    { headers: sound, body: '[{"ID":1}]' },
    /E404 .*ID of an allocation is not text/,
  ],
  ['half an answer', LIST, 'cut', /E401 .*no whole answer/],
  ['a connection that is reset', '/v1/', 'reset', /E401 .*cannot be reached/],
  ['nothing at all', LIST, 'hang', /E401 .*did not answer in time/],
]
for (const [name, path, fault, problem] of faults) {
  test(`the picture stays while the agent answers with ${name}, and heals afterwards`, async () => {
    await using nomad = await startNomad()
    const one = add(nomad, 80)
    await using watched = watch(nomad)
    await watched.until('one', () => ids(watched).join() === one, PART)
    nomad.breakWith(path, fault)
    await watched.until(
      'the failure',
      ({ failure }) => problem.test(`${failure?.code} ${failure?.message}`),
      { ...PART, within: 12_000 },
    )
    const two = add(nomad, 81)
    nomad.heal()
    await watched.until('healed', ({ failure }) => !failure && ids(watched).includes(two), HEALED)
    assertKept(watched, one)
    assert.ok(ids(watched).every((id) => !id.endsWith('?')))
  })
}

test('a server that is not there from the start is named with its address, and found when it comes', async () => {
  await using nomad = await startNomad()
  const one = add(nomad, 80)
  await nomad.stop()
  await using watched = watch(nomad)
  await watched.until('the failure', ({ failure }) => failure?.code === 'E401', PART)
  const { host } = new URL(nomad.address)
  assert.match(
    watched.view('default').failure?.message ?? '',
    new RegExp(`${host} .*cannot be reached.*ECONNREFUSED`),
  )
  await nomad.start()
  await watched.until('the picture', ({ failure }) => !failure && ids(watched).join() === one, HEALED)
})

test('a restart with its data: whoever left meanwhile is gone, nobody is in doubt', async () => {
  await using nomad = await startNomad()
  const [one, two] = [add(nomad, 80), add(nomad, 81)]
  await using watched = watch(nomad)
  await watched.until('two', () => ids(watched).length === 2, PART)
  await nomad.stop()
  await watched.until('the failure', ({ failure }) => failure !== undefined, PART)
  nomad.model.deregister(two)
  await nomad.start()
  await watched.until('one', ({ failure }) => !failure && ids(watched).join() === one, HEALED)
})

for (const [name, refill] of [
  ['the index gone back', 0],
  ['the old index caught up with', 40],
] as const) {
  test(`servers that have lost their data, ${name}: all stay, and are proved as they come back`, async () => {
    await using nomad = await startNomad()
    const one = add(nomad, 80)
    await using watched = watch(nomad)
    await watched.until('one', () => ids(watched).join() === one, PART)
    await nomad.stop()
    await watched.until('the failure', ({ failure }) => failure !== undefined, PART)
    nomad.model.loseData()
    for (let i = 0; i < refill; i++) add(nomad, 1000 + i, 'other')
    await nomad.start()
    await watched.until('in doubt', ({ failure }) => !failure && ids(watched).join() === `${one}?`, HEALED)
    const two = add(nomad, 81)
    await watched.until('the new one', () => ids(watched).includes(two), HEALED)
    nomad.model.deregister(two)
    await watched.until('gone, with proof', () => ids(watched).join() === `${one}?`, HEALED)
  })
}

test('a list that leaves a service out is not believed while the service itself can be read', async () => {
  await using nomad = await startNomad()
  const one = add(nomad, 80)
  await using watched = watch(nomad)
  await watched.until('one', () => ids(watched).join() === one, PART)
  const index = String(nomad.model.indexOf(LIST) + 1)
  nomad.breakWith(LIST, { headers: { ...sound, 'x-nomad-index': index }, body: '[]' })
  const two = add(nomad, 81)
  await watched.until('two, though the list does not name it', () => ids(watched).includes(two), HEALED)
  nomad.heal()
  nomad.model.deregister(one)
  nomad.model.deregister(two)
  await watched.until('gone from both', ({ failure }) => !failure && ids(watched).length === 0, HEALED)
})

test('a service that cannot be read keeps its instances, is named, and harms no other', async () => {
  await using nomad = await startNomad()
  const one = add(nomad, 80)
  await using watched = watch(nomad)
  await watched.until('one', () => ids(watched).join() === one, PART)
  nomad.breakWith('/v1/service/web', { headers: sound, body: '[{"ID":"x"}]' })
  add(nomad, 81)
  const api = add(nomad, 1, 'api')
  await watched.until('the other', () => ids(watched, 'api').join() === api, HEALED)
  const complaint = () =>
    watched.view('default').snapshot?.problems?.find(({ resource }) => resource === 'service default/web')
  await watched.until(
    'the problem',
    ({ snapshot }) => complaint()?.code === 'E404' && snapshot?.unread?.join() === 'web',
    HEALED,
  )
  assert.equal(ids(watched).join(), one)
  nomad.heal()
  await watched.until('healed', () => ids(watched).length === 2 && !complaint(), HEALED)
})

test('a refresh reads everything and says so, changed or not', async () => {
  await using nomad = await startNomad()
  add(nomad, 80)
  await using watched = watch(nomad)
  const reading = (): number => watched.view('default').snapshot?.reading ?? -1
  await watched.until('the first picture', () => reading() === 0, PART)
  watched.refresh()
  await watched.until('reading 1', () => reading() === 1, PART)
  watched.refresh()
  watched.refresh()
  await watched.until('one reading for both', () => reading() === 2, PART)
})

test('checks that cannot be read: what was known holds, a newcomer is served after five seconds', async () => {
  await using nomad = await startNomad()
  const allocation = nomad.model.place()
  nomad.model.check(allocation, 'web', 'success')
  nomad.model.register(allocation, { name: 'web', port: 80 })
  await using watched = watch(nomad, { healthChecks: true, checksInterval: '0.1s' })
  const state = (name: string): string => {
    const [one] = watched.instances(name, 'default')
    return `${one?.health} ${one?.terminating === true}`
  }
  await watched.until('passing', () => state('web') === 'passing false', PART)
  nomad.breakWith('/v1/client/', { status: 500, body: 'No path to node' })
  add(nomad, 81, 'late')
  await watched.until(
    'the problem',
    ({ snapshot }) => /No path to node.*still holds/.test(snapshot?.problems?.[0]?.message ?? ''),
    HEALED,
  )
  assert.equal(state('web'), 'passing false')
  assert.equal(state('late'), 'unknown true')
  await watched.until('patience to end', () => state('late') === 'unknown false', { ...PART, within: 9_000 })
  nomad.model.check(allocation, 'web', 'failure')
  nomad.heal()
  await watched.until('heard again', () => state('web') === 'critical true', { ...PART, within: 12_000 })
})

test('a Nomad that knows no checks yet (1.3): every registration is served at once, and nothing is complained of', async () => {
  await using nomad = await startNomad()
  nomad.breakWith('/v1/client/', { status: 404, body: 'resource not found' })
  add(nomad, 80)
  await using watched = watch(nomad, { healthChecks: true })
  await watched.until('served', () => watched.instances('web', 'default')[0]?.health === 'unknown', PART)
  assert.equal(watched.instances('web', 'default')[0]?.terminating, undefined)
  assert.deepEqual(watched.view('default').snapshot?.problems, [])
})

test('machines that never answer for their checks hold up neither the start nor the others for long', async () => {
  await using nomad = await startNomad()
  for (let i = 0; i < 20; i++) add(nomad, 1000 + i, 'hung')
  const allocation = nomad.model.place()
  nomad.model.check(allocation, 'web', 'failure')
  nomad.model.register(allocation, { name: 'web', port: 80 })
  nomad.hangWhere((path) => path.endsWith('/checks') && !path.includes(allocation))
  await using watched = watch(nomad, { healthChecks: true })
  const served = (): number =>
    watched.instances('hung', 'default').filter(({ terminating }) => !terminating).length
  await watched.until('the start', () => served() === 20, { ...PART, within: 8_000 })
  await watched.until('the other', () => watched.instances('web', 'default')[0]?.health === 'critical', {
    ...PART,
    within: 15_000,
  })
})

test('tokens: a wrong one is refused, a good one sees its namespaces; none is ever shown', async () => {
  await using nomad = await startNomad({
    tokens: { 'good-secret': ['default', 'team'], 'all-secret': ['*'], 'none-secret': [] },
  })
  add(nomad, 80)
  nomad.model.register(nomad.model.place({ namespace: 'hidden' }), { name: 'api', port: 1 })
  const all = { namespaces: ['*'] }
  const size = (watched: WatchedProvider, part: string): number =>
    watched.view(part).snapshot?.instances?.length ?? -1
  await using wrong = watch(nomad, {}, { token: 'wrong-secret' })
  await wrong.until('refused', ({ failure }) => failure?.code === 'E402', PART)
  await using missing = watch(nomad)
  await missing.until('refused', ({ failure }) => failure?.code === 'E402', PART)
  assert.match(
    missing.view('default').failure?.remedy ?? '',
    /namespace "default" \{ capabilities = \["read-job"\] \}/,
  )
  await using none = watch(nomad, all, { token: 'none-secret' })
  await none.until('refused', ({ failure }) => failure?.code === 'E402', { part: '*' })
  await using good = watch(nomad, all, { token: 'good-secret' })
  await good.until('its own', () => size(good, '*') === 1, { part: '*' })
  await using everything = watch(nomad, all, { token: 'all-secret' })
  await everything.until('all', () => size(everything, '*') === 2, { part: '*' })
  nomad.breakWith('/v1/services', { status: 500, body: 'token all-secret is odd' })
  await everything.until('the echo', ({ failure }) => /token \*\*\* is odd/.test(failure?.message ?? ''), {
    part: '*',
  })
  const told = (watched: WatchedProvider): string => JSON.stringify(watched.updates)
  // The echo of another's token, which the others got as well, cannot be known for one.
  for (const [watched, token] of [
    [wrong, 'wrong-secret'],
    [none, 'none-secret'],
    [good, 'good-secret'],
    [everything, 'all-secret'],
  ] as const)
    assert.ok(!told(watched).includes(token))
})

test('an address that is none ends the provider with a sentence that does not repeat it', async () => {
  await using watched = new WatchedProvider(provider, { endpoint: { address: 'http://me:hunter2@nomad' } })
  await assert.rejects(watched.ended, (error: Error) => {
    assert.match(error.message, /endpoint\.address is not the address of a Nomad agent/)
    return !error.message.includes('hunter2')
  })
})
