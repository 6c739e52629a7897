import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { normalPath } from '../../src/proxy/http1/normal-path.ts'

const CASES: readonly (readonly [path: string, normal: string | undefined])[] = [
  ['/', '/'],
  ['/a', '/a'],
  ['/a/', '/a/'],
  ['/a//b', '/a/b'],
  ['//', '/'],
  ['/a//', '/a/'],
  ['/.', '/'],
  ['/..', '/'],
  ['/../..', '/'],
  ['/a/.', '/a/'],
  ['/a/..', '/'],
  ['/a/b/..', '/a/'],
  ['/a/../b', '/b'],
  ['/a/./b', '/a/b'],
  ['/...', '/...'],
  ['/.a', '/.a'],
  ['/a..', '/a..'],
  ['/%7e', '/~'],
  ['/%41%2d%5F', '/A-_'],
  ['/%2f', '/%2F'],
  ['/%e2%82%ac', '/%E2%82%AC'],
  ['/%25', '/%25'],
  ['/%252e%252e', '/%252e%252e'],
  ['/%2e%2e/a', '/a'],
  ['/a/%2E%2E', '/'],
  ['/%00', undefined],
  ['/%', undefined],
  ['/%4', undefined],
  ['/%4g', undefined],
  ['/%g4', undefined],
  ['/%%41', undefined],
]
for (const [path, normal] of CASES)
  test(`normal path: ${path} → ${normal}`, () => assert.equal(normalPath(path), normal))

const piece = fc.constantFrom('/', '.', '..', 'a', '%2e', '%2E', '%2f', '%61', '%25', '%5c', ';', '~', 'B')

test('the normal form is normal, has no dot segments, and begins with a slash', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const normal = normalPath(`/${pieces.join('')}`)
      assert.ok(normal !== undefined)
      assert.equal(normalPath(normal), normal)
      assert.ok(normal.startsWith('/') && !normal.includes('//'))
      assert.ok(!normal.split('/').some((segment) => segment === '.' || segment === '..'))
    }),
  )
})
