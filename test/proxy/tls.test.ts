import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { ownFields } from '../support/engine.ts'
import { RawPeer } from '../support/raw-peer.ts'
import { answering, ok, RawUpstream } from '../support/raw-upstream.ts'
import { certificateFor, openTls, secureEngine, tlsWith } from '../support/tls.ts'
import { until } from '../support/until.ts'

const GET = 'GET / HTTP/1.1\r\nHost: local.test\r\n\r\n'

async function exchange(socket: TLSSocket, request = GET): Promise<string> {
  const peer = new RawPeer(socket)
  peer.write(request)
  const { head, body } = await peer.readMessage()
  return `${head.split('\r\n')[0]} ${body.toString()}`
}

test('a request over TLS is told to be one', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await secureEngine([upstream])
  const socket = await openTls(engine.port)
  assert.equal(await exchange(socket), 'HTTP/1.1 200 OK ok')
  socket.destroy()
  assert.ok(upstream.text.includes(ownFields('local.test', '443').replace('Proto: http', 'Proto: https')))
  assert.equal(engine.stats.handshakes['http/1.1'], 1)
})

test('plain and TLS connections share a port, and each sees its own routers', async () => {
  await using secure = await RawUpstream.start(answering(ok('secure')))
  await using plain = await RawUpstream.start(answering(ok('plain')))
  await using engine = await secureEngine([], {
    routers: { s: { tls: true, service: 's' }, p: { rule: 'Path(`/p`)', service: 'p' } },
    services: {
      s: { endpoints: { a: { port: secure.port } } },
      p: { endpoints: { a: { port: plain.port } } },
    },
  })
  const request = (path: string): string => GET.replace('/ ', `${path} `)
  const [one, two] = [await openTls(engine.port), await openTls(engine.port)]
  assert.equal(await exchange(one, request('/p')), 'HTTP/1.1 200 OK secure')
  await using three = await engine.connect()
  assert.equal((await three.write(request('/p')).readMessage()).body.toString(), 'plain')
  assert.match((await three.write(request('/')).readMessage()).head, /^HTTP\/1\.1 404 /)
  assert.equal(await exchange(two, request('/')), 'HTTP/1.1 200 OK secure')
  assert.equal(engine.stats.connections, 3)
  for (const socket of [one, two]) socket.destroy()
  await until('connections to close', () => engine.stats.connections === 1)
})

const choices: [name: string, servername: string, expected: string][] = [
  ['exact name', 'a.test', 'a.test'],
  ['exact name before a wildcard', 'x.b.test', 'x.b.test'],
  ['wildcard', 'y.b.test', '*.b.test'],
  ['a wildcard is one label', 'z.y.b.test', 'default.test'],
  ['a wildcard is not its parent', 'b.test', 'default.test'],
  ['letters of either case', 'A.Test', 'a.test'],
  ['unknown name', 'other.test', 'default.test'],
  ['no name', '', 'default.test'],
]
for (const [name, servername, expected] of choices) {
  test(`certificate by name: ${name}`, async () => {
    const names = ['default.test', 'a.test', '*.b.test', 'x.b.test']
    const tls = tlsWith(Object.fromEntries(names.map((one) => [one, certificateFor(one)])))
    await using engine = await secureEngine([], { tls })
    const socket = await openTls(engine.port, { servername })
    assert.equal(socket.getPeerCertificate().subject['CN'], expected)
    socket.destroy()
  })
}

test('a new certificate serves new connections, and old connections go on', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await secureEngine([upstream], { tls: tlsWith({ old: certificateFor('old.test') }) })
  const before = await openTls(engine.port)
  const { certificates } = tlsWith({ new: certificateFor('new.test') })
  const changed = new Map([...certificates, ['old', null] as const])
  await engine.apply({ tls: { ...tlsWith({ new: certificateFor('new.test') }), certificates: changed } })
  const after = await openTls(engine.port)
  assert.equal(after.getPeerCertificate().subject['CN'], 'new.test')
  assert.equal(await exchange(before), 'HTTP/1.1 200 OK ok')
  for (const socket of [before, after]) socket.destroy()
})

const refused: [name: string, options: ConnectionOptions, reason: string][] = [
  [
    'TLS 1.1',
    { maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    'unsupported-protocol',
  ],
  ['a cipher without forward secrecy', { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' }, 'no-shared-cipher'],
  ['an unknown protocol', { ALPNProtocols: ['spdy/1'] }, 'no-application-protocol'],
]
for (const [name, options, reason] of refused) {
  test(`refused and counted: ${name}`, async () => {
    await using engine = await secureEngine([])
    await assert.rejects(openTls(engine.port, options))
    await until('the failure to be counted', () => engine.stats.handshakes[reason] === 1)
    await until('the connection to close', () => engine.stats.connections === 0)
  })
}

test('a handshake that breaks off, or is none, harms nobody', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await secureEngine([upstream])
  for (const bytes of [
    '\x16',
    '\x16\x03\x01\x02\x00\x01',
    '\x16\x03\x01\x00\x05hello',
    '\x16GET / HTTP/1.1\r\n\r\n',
  ]) {
    await using client = await engine.connect()
    client.write(bytes)
    client.socket.end()
    await until('the proxy to close', () => client.ending !== undefined)
  }
  await until('connections to close', () => engine.stats.connections === 0)
  const socket = await openTls(engine.port)
  assert.equal(await exchange(socket), 'HTTP/1.1 200 OK ok')
  socket.destroy()
})

test('a silent connection is closed when its time is up', async () => {
  await using engine = await secureEngine([], { limits: { headersTimeout: 50 } })
  await using client = await engine.connect()
  assert.equal((await client.readToEnd()).text, '')
})

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a session is resumed by another worker: ${version}`, async () => {
    const tls = tlsWith({ local: certificateFor('local.test') }, new Uint8Array(48).fill(7))
    await using one = await secureEngine([], { tls })
    await using two = await secureEngine([], { tls })
    const first = await openTls(one.port, { maxVersion: version })
    // TLS 1.3 sends tickets behind the handshake, TLS 1.2 within it.
    const session =
      version === 'TLSv1.2' ? first.getSession() : ((await once(first, 'session')) as [Buffer])[0]
    const second = await openTls(two.port, { maxVersion: version, session })
    assert.equal(second.isSessionReused(), true)
    await two.apply({ tls: { ...tls, certificates: new Map(), ticketKey: new Uint8Array(48).fill(8) } })
    const third = await openTls(two.port, { maxVersion: version, session })
    assert.equal(third.isSessionReused(), false, 'the key was changed')
    for (const socket of [first, second, third]) socket.destroy()
  })
}

test('a body that breaks off does not end cleanly', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
    peer.socket.end()
  })
  await using engine = await secureEngine([upstream])
  const socket = await openTls(engine.port)
  socket.write(GET)
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ECONNRESET')
})
