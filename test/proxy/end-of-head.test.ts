import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { endOfHead } from '../../src/proxy/http1/bytes.ts'

/** Nearly everything that is looked for is made of these. */
const pieces = fc.array(fc.constantFrom('\r', '\n', '\r\n', '\r\n\r\n', 'a', 'bcd', 'efghi'), {
  maxLength: 12,
})

test('the end of a head is where the first empty line is', () => {
  fc.assert(
    fc.property(pieces, fc.nat(10), (parts, start) => {
      const bytes = Buffer.from(parts.join(''), 'latin1')
      assert.equal(endOfHead(bytes, start), bytes.indexOf('\r\n\r\n', start, 'latin1'))
    }),
    { numRuns: 2_000 },
  )
})
