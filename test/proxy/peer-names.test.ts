import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasName } from '../../src/proxy/upstream/peer-names.ts'

const URI = [{ type: 'URI', value: 'spiffe://a' }] as const
const DNS = [{ type: 'DNS', value: 'a.test' }] as const

for (const [names, wanted, expected] of [
  ['DNS:a.test', DNS, true],
  ['DNS:A.TEST', DNS, true],
  ['DNS:b.test, DNS:a.test', DNS, true],
  ['DNS:a.test, URI:spiffe://a', URI, true],
  ['DNS:spiffe://a', URI, false],
  ['URI:spiffe://A', URI, false],
  ['IP Address:10.0.0.1, DNS:a.test', DNS, true],
  // Node puts values in quotes that could be taken for more than one (CVE-2021-44532).
  ['othername:"x, URI:spiffe://a"', URI, false],
  ['DirName:"CN=\\"x\\", URI:spiffe://a", DNS:b', URI, false],
  ['DNS:"a.test"', DNS, true],
  ['', DNS, false],
  [undefined, DNS, false],
  ['DNS', DNS, false],
] as const) {
  test(`names ${String(names)}: ${expected ? 'found' : 'not found'}`, () =>
    assert.equal(hasName(names, wanted), expected))
}
