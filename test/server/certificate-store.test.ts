import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { CertificateDefinition } from '../../src/discovery/certificate-definitions.ts'
import { CertificateStore } from '../../src/server/certificates/certificate-store.ts'
import { selfSigned } from '../../src/server/certificates/self-signed.ts'
import type { PemPair } from '../../src/server/certificates/self-signed.ts'
import type { TlsPlan } from '../../src/server/plan.ts'
import { until } from '../support/until.ts'

/** A folder with a pair `name.crt`, `name.key` for each write, and a store that reads it. */
class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'certificates-'))
  changes = 0
  readonly store = new CertificateStore(() => this.changes++)

  constructor(t: TestContext) {
    t.after(() => {
      this.store.close()
      rmSync(this.path, { recursive: true })
    })
  }

  write(name: string, { chain, key }: PemPair): this {
    writeFileSync(join(this.path, `${name}.crt`), chain)
    writeFileSync(join(this.path, `${name}.key`), key)
    return this
  }

  definition(name: string, isDefault = false): CertificateDefinition {
    const origin = { source: 'tls.yml', line: 3 }
    return {
      certFile: join(this.path, `${name}.crt`),
      keyFile: join(this.path, `${name}.key`),
      isDefault,
      origin,
    }
  }

  get problems(): string[] {
    return this.store.problems.map(({ code, severity, message }) => `${code} ${severity} ${message}`)
  }
}

const pair = (name: string, now = Date.now(), days = 90): PemPair => selfSigned(name, [name], now, days)

function names({ certificates }: TlsPlan): string[] {
  return [...certificates.values()].flatMap((certificate) => certificate.names).toSorted()
}

test('without certificates there is one of our own', (t) => {
  const { store } = new Folder(t)
  const plan = store.plan()
  assert.deepEqual(names(plan), ['tidegate.default'])
  assert.ok(plan.certificates.has(plan.defaultCertificate))
  assert.equal(plan.ticketKey.length, 48)
  assert.equal(store.plan(), plan, 'the same while nothing has changed')
})

test('certificates are read, and the default one is told apart', async (t) => {
  const folder = new Folder(t).write('a', pair('a.test')).write('d', pair('d.test'))
  await folder.store.use([folder.definition('a'), folder.definition('d', true)])
  const plan = folder.store.plan()
  assert.deepEqual(names(plan), ['a.test', 'd.test'])
  assert.deepEqual(plan.certificates.get(plan.defaultCertificate)?.names, ['d.test'])
  assert.deepEqual(folder.problems, [])
})

test('PEM text stands for itself, and is never shown', async (t) => {
  const { store } = new Folder(t)
  const { chain, key } = pair('a.test')
  const origin = { source: 'tls.yml', line: 3 }
  const inline = { certFile: chain, keyFile: key, isDefault: false, origin }
  await store.use([inline, { ...inline, keyFile: pair('b.test').key }])
  assert.deepEqual(names(store.plan()), ['a.test', 'tidegate.default'])
  const [problem] = store.problems
  assert.match(problem!.message, /^the certificate of tls\.yml:3 cannot be used: the key is not the one/)
  assert.doesNotMatch(JSON.stringify(store.problems), /BEGIN/)
})

test('a key that was pasted without its first line is not shown', async (t) => {
  const folder = new Folder(t).write('a', pair('a.test'))
  const key = pair('a.test').key.split('\n').slice(1, -2).join('')
  await folder.store.use([
    { ...folder.definition('a'), keyFile: key },
    { ...folder.definition('a'), certFile: `${key}\n${key}` },
  ])
  assert.equal(folder.problems.length, 2)
  assert.ok(!folder.problems.join().includes(key.slice(0, 20)))
})

const unreadable: [name: string, expected: RegExp][] = [
  [
    'missing',
    /^E221 error the certificate `.*missing\.crt` cannot be used: `certFile` cannot be read: it does not exist; it is left out$/,
  ],
  ['', /cannot be used/],
]
for (const [name, expected] of unreadable) {
  test(`a bad pair costs only itself: ${name || 'no name'}`, async (t) => {
    const folder = new Folder(t).write('a', pair('a.test'))
    await folder.store.use([folder.definition(name), folder.definition('a')])
    assert.deepEqual(names(folder.store.plan()), ['a.test', 'tidegate.default'])
    assert.match(folder.problems[0]!, expected)
  })
}

test('an expired certificate serves, with a warning', async (t) => {
  const folder = new Folder(t)
    .write('a', pair('a.test', Date.now() - 9e8, 1))
    .write('b', pair('b.test', Date.now() + 9e8))
  await folder.store.use([folder.definition('a'), folder.definition('b')])
  assert.match(folder.problems[0]!, /^E222 warning the certificate `.*` expired on 20/)
  assert.match(folder.problems[1]!, /^E222 warning the certificate `.*` is not valid before 20/)
  assert.deepEqual(names(folder.store.plan()), ['a.test', 'b.test', 'tidegate.default'])
})

test('files that change are read again; a bad pair keeps the one before', async (t) => {
  const folder = new Folder(t).write('a', pair('a.test'))
  await folder.store.use([folder.definition('a')])
  folder.write('a', pair('renewed.test'))
  await until('the new pair', () => names(folder.store.plan()).includes('renewed.test'))
  folder.write('a', { ...pair('broken.test'), key: 'no key' })
  await until('the problem', () => folder.problems[0]?.endsWith('the one before it keeps serving'))
  assert.deepEqual(names(folder.store.plan()), ['renewed.test', 'tidegate.default'])
  folder.write('a', pair('mended.test'))
  await until('the mended pair', () => names(folder.store.plan()).includes('mended.test'))
  assert.deepEqual(folder.problems, [])
  assert.ok(folder.changes >= 3)
})

test('a file that is touched and says the same changes nothing', async (t) => {
  const folder = new Folder(t).write('a', pair('a.test'))
  await folder.store.use([folder.definition('a')])
  utimesSync(join(folder.path, 'a.crt'), 1, 1)
  folder.store.forget()
  folder.write('a', pair('b.test'))
  await until('the new pair', () => names(folder.store.plan()).includes('b.test'))
  assert.equal(folder.changes, 1)
})

test('a default certificate that is exchanged for a bad one keeps serving', async (t) => {
  const folder = new Folder(t).write('d', pair('d.test'))
  await folder.store.use([folder.definition('d', true)])
  await folder.store.use([folder.definition('missing', true)])
  const plan = folder.store.plan()
  assert.deepEqual(plan.certificates.get(plan.defaultCertificate)?.names, ['d.test'])
})

test('what is no longer asked for is no longer served', async (t) => {
  const folder = new Folder(t).write('a', pair('a.test'))
  const definitions = [folder.definition('a')]
  assert.ok(folder.store.needed(definitions))
  await folder.store.use(definitions)
  assert.ok(!folder.store.needed(definitions))
  assert.ok(folder.store.needed([]))
  await folder.store.use([])
  assert.deepEqual(names(folder.store.plan()), ['tidegate.default'])
})

test('who asks while another still reads waits as well', async (t) => {
  const folder = new Folder(t).write('a', pair('a.test'))
  const definitions = [folder.definition('a')]
  const first = folder.store.use(definitions)
  assert.ok(folder.store.needed(definitions))
  await folder.store.use(definitions)
  assert.deepEqual(names(folder.store.plan()), ['a.test', 'tidegate.default'])
  await first
})
