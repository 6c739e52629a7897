import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numberText, sixDigits } from '../../src/telemetry/number-text.ts'

test('whole numbers are written as JavaScript writes them', () => {
  const powers = Array.from({ length: 16 }, (_, i) => 10 ** i)
  const around = powers.flatMap((power) => [power - 1, power, power + 1, power * 1.5])
  for (const value of [...around.filter(Number.isInteger), 1_000_999, 999_000_001, 2 ** 53 - 1])
    assert.equal(numberText(value), String(value))
})

test('six digits keep their zeros', () => {
  assert.deepEqual([0, 7, 1_000, 120_345, 999_999].map(sixDigits), [
    '000000',
    '000007',
    '001000',
    '120345',
    '999999',
  ])
})
