import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startLoad } from '../support/load.ts'
import { startTidegate } from '../support/tidegate.ts'
import { until } from '../support/until.ts'
import { FileFleet } from './file-fleet.ts'
import { scaled } from './scale.ts'
import { enter } from './table.ts'

const RATE = scaled(500, 150)
const LASTS = scaled(10_000, 1_500)
const CHECKED = { healthCheck: { path: '/health', interval: '200ms', timeout: '1s', fall: 1 } }

test('all instances fail their checks but answer: the proxy answers nothing by itself', async (t) => {
  await using fleet = await FileFleet.start({ size: 3, loadBalancer: CHECKED })
  await using tidegate = await startTidegate({ flags: [fleet.flag] })
  await using load = startLoad({ port: tidegate.port, hosts: ['shop.test'], rate: RATE })
  await until('every instance to be served', () => fleet.origins.every(({ answered }) => answered > 0))
  for (const origin of fleet.origins) origin.health = 503
  await until('the checks to fail', () => tidegate.downs.size === 3)
  await sleep(LASTS)
  const tally = await load.stop()
  enter(t, 'all instances fail their checks but answer', tally)
  assert.equal(tally.whys.size, 0, String(tally))
  assert.equal(tally.failed, 0, String(tally))
})

test('contrast: while one passes, those that fail their checks get nothing', async (t) => {
  await using fleet = await FileFleet.start({ size: 3, loadBalancer: CHECKED })
  await using tidegate = await startTidegate({ flags: [fleet.flag] })
  await using load = startLoad({ port: tidegate.port, hosts: ['shop.test'], rate: RATE })
  const [passing, ...failing] = fleet.origins
  for (const origin of failing) origin.health = 503
  await until('the checks to fail', () => failing.every(({ url }) => tidegate.downs.has(url)))
  const counts = (): number[] => failing.map((origin) => origin.received)
  // The log tells before the workers know.
  let [before, received] = [counts(), passing!.received]
  await until('the instances to be quiet', () => {
    const now = counts()
    if (now.join() !== before.join()) [before, received] = [now, passing!.received]
    return passing!.received > received + RATE / 4
  })
  received = passing!.received
  await until('the other one to be served', () => passing!.received > received + RATE / 2)
  const tally = await load.stop()
  enter(t, 'contrast: two of three fail their checks', tally, 'all requests go to the third')
  assert.deepEqual(counts(), before)
  assert.equal(tally.failed, 0, String(tally))
})
