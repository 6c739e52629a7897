import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoadShedder } from '../../src/server/load-shedder.ts'

/** How many of 100 requests are turned away. */
function turnedAway(shedder: LoadShedder): number {
  return Array.from({ length: 100 }, () => shedder.turnsAway()).filter(Boolean).length
}

test('requests under way: up to the limit, and not one more', () => {
  const shedder = new LoadShedder({ maxInFlight: 2, maxEventLoopDelay: 0 })
  const taken = [1, 2, 3].map(() => {
    const refused = shedder.turnsAway()
    if (!refused) shedder.inFlight++
    return !refused
  })
  assert.deepEqual(taken, [true, true, false])
  shedder.inFlight--
  assert.equal(shedder.turnsAway(), false)
})

test('without limits nothing is turned away', () => {
  const shedder = new LoadShedder({ maxInFlight: 0, maxEventLoopDelay: 0 })
  shedder.inFlight = 1_000_000
  for (let i = 0; i < 10; i++) shedder.observe(60_000)
  assert.equal(turnedAway(shedder), 0)
})

const DELAYS: readonly (readonly [name: string, delays: readonly number[], expected: number])[] = [
  ['punctual', [0, 3, 99], 0],
  ['one long pause', [5_000], 0],
  ['pauses with a punctual tick between them', [300, 0, 300, 0, 300], 0],
  ['late twice', [300, 300], 20],
  ['late three times', [300, 300, 300], 40],
  ['late for long: some are still taken, or nothing would show that it is over', Array(50).fill(300), 95],
  ['late twice, then punctual', [300, 300, 0, 0], 10],
  ['long late, then punctual for two seconds', [...Array(50).fill(300), ...Array(19).fill(0)], 0],
]
for (const [name, delays, expected] of DELAYS) {
  test(`event loop: ${name}: ${expected} % turned away`, () => {
    const shedder = new LoadShedder({ maxInFlight: 0, maxEventLoopDelay: 100 })
    for (const delay of delays) shedder.observe(delay)
    const refused = turnedAway(shedder)
    assert.ok(Math.abs(refused - expected) <= 1, `${refused} %`)
  })
}
