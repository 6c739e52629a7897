import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionCaps, ConnectionGate, forgetConnections } from '../../src/server/connection-gate.ts'

const gateOf = (limits: Parameters<typeof connectionCaps>[0]): ConnectionGate =>
  new ConnectionGate(connectionCaps(limits, 1), 0)

const SAME: readonly (readonly [one: string, other: string, same: boolean])[] = [
  ['10.0.0.1', '10.0.0.1', true],
  ['10.0.0.1', '10.0.0.2', false],
  ['2001:db8:1:2::1', '2001:db8:1:2:3:4:5:6', true],
  ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
  ['2001:db8::1', '2001:db8:0:0:ffff::', true],
  ['2001:db8::1:0:0:0:1', '2001:db8::1', false],
  ['::1', '::2', true],
  ['::1', '1::', false],
]
for (const [one, other, same] of SAME) {
  test(`${one} and ${other} are ${same ? 'one client' : 'two clients'}`, () => {
    const gate = gateOf({ maxConnectionsPerClient: 1 })
    assert.equal(gate.enter(one), undefined)
    assert.equal(gate.enter(other), same ? 'CI' : undefined)
  })
}

test('what leaves makes room', () => {
  const gate = gateOf({ maxConnections: 3, maxConnectionsPerClient: 2 })
  const enter = (...addresses: string[]): unknown[] => addresses.map((address) => gate.enter(address))
  assert.deepEqual(enter('a', 'a', 'a', 'b', 'c'), [undefined, undefined, 'CI', undefined, 'CL'])
  gate.leave('a')
  assert.deepEqual(enter('a', 'b'), [undefined, 'CL'])
  gate.leave('b')
  assert.deepEqual(enter('a', 'b'), ['CI', undefined])
})

test('without limits everything enters', () => {
  const gate = gateOf({})
  for (let i = 0; i < 1_000; i++) assert.equal(gate.enter('a'), undefined)
})

test('workers share a limit to the last connection, and what a dead one held is free', () => {
  const caps = connectionCaps({ maxConnections: 10, maxConnectionsPerClient: 4 }, 3)
  const gates = [0, 1, 2].map((worker) => new ConnectionGate(caps, worker))
  const enter = (times: number, address: string): number => {
    let entered = 0
    for (let i = 0; i < times; i++) if (gates[i % 3]!.enter(address) === undefined) entered++
    return entered
  }
  assert.equal(enter(9, 'a'), 4)
  assert.equal(enter(9, 'b'), 4)
  assert.equal(enter(9, 'c'), 2, 'ten in all')
  // Its share: two of a, two of b, one of c.
  forgetConnections(caps, 0)
  assert.equal(enter(9, 'a'), 2)
  assert.equal(enter(9, 'd'), 3)
})

test('of ten thousand clients none gets more than its limit, and hardly one gets less', () => {
  const caps = connectionCaps({ maxConnectionsPerClient: 5 }, 2)
  const gates = [0, 1].map((worker) => new ConnectionGate(caps, worker))
  let refused = 0
  for (let client = 0; client < 10_000; client++) {
    const address = `10.0.${client >> 8}.${client & 255}`
    // Every tenth takes all that it may have and tries for more.
    const wanted = client % 10 === 0 ? 7 : 3
    let entered = 0
    for (let i = 0; i < wanted; i++) if (gates[i % 2]!.enter(address) === undefined) entered++
    assert.ok(entered <= 5)
    if (entered < Math.min(wanted, 5)) refused++
  }
  assert.ok(refused <= 20, `${refused} clients got less than they may have`)
})
