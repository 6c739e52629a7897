import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MeterSettings } from '../../../src/server/data-plane/request-meters.ts'
import { startLoad } from '../../support/load.ts'
import { startOrigin } from '../../support/origins.ts'
import { until } from '../../support/until.ts'
import { startWorkers } from '../../support/workers.ts'
import type { Workers } from '../../support/workers.ts'

const METERS: MeterSettings = {
  buckets: [0.1, 0.3, 1.2, 5],
  entryPoints: true,
  routers: true,
  services: true,
  internals: false,
  silentEntryPoints: [],
  headers: [],
}

/** Requests by what counts them: entry point, router, service. */
function counted(workers: Workers): number[] {
  return [...workers.ledger.readings()].map(({ series }) =>
    [...series.values()].reduce((sum, numbers) => sum + numbers.slice(0, 5).reduce((a, b) => a + b, 0), 0),
  )
}

test('a worker that dies takes nothing along that was counted, and its successor counts on', async () => {
  await using origin = await startOrigin()
  await using workers = await startWorkers(origin, { meters: METERS })
  await using load = startLoad({ port: workers.port, hosts: ['a.test'], rate: 300 })
  await until('answers', () => load.tally.ended > 100)
  const seen: number[] = [0]
  const watch = (): boolean => {
    const now = Math.min(...counted(workers))
    assert.ok(now >= seen.at(-1)!, `${now} after ${seen.at(-1)}`)
    seen.push(now)
    return workers.died.length > 0 && workers.host.workers.length === 2
  }
  workers.tell('throw', true)
  await until('a successor', watch)
  const { ended } = load.tally
  await until('more answers', () => {
    watch()
    return load.tally.ended > ended + 100
  })
  const tally = await load.stop()
  const succeeded = tally.ended - tally.failed
  assert.equal(counted(workers).length, 3)
  // An answer may be here a moment before it is counted.
  await until('all to be counted', () => counted(workers).every((count) => count >= succeeded))
  // What was on its way in the dead one may have been counted, or not.
  for (const count of counted(workers)) assert.ok(count <= tally.ended, `${count} of ${tally.ended}`)
})
