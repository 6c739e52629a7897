import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { ServerNames } from '../../src/proxy/tls/server-names.ts'
import { readCertificate } from '../../src/server/certificates/certificate.ts'
import { integer, objectIdentifier, time, utf8String } from '../../src/server/certificates/der.ts'
import { selfSigned } from '../../src/server/certificates/self-signed.ts'

const PAIR = selfSigned('a.test', ['a.test', '*.b.test'], Date.now())
const OTHER = selfSigned('c.test', ['c.test'], Date.now())

test('a self-signed certificate is one', () => {
  const made = new X509Certificate(PAIR.chain)
  assert.equal(made.subject, 'CN=a.test')
  assert.equal(made.issuer, made.subject)
  assert.equal(made.subjectAltName, 'DNS:a.test, DNS:*.b.test')
  assert.equal(made.ca, false)
  assert.ok(made.verify(made.publicKey))
  assert.ok(Date.parse(made.validFrom) < Date.now() && Date.parse(made.validTo) > Date.now() + 3e11)
})

test('openssl accepts a self-signed certificate', () => {
  const printed = execFileSync('openssl', ['x509', '-noout', '-text'], {
    input: PAIR.chain,
    encoding: 'utf8',
  })
  assert.match(printed, /Version: 3 \(0x2\)/)
  assert.match(printed, /Digital Signature/)
  assert.match(printed, /TLS Web Server Authentication/)
})

const encodings: [name: string, given: Buffer, hex: string][] = [
  ['0', integer(Buffer.from([0])), '020100'],
  ['leading zeros', integer(Buffer.from([0, 0, 1])), '020101'],
  ['a first bit that is set', integer(Buffer.from([200])), '020200c8'],
  ['an identifier', objectIdentifier('1.2.840.10045.4.3.2'), '06082a8648ce3d040302'],
  ['a time', time(new Date('2049-12-31T23:59:59.900Z')), '170d3439313233313233353935395a'],
  ['a later time', time(new Date('2050-01-01T00:00:00Z')), '180f32303530303130313030303030305a'],
  ['text of 200 bytes', utf8String('x'.repeat(200)).subarray(0, 3), '0c81c8'],
  ['text of 300 bytes', utf8String('x'.repeat(300)).subarray(0, 4), '0c82012c'],
]
for (const [name, given, hex] of encodings)
  test(`DER: ${name}`, () => assert.equal(given.toString('hex'), hex))

test('any name and time give a certificate that can be read', () => {
  const moments = fc.date({ min: new Date('1980-01-01'), max: new Date('2200-01-01'), noInvalidDate: true })
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 60 }), moments, (name, now) => {
      const made = new X509Certificate(selfSigned(name, ['a.test'], now.getTime()).chain)
      assert.ok(made.verify(made.publicKey))
      assert.equal(Date.parse(made.validFrom), Math.floor(now.getTime() / 1_000) * 1_000 - 86_400_000)
    }),
    { numRuns: 50 },
  )
})

test('a good pair is read', () => {
  const { plan, validTo } = readCertificate(PAIR)
  assert.deepEqual(plan.names, ['a.test', '*.b.test'])
  assert.equal(plan.validTo, validTo)
  assert.notEqual(readCertificate(PAIR).id, readCertificate(OTHER).id)
  assert.equal(readCertificate(PAIR).id, readCertificate(PAIR).id)
})

const rsa = generateKeyPairSync('rsa', { modulusLength: 512 })
const locked = rsa.privateKey.export({
  type: 'pkcs8',
  format: 'pem',
  cipher: 'aes-128-cbc',
  passphrase: 'secret',
}) as string
const wrong: [name: string, chain: string, key: string, message: RegExp][] = [
  ['the key of another', PAIR.chain, OTHER.key, /^the key is not the one of the certificate$/],
  ['no certificate', 'hello', PAIR.key, /^`certFile` holds no certificate in PEM form$/],
  ['a key in its place', PAIR.key, PAIR.key, /^`certFile` holds a key$/],
  ['no key', PAIR.chain, 'hello', /^`keyFile` holds no private key in PEM form$/],
  ['a certificate in its place', PAIR.chain, PAIR.chain, /^`keyFile` holds no private key/],
  ['a key under a passphrase', PAIR.chain, locked, /passphrase/],
  ['nothing', '', '', /certificate/],
  ['bytes', '\0\x01\xff', '\0', /certificate/],
  [
    'a chain that breaks off',
    `${PAIR.chain}-----BEGIN CERTIFICATE-----\nAAAA\n`,
    PAIR.key,
    /cannot be served/,
  ],
]
for (const [name, chain, key, message] of wrong) {
  test(`refused: ${name}`, () => {
    assert.throws(
      () => readCertificate({ chain, key }),
      (error: Error) => {
        assert.match(error.message, message)
        assert.doesNotMatch(error.message, /BEGIN|[A-Za-z0-9+/]{40}/)
        return true
      },
    )
  })
}

test('of two certificates for one name, the one that is valid for longer serves', () => {
  const at = (days: number) => readCertificate(selfSigned('a.test', ['a.test'], Date.now(), days)).plan
  for (const order of [
    ['old', 'new'],
    ['new', 'old'],
  ]) {
    const names = new ServerNames(new Map(order.map((id) => [id, at(id === 'new' ? 90 : 9)])))
    assert.equal(names.find('a.test'), 'new')
  }
})

test('no name that a client may send breaks the choice', () => {
  const names = new ServerNames(new Map([['a', readCertificate(PAIR).plan]]))
  for (const name of ['', '.', '*', '*.b.test', 'x.b.test.', '.b.test', '__proto__', 'constructor'])
    names.find(name)
  assert.equal(names.find('X.B.TEST.'), 'a')
  assert.equal(names.find('.b.test'), undefined)
})
