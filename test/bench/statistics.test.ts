import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ratioOf, spreadOf } from '../../bench/statistics.ts'

const SPREADS: [name: string, values: number[], expected: [median: number, low: number, high: number]][] = [
  ['one value', [3], [3, 3, 3]],
  ['an even number, in any order', [4, 1, 3, 2], [2.5, 1.75, 3.25]],
  ['an odd number with an outlier', [10, 11, 12, 13, 1_000], [12, 11, 13]],
]
for (const [name, values, [median, low, high]] of SPREADS) {
  test(`spread: ${name}`, () => assert.deepEqual(spreadOf(values), { median, low, high }))
}

test('spread: of nothing there is none', () => {
  assert.throws(() => spreadOf([]), RangeError)
})

test('ratio: is taken round by round, so that a slow round of both cancels out', () => {
  assert.deepEqual(ratioOf([10, 100, 20], [5, 50, 10]), { median: 2, low: 2, high: 2 })
})

test('ratio: a round that one side lacks, or in which the other has nothing, does not count', () => {
  assert.deepEqual(ratioOf([10, 7, 8], [5, 0]), { median: 2, low: 2, high: 2 })
  assert.equal(ratioOf([1, 2], []), undefined)
})
