import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WHY_CODES } from '../../src/proxy/why.ts'
import { COUNTER, DELAY_BOUNDS, GAUGE, SharedSlots } from '../../src/server/shared-slots.ts'

test('what a thread counts is seen through every view of the memory, and summed', () => {
  const own = new SharedSlots(2)
  const others = new SharedSlots(own.buffer)
  own.slot(0).counters[COUNTER.requests] = 2 ** 40
  others.slot(1).counters[COUNTER.requests] = 3
  others.slot(1).counters[COUNTER.why + WHY_CODES.indexOf('UF')] = 7
  Atomics.store(others.slot(1).gauges, GAUGE.connections, 5)
  assert.equal(own.total(COUNTER.requests), 2 ** 40 + 3)
  assert.equal(own.sum(GAUGE.connections), 5)
  assert.deepEqual(own.stats(1), {
    accepted: 0,
    connections: 5,
    requests: 3,
    retries: 0,
    failures: 0,
    mirrored: 0,
    mirrorsDropped: 0,
    delays: { sum: 0, counts: Array.from({ length: DELAY_BOUNDS.length + 1 }, () => 0) },
    waiting: 0,
    why: { UF: 7 },
  })
})

test('when a thread ends, its gauges are zero and its counters stay', () => {
  const slots = new SharedSlots(2)
  for (const index of [0, 1]) {
    slots.slot(index).counters[COUNTER.accepted] = 9
    Atomics.store(slots.slot(index).gauges, GAUGE.connections, 4)
  }
  slots.zeroGauges(0)
  assert.deepEqual([slots.stats(0).connections, slots.stats(1).connections], [0, 4])
  assert.equal(slots.total(COUNTER.accepted), 18)
})
