import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startOrigin } from '../support/origins.ts'
import { RawPeer } from '../support/raw-peer.ts'
import { until } from '../support/until.ts'
import { startWorkers } from '../support/workers.ts'
import type { Workers } from '../support/workers.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\nRequest-Id: 1\r\n\r\n'

/** Opens so many connections at once, and gives those that are served; the others are refused with this status. */
async function open(workers: Workers, count: number, refusal: string): Promise<RawPeer[]> {
  const peers = await Promise.all(Array.from({ length: count }, () => RawPeer.open(workers.port)))
  const served: RawPeer[] = []
  for (const peer of peers) {
    const { head } = await peer.write(GET).readMessage()
    if (head.startsWith('HTTP/1.1 200 ')) served.push(peer)
    else {
      assert.ok(head.startsWith(`HTTP/1.1 ${refusal} `), head)
      await peer[Symbol.asyncDispose]()
    }
  }
  return served
}

const CAPS = [
  { name: 'an entry point', caps: { maxConnections: 30 }, refusal: '503' },
  { name: 'one client', caps: { maxConnectionsPerClient: 30 }, refusal: '429' },
]
for (const { name, caps, refusal } of CAPS) {
  test(`the connections of ${name} are limited for all workers, and a dead one's are free`, async () => {
    await using origin = await startOrigin()
    await using workers = await startWorkers(origin, { workers: 3, caps })
    // The first come one after the other, since workers that refuse in the same instant may refuse one too many.
    const served: RawPeer[] = []
    for (let i = 0; i < 30; i++) served.push(...(await open(workers, 1, refusal)))
    assert.equal(served.length, 30)
    assert.equal((await open(workers, 60, refusal)).length, 0)

    workers.tell('exit', true)
    await until('a death', () => workers.died.length === 1)
    for (let more = await open(workers, 1, refusal); more.length > 0; more = await open(workers, 1, refusal))
      served.push(...more)
    // Those of the dead one hear of its end whenever their turn comes.
    await until('thirty in all', () => served.filter(({ ending }) => ending === undefined).length === 30)
    assert.ok(served.length > 30, 'the dead one had some')
    assert.equal((await open(workers, 20, refusal)).length, 0)
    for (const peer of served) await peer[Symbol.asyncDispose]()
  })
}
