import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TlsOptions } from 'node:tls'
import type { TransportPlan, UpstreamTlsPlan } from '../../src/server/plan.ts'
import { TestAuthority } from '../support/certificates.ts'
import { startEngine } from '../support/engine.ts'
import type { Engine } from '../support/engine.ts'
import { answering, ok, RawUpstream } from '../support/raw-upstream.ts'
import { TlsUpstream } from '../support/tls-upstream.ts'
import { until } from '../support/until.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
using authority = new TestAuthority()
using foreign = new TestAuthority()
// The authorities are gone when the tests run.
const [TRUSTED, FOREIGN] = [authority.cert, foreign.cert]
const APP = authority.sign('DNS:app.test', 'URI:spiffe://test/app')
const CLIENT = authority.sign('DNS:edge.test')
const MUTUAL = { requestCert: true, ca: [TRUSTED] }

function transport(tls: Partial<UpstreamTlsPlan> = {}, more: Partial<TransportPlan> = {}): TransportPlan {
  return {
    dialTimeout: 3_000,
    responseHeaderTimeout: 0,
    idleTimeout: 90_000,
    maxIdleConnections: 10,
    tls: { verify: true, authorities: [TRUSTED], certificates: [], ciphers: '', peerNames: [], ...tls },
    ...more,
  }
}

function engineOf(port: number, plan: TransportPlan, host = 'app.test', tls = true): Promise<Engine> {
  return startEngine({
    routers: { all: {} },
    services: {
      main: { endpoints: { 0: { port, tls, authority: `${host}:${port}` } }, transport: 't' },
    },
    transports: { t: plan },
  })
}

/** Status and why-code of a request on a connection of its own. */
async function asked(engine: Engine): Promise<string> {
  await using client = await engine.connect()
  const { head } = await client.write(GET).readMessage()
  return `${head.split(' ')[1]} ${/^Tidegate-Why: (\w+)$/m.exec(head)?.[1] ?? ''}`.trim()
}

const own = (certificate: { cert: string; key: string }): Pick<UpstreamTlsPlan, 'certificates'> => ({
  certificates: [{ chain: certificate.cert, key: certificate.key }],
})

