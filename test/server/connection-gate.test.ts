import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConnectionGate } from '../../src/server/connection-gate.ts'

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
    const gate = new ConnectionGate({ maxConnections: 0, maxConnectionsPerClient: 1 })
    assert.equal(gate.enter(one), undefined)
    assert.equal(gate.enter(other), same ? 'CI' : undefined)
  })
}

test('what leaves makes room', () => {
  const gate = new ConnectionGate({ maxConnections: 3, maxConnectionsPerClient: 2 })
  const enter = (...addresses: string[]): unknown[] => addresses.map((address) => gate.enter(address))
  assert.deepEqual(enter('a', 'a', 'a', 'b', 'c'), [undefined, undefined, 'CI', undefined, 'CL'])
  gate.leave('a')
  assert.deepEqual(enter('a', 'b'), [undefined, 'CL'])
  gate.leave('b')
  assert.deepEqual(enter('a', 'b'), ['CI', undefined])
})

test('without limits everything enters', () => {
  const gate = new ConnectionGate({ maxConnections: 0, maxConnectionsPerClient: 0 })
  for (let i = 0; i < 1_000; i++) assert.equal(gate.enter('a'), undefined)
})
