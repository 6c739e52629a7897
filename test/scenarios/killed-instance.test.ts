import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startLoad } from '../support/load.ts'
import type { Tally } from '../support/load-tally.ts'
import { spawnOrigin } from '../support/spawn-origin.ts'
import { startTidegate } from '../support/tidegate.ts'
import { until } from '../support/until.ts'
import { FileFleet } from './file-fleet.ts'
import { scaled } from './scale.ts'
import { enter } from './table.ts'

const RATE = scaled(1_000, 200)
const AFTERWARDS = scaled(10_000, 1_000)
/** Milliseconds that the instances work on each request, so that some are on their way to each at any time. */
const WORK = 40

interface Killed {
  readonly tally: Tally
  /** Requests under way through Tidegate when the instance was killed. */
  readonly inFlight: number
  /** Failed requests that were sent after the kill. */
  readonly late: number
  /** Requests of method POST that were carried out more than once. */
  readonly twice: number
}

test('1 of 5 instances killed under GET: no client sees it', async (t) => {
  const { tally } = await killOne(0)
  enter(t, '1 of 5 instances killed, GET', tally)
  assert.equal(tally.failed, 0, String(tally))
})

test('contrast: without retries, clients see the kill', async (t) => {
  const { tally } = await killOne(0, ['--experiments.retries=false'])
  enter(t, 'contrast: 1 of 5 instances killed, GET, retries off', tally)
  assert.ok(tally.failed > 0, 'the load would not see a loss if there was one')
})

test('1 of 5 instances killed under POST: lost at most what was on its way, none carried out twice', async (t) => {
  const { tally, inFlight, late, twice } = await killOne(1)
  enter(
    t,
    '1 of 5 instances killed, POST',
    tally,
    `${inFlight} in flight at the kill; ${twice} carried out twice`,
  )
  assert.ok(tally.failed <= inFlight, String(tally))
  assert.equal(late, 0, 'whatever is sent afterwards finds another instance')
  assert.equal(twice, 0)
})

test('a process killed by SIGKILL: no GET is lost', async (t) => {
  await using first = await spawnOrigin({ name: 'first' })
  await using second = await spawnOrigin({ name: 'second' })
  await using fleet = await FileFleet.start({ size: 0, others: [first.url, second.url] })
  await using tidegate = await startTidegate({ flags: [fleet.flag] })
  await using load = startLoad({
    port: tidegate.port,
    hosts: ['shop.test'],
    rate: RATE / 2,
    posts: 0,
    path: `/?wait=${WORK}`,
  })
  await until('answers', () => load.tally.ended > RATE / 4)
  await first.end('SIGKILL')
  await sleep(AFTERWARDS)
  const tally = await load.stop()
  enter(t, '1 of 2 processes killed by SIGKILL, GET', tally)
  assert.equal(tally.failed, 0, String(tally))
})

async function killOne(posts: number, flags: readonly string[] = []): Promise<Killed> {
  await using fleet = await FileFleet.start({ size: 5 })
  await using tidegate = await startTidegate({ flags: [fleet.flag, ...flags] })
  let killedAt = Number.POSITIVE_INFINITY
  let late = 0
  await using load = startLoad({
    port: tidegate.port,
    hosts: ['shop.test'],
    rate: RATE,
    posts,
    path: `/?wait=${WORK}`,
    onOutcome: ({ cause, sentAt }) => {
      if (cause !== 'ok' && sentAt > killedAt) late++
    },
  })
  const [victim] = fleet.origins
  await until('every instance to be served', () => fleet.origins.every(({ answered }) => answered > 0))
  await until('a request in flight to the instance', () => victim!.inFlight > 0)
  const { inFlight } = load
  victim!.kill()
  killedAt = performance.now()
  await sleep(AFTERWARDS)
  const tally = await load.stop()
  return { tally, inFlight, late, twice: fleet.ledger.repeated('POST').length }
}
