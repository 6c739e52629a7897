import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalHost, portOf } from '../../src/proxy/http1/authority.ts'

const CASES: readonly (readonly [authority: string, host: string | undefined, port?: number])[] = [
  ['a', 'a'],
  ['A.Example.COM', 'a.example.com'],
  ['a.example.com.', 'a.example.com'],
  ['a.example.com.:80', 'a.example.com', 80],
  ['a:80', 'a', 80],
  ['a:', 'a'],
  ['a:0', 'a', 0],
  ['a:65535', 'a', 65_535],
  ['a:65536', undefined],
  ['a:000080', undefined],
  ['a:+80', undefined],
  ['a: 80', undefined],
  ['a:80:81', undefined],
  ['127.0.0.1:80', '127.0.0.1', 80],
  ['[::1]', '[::1]'],
  ['[::1]:80', '[::1]', 80],
  ['[2001:DB8::A]:80', '[2001:db8::a]', 80],
  ['[::1', undefined],
  ['[::1]x', undefined],
  ['[::1].', undefined],
  ['[]', undefined],
  ['[a]', undefined],
  ['[127.0.0.1]', undefined],
  ['[fe80::1%eth0]', undefined],
  ['::1', undefined],
  ['', undefined],
  [':80', undefined],
  ['a b', undefined],
  ['a/b', undefined],
  ['a\\b', undefined],
  ['a?b', undefined],
  ['a#b', undefined],
  ['u@a', undefined],
  ['a\xe9', undefined],
  ['a%41', 'a%41'],
  ['a%4', undefined],
  ['a%zz', undefined],
  ['a_b', 'a_b'],
  [`${'a'.repeat(63)}.${'b'.repeat(191)}`, `${'a'.repeat(63)}.${'b'.repeat(191)}`],
  ['a'.repeat(256), undefined],
]
for (const [authority, host, port] of CASES) {
  test(`authority: ${authority.slice(0, 40)} → ${host?.slice(0, 40)} ${port ?? ''}`, () => {
    assert.equal(canonicalHost(authority), host)
    if (host !== undefined) assert.equal(portOf(authority), port)
  })
}
