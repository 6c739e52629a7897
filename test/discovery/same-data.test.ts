import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { sameData } from '../../src/discovery/same-data.ts'

const cases: [string, unknown, unknown, boolean][] = [
  [
    'maps in another order',
    new Map([
      ['a', 1],
      ['b', 2],
    ]),
    new Map([
      ['b', 2],
      ['a', 1],
    ]),
    true,
  ],
  ['a map and an object', new Map(), {}, false],
  ['an array and an object', [], {}, false],
  ['a field that is undefined and one that is missing', { a: undefined }, { b: undefined }, false],
  ['null and an object', null, {}, false],
  ['not a number', Number.NaN, Number.NaN, true],
]
for (const [name, a, b, expected] of cases) {
  test(name, () => assert.equal(sameData(a, b), expected))
}

test('agrees with deep equality on plain data', () => {
  const data = fc.jsonValue({ maxDepth: 3, noUnicodeString: false })
  fc.assert(
    fc.property(data, data, (a, b) => {
      assert.equal(sameData(a, b), isDeepStrictEqual(a, b))
      assert.equal(sameData(a, structuredClone(a)), true)
    }),
    { numRuns: 300 },
  )
})
