import assert from 'node:assert/strict'
import test from 'node:test'
import provider from '../../providers/consul-catalog.ts'
import { startConsul } from '../peers/consul.ts'
import type { Fault } from '../peers/fault-proxy.ts'
import { startFaultProxy } from '../peers/fault-proxy.ts'
import { WatchedProvider } from './watched-provider.ts'

/** Milliseconds from the end of a fault to a sound picture. */
const HEALED_WITHIN = 5_000
const WEB = { name: 'web', port: 80, tags: ['a'] }

function watch(
  { address }: { readonly address: string },
  options: object = {},
  endpoint: object = {},
): WatchedProvider {
  return new WatchedProvider(provider, { endpoint: { address, ...endpoint }, ...options })
}

/** What must hold all through a fault. */
function assertKept(watched: WatchedProvider, ids: readonly string[]): void {
  for (const update of watched.updates.slice(watched.updates.findIndex((one) => 'instances' in one))) {
    if (!('instances' in update)) continue
    const present = (update.instances ?? []).map(({ id }) => id)
    for (const id of ids) assert.ok(present.includes(id), `${id} is missing from ${present.join()}`)
  }
}

test('an agent that is killed and starts again empty: all stay, and are proved anew as they come back', async () => {
  await using agent = await startConsul()
  for (const [index, id] of ['one', 'two', 'three'].entries())
    await agent.register({ ...WEB, id, port: 3 + index })
  await using watched = watch(agent)
  const missing = () =>
    watched
      .instances('web')
      .filter(({ unproven }) => unproven === true)
      .map(({ id }) => id)
  await watched.until('three', () => watched.instances('web').length === 3)
  await agent.kill()
  await watched.until('the failure', ({ failure }) => failure?.code === 'E401')
  await agent.start()
  await watched.until('the new catalog', ({ failure }) => failure === undefined && missing().length === 3, {
    within: HEALED_WITHIN,
  })
  await agent.register({ ...WEB, id: 'one', port: 3 })
  await agent.register({ ...WEB, id: 'two', port: 3, address: '127.0.0.2' })
  await watched.until('two proved', () => missing().join() === 'test-node/three')
  assertKept(watched, ['test-node/one', 'test-node/two', 'test-node/three'])
  await agent.deregister('one')
  await watched.until('one gone, now with proof', () => watched.instances('web').length === 2)
})

test('an agent that comes back empty and has caught up with the old index is known by its servers', async () => {
  await using agent = await startConsul()
  await agent.register({ ...WEB, id: 'one' })
  await using proxy = await startFaultProxy(agent.address)
  await using watched = watch(proxy)
  await watched.until('one', () => watched.instances('web').length === 1)
  proxy.breakWith('/v1/', (response) => void response.destroy())
  await watched.until('the failure', ({ failure }) => failure !== undefined)
  await agent.restartEmpty()
  for (let index = 0; index < 20; index++)
    await agent.register({ name: `other-${index}`, port: 1000 + index })
  proxy.heal()
  await watched.until('the new catalog', () => watched.instances('other-19').length === 1, {
    within: HEALED_WITHIN,
  })
  await watched.until('missing', () => watched.instances('web')[0]?.unproven === true)
})

test('a missing instance is kept for ten minutes', async () => {
  await using agent = await startConsul()
  await agent.register({ ...WEB, id: 'one' })
  let ahead = 0
  await using watched = new WatchedProvider(
    provider,
    { endpoint: { address: agent.address } },
    { monotonic: () => performance.now() + ahead },
  )
  await watched.until('one', () => watched.instances('web').length === 1)
  await agent.restartEmpty()
  await watched.until('missing', () => watched.instances('web')[0]?.unproven === true, {
    within: HEALED_WITHIN,
  })
  ahead = 590_000
  await agent.register({ name: 'first', port: 1 })
  await watched.until('first', () => watched.instances('first').length === 1)
  assert.equal(watched.instances('web').length, 1)
  ahead = 610_000
  await agent.register({ name: 'second', port: 2 })
  await watched.until(
    'gone',
    () => watched.instances('second').length === 1 && watched.instances('web').length === 0,
  )
})

