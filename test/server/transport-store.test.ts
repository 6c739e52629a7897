import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { resolveRouting } from '../../src/discovery/resolve.ts'
import type { RoutingConfig } from '../../src/discovery/routing-config.ts'
import { selfSigned } from '../../src/server/certificates/self-signed.ts'
import type { TransportPlan } from '../../src/server/plan.ts'
import { TransportStore } from '../../src/server/transports/transport-store.ts'
import { context, fileSource, part } from '../discovery/given-sources.ts'
import { until } from '../support/until.ts'

const GIVEN = context()

class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'transports-'))
  changes = 0
  readonly store = new TransportStore(() => this.changes++)
  #routing: RoutingConfig | undefined

  constructor(t: TestContext) {
    t.after(() => {
      this.store.close()
      rmSync(this.path, { recursive: true })
    })
  }

  write(name: string, text: string): string {
    const file = join(this.path, name)
    writeFileSync(file, text)
    return file
  }

  async use(serversTransports: Record<string, unknown>): Promise<void> {
    this.#routing = resolveRouting([fileSource(part({ serversTransports }))], GIVEN, this.#routing)
    await this.store.use(this.#routing.serversTransports)
  }

  plan(name: string): TransportPlan {
    const plan = this.store.plans().get(`${name}@file`)
    assert.ok(plan)
    return plan
  }

  get problems(): string[] {
    return this.store.problems.map(({ code, message }) => `${code} ${message}`)
  }
}

const pair = (name: string): { chain: string; key: string } => selfSigned(name, [name], Date.now())

test('what is left out has its default', async (t) => {
  const folder = new Folder(t)
  await folder.use({ t: {} })
  assert.deepEqual(folder.plan('t'), {
    dialTimeout: 3_000,
    responseHeaderTimeout: 0,
    idleTimeout: 90_000,
    maxIdleConnections: 1_000,
    tls: { verify: true, certificates: [], ciphers: '', peerNames: [] },
  })
})

test('all that can be said, files read', async (t) => {
  const folder = new Folder(t)
  const [own, root, other] = [pair('edge.test'), pair('root.test'), pair('other.test')]
  await folder.use({
    t: {
      serverName: 'app.test',
      insecureSkipVerify: true,
      rootCAs: [folder.write('roots.pem', `${root.chain}${other.chain}`), root.chain],
      certificates: [
        { certFile: folder.write('own.crt', own.chain), keyFile: folder.write('own.key', own.key) },
      ],
      cipherSuites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_AES_128_GCM_SHA256'],
      minVersion: 'VersionTLS12',
      maxVersion: 'VersionTLS13',
      maxIdleConnsPerHost: 3,
      peerCertSANs: [{ type: 'DNSName', value: 'a.test' }],
      peerCertURI: 'spiffe://a',
      forwardingTimeouts: { dialTimeout: '1s', responseHeaderTimeout: '2s', idleConnTimeout: '3s' },
    },
  })
  assert.deepEqual(folder.problems, [])
  assert.deepEqual(folder.plan('t'), {
    dialTimeout: 1_000,
    responseHeaderTimeout: 2_000,
    idleTimeout: 3_000,
    maxIdleConnections: 3,
    tls: {
      serverName: 'app.test',
      verify: false,
      authorities: [root.chain, other.chain, root.chain].map((text) => text.trim()),
      certificates: [own],
      ciphers: 'ECDHE-RSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256',
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      peerNames: [
        { type: 'DNS', value: 'a.test' },
        { type: 'URI', value: 'spiffe://a' },
      ],
    },
  })
})

const { chain, key } = pair('edge.test')
const BAD: [what: string, options: Record<string, unknown>, reason: RegExp][] = [
  ['a file that is not there', { rootCAs: ['/nowhere.pem'] }, /`rootCAs` cannot be read: it does not exist/],
  ['a key for an authority', { rootCAs: [key] }, /`rootCAs` holds no certificate in PEM form/],
  ['half a certificate', { rootCAs: [chain.replace(/^[A-Za-z0-9+/=]+$/m, 'AAAA')] }, /cannot be read/],
  [
    'the key of another certificate',
    { certificates: [{ certFile: chain, keyFile: pair('x').key }] },
    /the key is not the one of the certificate/,
  ],
]
for (const [what, options, reason] of BAD) {
  test(`${what}: a problem without a word of the key, and nobody is trusted`, async (t) => {
    const folder = new Folder(t)
    await folder.use({ t: { ...options, insecureSkipVerify: true } })
    const [problem = ''] = folder.problems
    assert.match(problem, /^E223 servers transport t@file cannot be used: /)
    assert.match(problem, reason)
    assert.match(problem, /until then no certificate of an endpoint is trusted$/)
    assert.ok(!problem.includes(key.split('\n')[1]!))
    const { tls } = folder.plan('t')
    assert.deepEqual([tls.verify, tls.authorities, tls.certificates], [true, [], []])
  })
}

test('files are followed; what becomes bad leaves what was good', async (t) => {
  const folder = new Folder(t)
  const [first, second] = [pair('first.test'), pair('second.test')]
  const file = folder.write('roots.pem', first.chain)
  await folder.use({ t: { rootCAs: [file] } })
  const before = folder.store.plans()
  assert.equal(folder.store.plans(), before, 'the same while nothing has changed')
  folder.write('roots.pem', second.chain)
  await until('the change', () => folder.changes === 1)
  assert.deepEqual(folder.plan('t').tls.authorities, [second.chain.trim()])
  folder.write('roots.pem', 'nonsense')
  await until('the fault', () => folder.changes === 2)
  assert.match(folder.problems.join(), /holds no certificate in PEM form; what it was before stays in use$/)
  assert.deepEqual(folder.plan('t').tls.authorities, [second.chain.trim()])
  await folder.use({ t: { rootCAs: ['/nowhere.pem'] } })
  assert.deepEqual(folder.plan('t').tls.authorities, [second.chain.trim()], 'as for another file')
  await folder.use({})
  assert.equal(folder.store.plans().size, 0)
  assert.deepEqual(folder.problems, [])
})
