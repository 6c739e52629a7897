import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { test } from 'node:test'
import { startLoad } from '../support/load.ts'
import { startOrigin } from '../support/origins.ts'
import { RawPeer } from '../support/raw-peer.ts'
import { until } from '../support/until.ts'
import { holdAddress } from '../../src/server/held-address.ts'
import { startWorkers } from '../support/workers.ts'

/**
 * Otherwise the system resets the connections that wait in the queue of a socket that is closed: some, when the machine
 * is busy (decision 0007). They are new ones, and nothing of them was read.
 */
const MIGRATES = readFileSync('/proc/sys/net/ipv4/tcp_migrate_req', 'utf8').trim() === '1'

for (const [name, handOver] of [
  ['each listening', false],
  ['with connections handed over', true],
] as const) {
  test(`two workers ${name} share 256 connections, 35 to 65 % each`, async () => {
    await using origin = await startOrigin()
    await using workers = await startWorkers(origin, { handOver })
    const clients = await Promise.all(Array.from({ length: 256 }, () => RawPeer.open(workers.port)))
    await until('all to be accepted', () => sum(workers.connections) === 256)
    const busier = Math.max(...workers.connections)
    for (const client of clients) client.reset()
    await until('all to be closed', () => sum(workers.connections) === 0)
    assert.ok(busier <= 256 * 0.65, `${busier} of 256`)
  })

  test(`two workers ${name} serve, and a stop loses nothing that was asked`, async () => {
    await using origin = await startOrigin()
    await using workers = await startWorkers(origin, { handOver })
    await using load = startLoad({ port: workers.port, hosts: ['a.test'], rate: 400, path: '/?wait=20' })
    await until('answers', () => load.tally.ended > 200)
    const stopped = workers.host.stop(1_000)
    await load.stop()
    await stopped
    const lost = handOver || MIGRATES ? / (?:ok|ECONNREFUSED)$/ : / (?:ok|ECONNREFUSED|ECONNRESET)$/
    const causes = [...load.tally.causes].filter(([cause]) => !lost.test(cause))
    assert.deepEqual(causes, [], String(load.tally))
    const stats = workers.host.stats()
    assert.equal(
      sum(stats.map(({ requests }) => requests)),
      load.tally.causes.get('GET ok')! + load.tally.causes.get('POST ok')!,
    )
    assert.ok(stats.every(({ requests, connections }) => requests > 0 && connections === 0))
  })
}

test('an address on which somebody listens is refused, also by those who would share it', async () => {
  await using origin = await startOrigin()
  await using workers = await startWorkers(origin)
  await assert.rejects(holdAddress({ entryPoint: 'web', host: '127.0.0.1', port: workers.port }), {
    code: 'EADDRINUSE',
  })
})

test('whoever begins to listen between the proof and the start is found out', async () => {
  const held = await holdAddress({ entryPoint: 'web', host: '127.0.0.1', port: 0 })
  const other = createServer().listen(held.address.port, '127.0.0.1')
  await once(other, 'listening')
  await assert.rejects(held.share(2), { code: 'EADDRINUSE' })
  other.close()
})

test('nobody can connect to an address that is only held', async () => {
  const held = await holdAddress({ entryPoint: 'web', host: '127.0.0.1', port: 0 })
  const client = connect(held.address.port, '127.0.0.1')
  await assert.rejects(once(client, 'connect'), { code: 'ECONNREFUSED' })
  held.release()
})

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