test('an agent that hangs keeps the picture, and is heard again when it wakes', async () => {
  await using agent = await startConsul()
  await agent.register({ ...WEB, id: 'one' })
  await using proxy = await startFaultProxy(agent.address)
  await using watched = watch(proxy, {}, { endpointWaitTime: '1s' })
  await watched.until('one', () => watched.instances('web').length === 1)
  agent.suspend()
  proxy.heal() // Cuts off the long polls, so that new ones meet the hung agent.
  await watched.until(
    'the time-out',
    ({ failure }) => /did not answer in time/.test(failure?.message ?? ''),
    { within: 10_000 },
  )
  assert.equal(watched.instances('web').length, 1)
  agent.resume()
  await watched.until('healed', ({ failure }) => failure === undefined, { within: HEALED_WITHIN })
  await agent.register({ ...WEB, id: 'two' })
  await watched.until('two', () => watched.instances('web').length === 2)
  assertKept(watched, ['test-node/one'])
})

const SERVICES = '/v1/catalog/services'
const sound = { 'x-consul-index': '1000', 'x-consul-knownleader': 'true' }
const faults: [name: string, path: string, fault: Fault, problem: RegExp][] = [
  [
    '500',
    '/v1/',
    { status: 500, headers: { 'content-type': 'text/plain' }, body: 'oops' },
    /E404 .*answered with an error \(500/,
  ],
  [
    '500 without a leader',
    '/v1/',
    { status: 500, headers: { 'content-type': 'text/plain' }, body: 'No cluster leader' },
    /E403 .*no cluster leader/,
  ],
  [
    '403',
    '/v1/',
    { status: 403, headers: { 'content-type': 'text/plain' }, body: 'Permission denied' },
    /E402 .*denied access \(403 Permission denied\)/,
  ],
  ['429', '/v1/', { status: 429 }, /E404 .*asked too often/],
  [
    'an empty list without a leader',
    SERVICES,
    { headers: { ...sound, 'x-consul-knownleader': 'false' }, body: '{}' },
    /E403 .*no leader is known/,
  ],
  [
    'an old follower',
    SERVICES,
    { headers: { ...sound, 'x-consul-lastcontact': '60000' }, body: '{}' },
    /E403 .*last heard from its leader 60000 ms ago/,
  ],
  ['an empty list without an index', SERVICES, { body: '{}' }, /E404 .*no X-Consul-Index/],
  [
    'a list instead of an object',
    SERVICES,
    { headers: sound, body: '[]' },
    /E404 .*not an object but a list/,
  ],
  ['null', SERVICES, { headers: sound, body: 'null' }, /E404 .*not an object but null/],
  ['nothing', SERVICES, { headers: sound }, /E404 .*not an object/],
  [
    'tags that are none',
    SERVICES,
    { headers: sound, body: '{"web":7}' },
    /E404 .*tags of "web" is not a list but 7/,
  ],
  ['JSON that breaks off', SERVICES, { headers: sound, body: '{"web":["a"' }, /E404 .*none of Consul's/],
  [
    'a page of HTML',
    SERVICES,
    { headers: { ...sound, 'content-type': 'text/html' }, body: '<h1>Hi</h1>' },
    /E404 .*not an object but string/,
  ],
  ['a body whose connection breaks', SERVICES, breakWithinBody, /E401 .*broke within the answer/],
  ['a body that never ends', SERVICES, neverEnd, /E401 .*did not answer in time/],
  [
    'a connection that is closed at once',
    '/v1/',
    (response) => void response.destroy(),
    /E401 .*cannot be reached/,
  ],
  [
    'checks that are none',
    '/v1/health/state/any',
    { headers: sound, body: '[{"Node":1}]' },
    /E404 .*node of a check is not text but 1/,
  ],
]

for (const [name, path, fault, problem] of faults) {
  test(`the picture stays while the agent answers with ${name}, and heals afterwards`, async () => {
    await using agent = await startConsul()
    await agent.register({ ...WEB, id: 'one' })
    await using proxy = await startFaultProxy(agent.address)
    await using watched = watch(proxy, {}, { endpointWaitTime: '1s' })
    await watched.until('one', () => watched.instances('web').length === 1)
    proxy.breakWith(path, fault)
    await watched.until(
      'the failure',
      ({ failure }) => problem.test(`${failure?.code} ${failure?.message}`),
      { within: 8_000 },
    )
    await agent.register({ ...WEB, id: 'two' })
    proxy.heal()
    await watched.until(
      'healed',
      ({ failure }) => failure === undefined && watched.instances('web').length === 2,
      { within: HEALED_WITHIN },
    )
    assertKept(watched, ['test-node/one'])
    assert.ok(watched.instances('web').every(({ unproven }) => unproven !== true))
  })
}

function breakWithinBody(response: Parameters<Extract<Fault, (...args: never) => void>>[0]): void {
  response.writeHead(200, { ...sound, 'content-type': 'application/json', 'content-length': '1000' })
  response.write('{"web":', () => response.destroy())
}

function neverEnd(response: Parameters<Extract<Fault, (...args: never) => void>>[0]): void {
  response.writeHead(200, { ...sound, 'content-type': 'application/json' })
  response.write('{"web":')
}

test('an empty list proves nothing: neither with the index gone back, nor with a higher one', async () => {
  for (const index of ['1', '1000']) {
    await using agent = await startConsul()
    await agent.register({ ...WEB, id: 'one' })
    await using proxy = await startFaultProxy(agent.address)
    await using watched = watch(proxy)
    await watched.until('one', () => watched.instances('web').length === 1)
    proxy.breakWith(SERVICES, { headers: { ...sound, 'x-consul-index': index }, body: '{}' })
    await watched.until('missing', () => watched.instances('web')[0]?.unproven === true)
    proxy.heal()
    await watched.until('healed', () => watched.instances('web')[0]?.unproven !== true, {
      within: HEALED_WITHIN,
    })
    assertKept(watched, ['test-node/one', 'test-node/consul'])
  }
})

test('a service that is listed without an instance to be seen keeps those that it had', async () => {
  await using agent = await startConsul()
  await agent.register({ ...WEB, id: 'one' })
  await using proxy = await startFaultProxy(agent.address)
  await using watched = watch(proxy)
  await watched.until('one', () => watched.instances('web').length === 1)
  proxy.breakWith('/v1/health/service/web', { headers: sound, body: '[]' })
  await agent.register({ ...WEB, id: 'two' })
  await watched.until('missing', () => watched.instances('web')[0]?.unproven === true)
  await agent.deregister('one')
  await agent.deregister('two')
  await watched.until('gone from the list', () => watched.instances('web').length === 0)
})

test('a list that leaves a service out is not believed while the service itself can be read', async () => {
  await using agent = await startConsul()
  await agent.register({ ...WEB, id: 'one' })
  await using proxy = await startFaultProxy(agent.address)
  await using watched = watch(proxy)
  await watched.until('one', () => watched.instances('web').length === 1)
  // With the true index, so that the list alone is wrong, and not the catalog another one afterwards.
  const index = (await fetch(`http://${agent.address}${SERVICES}`)).headers.get('x-consul-index') ?? ''
  proxy.breakWith(SERVICES, { headers: { ...sound, 'x-consul-index': index }, body: '{"consul":[]}' })
  await agent.register({ ...WEB, id: 'two' })
  await watched.until('two, though the list does not name it', () => watched.instances('web').length === 2)
  await agent.deregister('one')
  await agent.deregister('two')
  proxy.heal()
  await watched.until('gone from both', () => watched.instances('web').length === 0)
})

test('a refresh reads everything and says so, changed or not', async () => {
  await using agent = await startConsul()
  await agent.register({ ...WEB, id: 'one' })
  await using watched = watch(agent)
  const reading = (): number => watched.view().snapshot?.reading ?? -1
  await watched.until('the first picture', () => reading() === 0)
  for (const expected of [1, 2]) {
    watched.refresh()
    await watched.until(`reading ${expected}`, () => reading() === expected)
  }
  // Asked for while one is under way, it begins anew: what is under way may have read the list before.
  watched.refresh()
  watched.refresh()
  await watched.until('one reading for both', () => reading() === 3)
})

test('what a first reading could not see is called unproven or unread', async () => {
  await using agent = await startConsul()
  await agent.register({ ...WEB, id: 'one' })
  await using proxy = await startFaultProxy(agent.address)
  proxy.breakWith('/v1/health/service/web', { status: 500 })
  await using one = watch(proxy)
  await one.until('the picture', ({ snapshot }) => snapshot?.unread?.includes('web') === true)
  proxy.breakWith(SERVICES, { headers: sound, body: '{}' })
  await using none = watch(proxy)
  await none.until('nothing', ({ snapshot }) => snapshot?.missing === 'unproven')
})

test('a service that cannot be read keeps its instances, is named, and harms no other', async () => {
  await using agent = await startConsul()
  await agent.register({ ...WEB, id: 'one' })
  await using proxy = await startFaultProxy(agent.address)
  await using watched = watch(proxy)
  await watched.until('one', () => watched.instances('web').length === 1)
  proxy.breakWith('/v1/health/service/web', { headers: sound, body: '[{"Node":{},"Service":{}}]' })
  await agent.register({ ...WEB, id: 'two' })
  await agent.register({ name: 'api', port: 1 })
  await watched.until('the other', () => watched.instances('api').length === 1)
  const complaint = () =>
    watched.view().snapshot?.problems?.find(({ resource }) => resource === 'service web')
  await watched.until('the problem', () => complaint()?.code === 'E404')
  assert.equal(watched.instances('web').length, 1)
  proxy.heal()
  await watched.until('healed', () => watched.instances('web').length === 2 && !complaint(), {
    within: HEALED_WITHIN,
  })
})

test('an agent that is not there from the start is named with its address, and found when it comes', async () => {
  await using agent = await startConsul()
  await agent.stop()
  await using watched = watch(agent)
  await watched.until('the failure', ({ failure }) => failure?.code === 'E401')
  assert.match(
    watched.view().failure?.message ?? '',
    new RegExp(`${agent.address} cannot be reached: connect ECONNREFUSED`),
  )
  await agent.start()
  await watched.until('the picture', ({ snapshot, failure }) => snapshot !== undefined && !failure, {
    within: HEALED_WITHIN,
  })
})

test('tokens: a wrong one is refused, a missing one sees nothing, a good one sees all; none is ever shown', async () => {
  await using agent = await startConsul({ acl: true })
  await agent.register({ ...WEB, id: 'one' })
  await using wrong = watch(agent, {}, { token: 'wrong-secret' })
  await using missing = watch(agent)
  await using good = watch(agent, {}, { token: agent.token })
  await wrong.until('refused', ({ failure }) => failure?.code === 'E402')
  await missing.until(
    'nothing',
    ({ snapshot }) => snapshot?.problems?.some(({ code }) => code === 'E402') ?? false,
  )
  await good.until('all', () => good.instances('web').length === 1)
  assert.match(wrong.view().failure?.message ?? '', /denied access \(403 ACL not found\)/)
  assert.match(wrong.view().failure?.remedy ?? '', /service_prefix "" .*node_prefix ""/)
  assert.ok(!JSON.stringify([wrong.updates, good.updates]).includes('wrong-secret'))
  assert.ok(!JSON.stringify(good.updates).includes(agent.token ?? '?'))
})

test('a token that breaks the header or is echoed by the answer is not shown either', async () => {
  await using agent = await startConsul()
  await using proxy = await startFaultProxy(agent.address)
  proxy.breakWith('/v1/', {
    status: 403,
    headers: { 'content-type': 'text/plain' },
    body: 'no such token: s3cret-one',
  })
  await using echoed = watch(proxy, {}, { token: 's3cret-one' })
  await using broken = watch(proxy, {}, { token: 's3cret\r\nX: 1' })
  await echoed.until('refused', ({ failure }) => failure?.message.includes('no such token: ***') ?? false)
  await broken.until('failed', ({ failure }) => failure !== undefined)
  assert.ok(!JSON.stringify([echoed.updates, broken.updates]).includes('s3cret'))
})
