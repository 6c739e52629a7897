import assert from 'node:assert/strict'
import { test } from 'node:test'
import { turns } from '../discovery/fake-clock.ts'
import { instance } from '../discovery/fake-provider.ts'
import { controlling } from './controlled.ts'

const A = instance('a', { address: '10.0.0.1' })
const B = instance('b', { address: '10.0.0.2' })
const KEY_B = '10.0.0.2:80#b'

test('an endpoint that is there and cannot be connected to is none of discovery’s business', async () => {
  await using world = await controlling()
  await world.say([A, B])
  await world.report(KEY_B)
  assert.deepEqual(world.states(), ['10.0.0.1:80 ready', '10.0.0.2:80 ready'])
})

test('an unproven endpoint that cannot be connected to gets nothing more', async () => {
  await using world = await controlling()
  await world.say([A, B])
  await world.say([A], { missing: 'unproven' })
  assert.deepEqual(world.states(), ['10.0.0.1:80 ready', '10.0.0.2:80 ready'])
  await world.report(KEY_B)
  assert.deepEqual(world.states(), ['10.0.0.1:80 ready', '10.0.0.2:80 draining'])
})

test('so does one that failed first and is missing then', async () => {
  await using world = await controlling()
  await world.say([A, B])
  await world.report(KEY_B)
  await world.say([A], { missing: 'unproven' })
  assert.deepEqual(world.states(), ['10.0.0.1:80 ready', '10.0.0.2:80 draining'])
})

test('without requests nobody sees it succeed: it stays out until its source shows it', async () => {
  await using world = await controlling()
  await world.say([A, B])
  await world.say([A], { missing: 'unproven' })
  await world.report(KEY_B)
  await world.report(KEY_B, false)
  await world.say([{ ...A, weight: 2 }], { missing: 'unproven' })
  assert.deepEqual(world.states(), ['10.0.0.1:80 ready', '10.0.0.2:80 draining'])
  await world.say([A, B])
  assert.deepEqual(world.states(), ['10.0.0.1:80 ready', '10.0.0.2:80 ready'])
})

test('the route stays when all are let go: its host answers 503, not 404', async () => {
  await using world = await controlling()
  await world.say([B])
  await world.say([], { missing: 'unproven' })
  await world.report(KEY_B)
  assert.deepEqual([world.states(), world.hasRouter()], [['10.0.0.2:80 draining'], true])
})

test('five attempts in a row that nobody answered are a failing connection; answers of 5xx are none', async () => {
  await using world = await controlling()
  await world.say([A, B])
  await world.say([A], { missing: 'unproven' })
  const report = { service: 'whoami@nomad', endpoint: KEY_B, succeeded: false, failures: 4 }
  world.control.outcomes([{ ...report, answered: true, unanswered: 0, by: 'status' }])
  world.control.outcomes([{ ...report, answered: false, unanswered: 4, by: 'connect' }])
  await turns(10)
  assert.doesNotMatch(world.states()[1]!, /draining/)
  world.control.outcomes([{ ...report, failures: 1, answered: false, unanswered: 1, by: 'timeout' }])
  await turns(10)
  assert.deepEqual(world.states(), ['10.0.0.1:80 ready', '10.0.0.2:80 draining'])
})
