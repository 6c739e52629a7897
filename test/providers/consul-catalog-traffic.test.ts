import assert from 'node:assert/strict'
import test from 'node:test'
import provider from '../../providers/consul-catalog.ts'
import { startConsul } from '../peers/consul.ts'
import { startFaultProxy } from '../peers/fault-proxy.ts'
import { WatchedProvider } from './watched-provider.ts'

const SERVICES = 60
/** Two long polls and eight reads. */
const MOST_CONNECTIONS = 10

test('one datacenter takes two long polls and few connections, however many services there are', async () => {
  await using agent = await startConsul()
  const names = Array.from({ length: SERVICES }, (_, index) => `s${index}`)
  await Promise.all(
    names.map((name, index) => agent.register({ name, port: 1000 + index, check: 'passing' })),
  )
  await using proxy = await startFaultProxy(agent.address)
  await using watched = new WatchedProvider(provider, { endpoint: { address: proxy.address } })
  await watched.until('all', ({ snapshot }) => snapshot?.instances?.length === SERVICES + 1)
  assert.equal(watched.updates.length, 1, 'the first picture is whole')
  await agent.setCheck('s1', 'critical')
  await watched.until('the change', () => watched.instances('s1')[0]?.terminating === true)
  assert.ok(proxy.mostConnections <= MOST_CONNECTIONS, `${proxy.mostConnections} connections`)
  const waiting = proxy.passed.filter(({ query }) => query.has('wait')).map(({ path }) => path)
  assert.deepEqual([...new Set(waiting)].toSorted(), ['/v1/catalog/services', '/v1/health/state/any'])
})

test('a check that changes makes only its own service be read', async () => {
  await using agent = await startConsul()
  for (const name of ['a', 'b', 'c']) await agent.register({ name, port: 1, check: 'passing' })
  await using proxy = await startFaultProxy(agent.address)
  await using watched = new WatchedProvider(provider, { endpoint: { address: proxy.address } })
  await watched.until('all', ({ snapshot }) => snapshot?.instances?.length === 4)
  const before = proxy.passed.length
  await agent.setCheck('b', 'critical')
  await watched.until('the change', () => watched.instances('b')[0]?.terminating === true)
  const reads = proxy.passed.slice(before).filter(({ path }) => path.startsWith('/v1/health/service/'))
  assert.deepEqual([...new Set(reads.map(({ path }) => path))], ['/v1/health/service/b'])
})

const queries: [string, object, string, string][] = [
  ['requireConsistent', { requireConsistent: true }, 'consistent', '/v1/'],
  ['stale', { stale: true }, 'stale', '/v1/'],
  ['cache', { cache: true }, 'cached', '/v1/health/service/'],
  ['endpoint.datacenter', { endpoint: { datacenter: 'dc1' } }, 'dc', '/v1/'],
]
for (const [name, options, key, path] of queries) {
  test(`${name} is sent as ${key}`, async () => {
    await using agent = await startConsul()
    await using proxy = await startFaultProxy(agent.address)
    const endpoint = {
      address: proxy.address,
      ...('endpoint' in options ? (options.endpoint as object) : {}),
    }
    await using watched = new WatchedProvider(provider, { ...options, endpoint })
    await watched.until('the picture', () => watched.updates.length > 0)
    const meant = proxy.passed.filter((one) => one.path.startsWith(path))
    assert.ok(meant.length > 0 && meant.every(({ query }) => query.has(key)))
    assert.ok(proxy.passed.every((one) => one.path.startsWith(path) || !one.query.has(key)))
  })
}

test('token and basic authentication are sent with every request', async () => {
  await using agent = await startConsul()
  await using proxy = await startFaultProxy(agent.address)
  const endpoint = {
    address: `http://${proxy.address}/`,
    token: 't',
    httpAuth: { username: 'u', password: 'p:ß' },
  }
  await using watched = new WatchedProvider(provider, { endpoint })
  await watched.until('the picture', ({ snapshot }) => snapshot !== undefined)
  const authorization = `Basic ${Buffer.from('u:p:ß').toString('base64')}`
  for (const { headers } of proxy.passed) {
    assert.equal(headers['x-consul-token'], 't')
    assert.equal(headers.authorization, authorization)
  }
})
