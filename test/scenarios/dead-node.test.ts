import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freePorts } from '../peers/free-ports.ts'
import { startLoad } from '../support/load.ts'
import type { Tally } from '../support/load-tally.ts'
import { startTidegate } from '../support/tidegate.ts'
import { FileFleet } from './file-fleet.ts'
import { scaled } from './scale.ts'
import { enter } from './table.ts'

const REQUESTS = scaled(60, 12)
/** One a second is so few that nothing is learnt from one request for the next, and no connection is kept. */
const RATE = scaled(1, 6)

test('two nodes, one of them dead, no health check: nobody notices', async (t) => {
  const tally = await askTwoNodes()
  enter(t, 'two nodes, one dead, one request a second, no health check', tally)
  assert.equal(tally.failed, 0, String(tally))
})

test('contrast: without retries, requests fail', async (t) => {
  const tally = await askTwoNodes(['--experiments.retries=false'])
  enter(t, 'contrast: two nodes, one dead, retries off', tally)
  assert.ok(tally.failed > 0, 'the load would not see a loss if there was one')
})

async function askTwoNodes(flags: readonly string[] = []): Promise<Tally> {
  const [dead] = await freePorts(1)
  await using fleet = await FileFleet.start({ size: 1, others: [`http://127.0.0.1:${dead}`] })
  await using tidegate = await startTidegate({ flags: [fleet.flag, ...flags] })
  const load = { port: tidegate.port, hosts: ['shop.test'], rate: RATE, requests: REQUESTS }
  await using running = startLoad(load)
  await running.done
  return running.tally
}