const CASES: readonly (readonly [
  what: string,
  server: TlsOptions,
  tls: Partial<UpstreamTlsPlan>,
  host: string,
  expected: string,
  why?: RegExp,
])[] = [
  ['an authority of its own', APP, {}, 'app.test', '200'],
  [
    'another authority',
    APP,
    { authorities: [FOREIGN] },
    'app.test',
    '502 UV',
    /unable to verify the first certificate|self.signed certificate/,
  ],
  ['nobody', APP, { authorities: [] }, 'app.test', '502 UV', /certificate/],
  ['several authorities', APP, { authorities: [FOREIGN, TRUSTED] }, 'app.test', '200'],
  ['another name', APP, {}, 'other.test', '502 UV', /its certificate is for another name/],
  ['another name, asked for by `serverName`', APP, { serverName: 'app.test' }, 'other.test', '200'],
  ['the wrong `serverName`', APP, { serverName: 'other.test' }, 'app.test', '502 UV', /another name/],
  ['anybody', foreign.sign('DNS:app.test'), { verify: false }, 'other.test', '200'],
  ['a name', APP, { peerNames: [{ type: 'URI', value: 'spiffe://test/app' }] }, 'app.test', '200'],
  [
    'a name, whatever the host',
    APP,
    { verify: false, peerNames: [{ type: 'DNS', value: 'APP.test' }] },
    'x.test',
    '200',
  ],
  [
    'a name that it does not bear',
    APP,
    { peerNames: [{ type: 'URI', value: 'spiffe://test/other' }] },
    'app.test',
    '502 UV',
    /bears none of the names/,
  ],
  [
    'a name, of an authority that nobody trusts',
    foreign.sign('DNS:app.test'),
    { verify: false, peerNames: [{ type: 'DNS', value: 'app.test' }] },
    'app.test',
    '502 UV',
  ],
  ['a least version that it has', APP, { minVersion: 'TLSv1.3' }, 'app.test', '200'],
  [
    'a least version that it does not have',
    { ...APP, maxVersion: 'TLSv1.2' },
    { minVersion: 'TLSv1.3' },
    'app.test',
    '502 UV',
    /TLS could not be agreed on/,
  ],
  [
    'a highest version that is too low',
    { ...APP, minVersion: 'TLSv1.3' },
    { maxVersion: 'TLSv1.2' },
    'app.test',
    '502 UV',
    /TLS could not be agreed on/,
  ],
  [
    'cipher suites that it does not have',
    { ...APP, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' },
    { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256' },
    'app.test',
    '502 UV',
    /TLS could not be agreed on/,
  ],
  ['a certificate of ours', { ...APP, ...MUTUAL }, own(CLIENT), 'app.test', '200'],
  [
    'a certificate of ours, with TLS 1.2',
    { ...APP, ...MUTUAL, maxVersion: 'TLSv1.2' },
    own(CLIENT),
    'app.test',
    '200',
  ],
  [
    'no certificate of ours',
    { ...APP, ...MUTUAL, maxVersion: 'TLSv1.2' },
    {},
    'app.test',
    '502 UV',
    /TLS could not/,
  ],
  ['no certificate of ours, with TLS 1.3', { ...APP, ...MUTUAL }, {}, 'app.test', '502 UC', /TLS could not/],
]
for (const [what, server, tls, host, expected, why] of CASES) {
  test(`an endpoint with ${what}: ${expected}`, async () => {
    await using upstream = await TlsUpstream.start(server)
    await using engine = await engineOf(upstream.port, transport(tls), host)
    assert.equal(await asked(engine), expected)
    if (expected !== '200') assert.equal(upstream.received, 0, 'not a byte of the request')
    if (expected === '200' && tls.serverName !== undefined)
      assert.equal(upstream.sockets[0]!.servername, tls.serverName)
    if (!why) return
    const [failure = ''] = engine.failures
    assert.ok(failure.startsWith(`service main: Error: no secure connection to https://${host}:`), failure)
    assert.match(failure, why)
    await asked(engine)
    assert.equal(engine.failures.length, 1, 'said once in a while, not with every request')
  })
}

test('a transport that is not in the plan trusts nobody', async () => {
  await using upstream = await TlsUpstream.start(APP)
  await using engine = await engineOf(upstream.port, transport())
  await engine.apply({ transports: { t: null } })
  assert.equal(await asked(engine), '502 UV')
})

test('`default@internal` is for services that name none', async () => {
  await using upstream = await TlsUpstream.start(APP)
  const endpoints = { 0: { port: upstream.port, tls: true, authority: `app.test:${upstream.port}` } }
  await using engine = await startEngine({ routers: { all: {} }, services: { main: { endpoints } } })
  assert.equal(await asked(engine), '502 UV')
  await engine.apply({ transports: { 'default@internal': transport() } })
  assert.equal(await asked(engine), '200')
})

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a further connection resumes the session of the last one (${version})`, async () => {
    await using upstream = await TlsUpstream.start({ ...APP, maxVersion: version }, async (peer) => {
      await peer.readMessage()
      peer.write('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    })
    await using engine = await engineOf(upstream.port, transport())
    for (let i = 0; i < 3; i++) assert.equal(await asked(engine), '200')
    assert.deepEqual(upstream.resumed, [false, true, true])
  })
}

test('a name that has become wrong is not believed for the sake of an earlier session', async () => {
  await using upstream = await TlsUpstream.start(APP, async (peer) => {
    await peer.readMessage()
    peer.write('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  })
  await using engine = await engineOf(upstream.port, transport())
  assert.equal(await asked(engine), '200')
  await engine.apply({ transports: { t: transport({ serverName: 'other.test' }) } })
  assert.equal(await asked(engine), '502 UV')
  assert.equal(await asked(engine), '502 UV')
})

test('a changed transport: idle connections are closed, those at work finish, new ones are opened with it', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineOf(upstream.port, transport(), 'a', false)
  await asked(engine)
  const [idle] = upstream.connections
  await engine.apply({ transports: { t: transport({}, { dialTimeout: 2_000 }) } })
  await idle!.ended()
  assert.equal(await asked(engine), '200')
  assert.equal(upstream.connections.length, 2)
})

test('a changed transport: what is at work finishes, and its connection is not used again', async () => {
  await using upstream = await RawUpstream.start(async (peer, index) => {
    await peer.readMessage()
    if (index > 0) peer.write(ok())
  })
  await using engine = await engineOf(upstream.port, transport(), 'a', false)
  await using client = await engine.connect()
  client.write(GET)
  const first = await upstream.connection(0)
  await first.received(10)
  await engine.apply({ transports: { t: transport({}, { dialTimeout: 2_000 }) } })
  first.write(ok('late'))
  assert.equal((await client.readMessage()).body.toString(), 'late')
  await first.ended()
  assert.equal(await asked(engine), '200')
  assert.equal(upstream.connections.length, 2)
})

test('a transport that comes again as it was closes nothing', async () => {
  await using upstream = await RawUpstream.start(answering(ok()))
  await using engine = await engineOf(upstream.port, transport(), 'a', false)
  await asked(engine)
  await engine.apply({ services: { main: { endpoints: {}, transport: 't' } } })
  await asked(engine)
  assert.equal(upstream.connections.length, 1)
})

test('`responseHeaderTimeout`: 504, and `maxIdleConnections` 0: a connection for each request', async () => {
  await using silent = await RawUpstream.start(() => {})
  await using slow = await engineOf(silent.port, transport({}, { responseHeaderTimeout: 100 }), 'a', false)
  assert.equal(await asked(slow), '504 UT')
  await using upstream = await RawUpstream.start(answering(ok()))
  await using engine = await engineOf(upstream.port, transport({}, { maxIdleConnections: 0 }), 'a', false)
  for (let i = 0; i < 3; i++) await asked(engine)
  assert.equal(upstream.connections.length, 3)
})

test('`idleTimeout` closes a connection that nobody needs; 0 leaves it open', async () => {
  await using upstream = await RawUpstream.start(answering(ok()))
  await using engine = await engineOf(upstream.port, transport({}, { idleTimeout: 100 }), 'a', false)
  await asked(engine)
  await upstream.connections[0]!.ended()
  await engine.apply({ transports: { t: transport({}, { idleTimeout: 0 }) } })
  await asked(engine)
  await asked(engine)
  await until('one more connection', () => upstream.connections.length === 2)
})
