import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BlackHole } from '../support/black-hole.ts'
import { startLoad } from '../support/load.ts'
import type { Outcome } from '../support/load-tally.ts'
import { spawnOrigin } from '../support/spawn-origin.ts'
import { startTidegate } from '../support/tidegate.ts'
import { until } from '../support/until.ts'
import { FileFleet } from './file-fleet.ts'
import { scaled } from './scale.ts'
import { enter } from './table.ts'

const RATE = scaled(200, 60)
/** Of `serversTransport.forwardingTimeouts.dialTimeout`, by default. */
const DIAL_TIMEOUT = 3_000
/** Milliseconds in which an instance that answers at once has answered, on a busy machine, too. */
const ONE_ATTEMPT = 1_500

test('a black hole that does not accept: one dial time-out at most, then it is ejected', async (t) => {
  await using hole = await BlackHole.open()
  await using fleet = await FileFleet.start({ size: 2, others: [`http://127.0.0.1:${hole.port}`] })
  await using tidegate = await startTidegate({ flags: [fleet.flag] })
  const outcomes: Outcome[] = []
  await using load = startLoad({
    port: tidegate.port,
    hosts: ['shop.test'],
    rate: RATE,
    onOutcome: (outcome) => outcomes.push(outcome),
  })
  await until('the black hole to be ejected', () => tidegate.downs.size > 0, 20_000)
  const ejectedAt = performance.now()
  await sleep(scaled(8_000, 2_000))
  const tally = await load.stop()
  const slow = outcomes.filter(
    ({ sentAt, latency }) => sentAt > ejectedAt + ONE_ATTEMPT && latency > DIAL_TIMEOUT / 2,
  )
  const slowest = Math.max(...outcomes.map(({ latency }) => latency))
  enter(
    t,
    'a black hole that does not accept',
    tally,
    `slowest request ${slowest.toFixed()} ms; ${slow.length} slow ones after it was ejected`,
  )
  assert.equal(tally.failed, 0, String(tally))
  assert.ok(slowest <= DIAL_TIMEOUT + ONE_ATTEMPT, `${slowest} ms`)
  assert.equal(slow.length, 0)
})

test('a black hole that accepts and hangs: the check takes it out, the time-out of a try saves what is caught', async (t) => {
  const check = { path: '/health', interval: '1s', timeout: '1s', fall: 2 }
  const loadBalancer = { healthCheck: check, retry: { perTryTimeout: '1s' } }
  await using hanging = await spawnOrigin({ name: 'hanging' })
  // One of five: what is caught in it is well within the retry budget, a fifth of the requests.
  await using fleet = await FileFleet.start({ size: 4, others: [hanging.url], loadBalancer })
  await using tidegate = await startTidegate({ flags: [fleet.flag] })
  const outcomes: Outcome[] = []
  await using load = startLoad({
    port: tidegate.port,
    hosts: ['shop.test'],
    rate: RATE,
    onOutcome: (outcome) => outcomes.push(outcome),
  })
  await until('the instance to be served', () => outcomes.some(({ origin }) => origin === 'hanging'))
  hanging.signal('SIGSTOP')
  const stoppedAt = performance.now()
  await until('the check to take it out', () => tidegate.downs.size > 0, 15_000)
  const outAfter = performance.now() - stoppedAt
  await sleep(scaled(5_000, 2_000))
  hanging.signal('SIGCONT')
  const tally = await load.stop()
  enter(t, 'a black hole that accepts and hangs (SIGSTOP)', tally, `out after ${outAfter.toFixed()} ms`)
  assert.equal(tally.failedOf('GET'), 0, String(tally))
  assert.equal(tally.causes.get('POST 504 (UT)') ?? 0, tally.failedOf('POST'), String(tally))
})
