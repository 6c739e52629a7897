import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startLoad } from '../support/load.ts'
import { startTidegate } from '../support/tidegate.ts'
import { until } from '../support/until.ts'
import { FileFleet } from './file-fleet.ts'
import { scaled } from './scale.ts'
import { enter } from './table.ts'

const RATE = scaled(500, 150)
/** Milliseconds of a first ejection, by default. */
const EJECTION = 10_000
/** Errors in a row after which an instance is ejected; answers may be on their way by then. */
const ERRORS = 5

test('an instance that turns to errors is ejected, and comes back when it has recovered', async (t) => {
  await using fleet = await FileFleet.start({ size: 5 })
  await using tidegate = await startTidegate({ flags: [fleet.flag] })
  await using load = startLoad({ port: tidegate.port, hosts: ['shop.test'], rate: RATE })
  await until('every instance to be served', () => fleet.origins.every(({ answered }) => answered > 0))
  const [failing] = fleet.origins
  failing!.status = 500
  const began = performance.now()
  await until('the instance to be ejected', () => tidegate.downs.size > 0)
  const ejectedAfter = performance.now() - began
  await until('answers that were on their way', () => load.tally.ended > 0 && failing!.inFlight === 0)
  const { received } = failing!
  failing!.status = undefined
  await until('the instance to come back', () => failing!.received > received, EJECTION + 2_000)
  const backAfter = performance.now() - began - ejectedAfter
  const tally = await load.stop()
  enter(
    t,
    'an instance that turns to 100 % errors',
    tally,
    `ejected after ${ejectedAfter.toFixed()} ms, back ${(backAfter / 1_000).toFixed(1)} s later`,
  )
  assert.ok(tally.failed <= ERRORS || ejectedAfter <= 1_000, `${ejectedAfter} ms; ${String(tally)}`)
  assert.ok(backAfter >= EJECTION * 0.8, 'it came back before its time')
})

test('contrast: an instance that keeps failing keeps failing requests when there is nothing to eject to', async (t) => {
  await assertContrast(t)
})

/** Half of a pool at most is ejected, so that of two failing ones of two one goes on getting requests. */
async function assertContrast(t: TestContext): Promise<void> {
  await using fleet = await FileFleet.start({ size: 2 })
  await using tidegate = await startTidegate({ flags: [fleet.flag] })
  await using load = startLoad({ port: tidegate.port, hosts: ['shop.test'], rate: RATE })
  for (const origin of fleet.origins) origin.status = 500
  await sleep(scaled(5_000, 1_500))
  const tally = await load.stop()
  enter(t, 'contrast: both of two instances fail, so that one stays', tally)
  assert.equal(tally.failed, tally.ended, String(tally))
  assert.equal(tally.whys.size, 0, 'every answer is an instance’s own')
}
