import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSecureContext } from 'node:tls'
import { cipherList, cipherOf } from '../../src/config/cipher-suites.ts'

for (const [suite, cipher] of [
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
  ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256', 'ECDHE-RSA-AES128-SHA256'],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA', 'ECDHE-ECDSA-AES256-SHA'],
  ['TLS_RSA_WITH_AES_128_GCM_SHA256', 'AES128-GCM-SHA256'],
  ['TLS_RSA_WITH_AES_256_CBC_SHA', 'AES256-SHA'],
  ['tls_aes_128_gcm_sha256', 'TLS_AES_128_GCM_SHA256'],
  ['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ['TLS_ECDHE_RSA_WITH_RC4_128_SHA', undefined],
  ['ALL', undefined],
  ['', undefined],
] as const) {
  test(`cipher suite ${suite}`, () => assert.equal(cipherOf(suite), cipher))
}

test('a list is one that OpenSSL takes, and leaves TLS 1.3 as it is unless that is named, too', () => {
  assert.equal(cipherList([]), '')
  const list = cipherList(['ECDHE-RSA-AES128-GCM-SHA256'])
  assert.match(list, /^ECDHE-RSA-AES128-GCM-SHA256:TLS_AES_256_GCM_SHA384:/)
  assert.doesNotThrow(() => createSecureContext({ ciphers: list }))
  assert.equal(cipherList(['TLS_AES_128_GCM_SHA256']), 'TLS_AES_128_GCM_SHA256')
})
