import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ledger } from './ledger.ts'
import { startLoad } from './load.ts'
import { startOrigin } from './origins.ts'
import { spawnOrigin } from './spawn-origin.ts'
import { until } from './until.ts'

test('a stop answers what is in flight, and closes the rest', async () => {
  await using origin = await startOrigin()
  await using load = startLoad({
    port: origin.port,
    rate: 1_000,
    hosts: ['a.test'],
    path: '/?wait=150',
    requests: 10,
  })
  await until('all in flight', () => origin.waiting === 10)
  await origin.stop()
  await load.done
  assert.equal(load.tally.failed, 0, String(load.tally))
  await until('connections to close', () => origin.connections === 0)
})

test('a killed origin can be started again on its port', async () => {
  await using origin = await startOrigin({ name: 'one' })
  const { port } = origin
  origin.kill()
  await assert.rejects(fetch(origin.url))
  await origin.start(port)
  const response = await fetch(`${origin.url}/?status=418&size=40&chunked`, { method: 'POST', body: 'tea' })
  assert.deepEqual([response.status, response.headers.get('content-length')], [418, null])
  assert.equal((await response.text()).length, 40)
})

test('a request carried out by two origins is seen in their common ledger', async () => {
  const ledger = new Ledger()
  await using one = await startOrigin({ ledger })
  await using two = await startOrigin({ ledger })
  for (const { url } of [one, two]) await (await fetch(url, { headers: { 'Request-Id': 'twice' } })).text()
  assert.deepEqual(ledger.repeated('GET'), ['twice'])
})

test('an origin in a process of its own ends as told by SIGTERM, with its requests in the ledger', async () => {
  await using origin = await spawnOrigin({ name: 'child' })
  const answer = fetch(`${origin.url}/?wait=100`, { headers: { 'Request-Id': 'slow' } })
  await until('the request to arrive', () => origin.ledger.times('GET', 'slow') === 1)
  const ended = origin.end('SIGTERM')
  assert.equal((await answer).headers.get('origin-name'), 'child')
  assert.equal(await ended, 0)
})

test('an origin in a process of its own dies by SIGKILL', async () => {
  await using origin = await spawnOrigin()
  const answer = assert.rejects(fetch(`${origin.url}/?wait=60000`, { headers: { 'Request-Id': 'lost' } }))
  await until('the request to arrive', () => origin.ledger.times('GET', 'lost') === 1)
  assert.equal(await origin.end('SIGKILL'), null)
  await answer
})
