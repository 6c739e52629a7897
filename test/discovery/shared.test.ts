import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sharing } from '../../src/discovery/shared.ts'

test('equal data in a row is one object, and what differs is never mixed up', () => {
  const shared = sharing<readonly string[]>()
  const first = shared(['a'])
  assert.equal(shared(['a']), first)
  const second = shared(['b'])
  assert.deepEqual([first, second], [['a'], ['b']])
  assert.deepEqual(shared(['a']), ['a'])
})
