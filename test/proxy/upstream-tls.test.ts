import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { TestAuthority } from '../support/certificates.ts'
import type { Certificate } from '../support/certificates.ts'
import { startEngine } from '../support/engine.ts'
import type { Engine } from '../support/engine.ts'
import { ok, RawUpstream } from '../support/raw-upstream.ts'
import { echo, TlsUpstream } from '../support/tls-upstream.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
using trusted = new TestAuthority()
using foreign = new TestAuthority()
setDefaultCACertificates([...getCACertificates(), trusted.cert])
const BY_IP = trusted.sign('IP:127.0.0.1')
const BY_NAME = trusted.sign('DNS:app.test')
const UNTRUSTED = foreign.sign('IP:127.0.0.1', 'DNS:app.test')

function engineOf(port: number, authority: string): Promise<Engine> {
  return startEngine({
    routers: { all: {} },
    services: { main: { endpoints: { 0: { port, tls: true, authority } } } },
  })
}

for (const [name, certificate, host, servername] of [
  ['IP address', BY_IP, '127.0.0.1', false],
  ['host name', BY_NAME, 'app.test', 'app.test'],
] as const) {
  test(`https by ${name}: verified, HTTP/1.1 by ALPN, and kept for the next request`, async () => {
    await using upstream = await TlsUpstream.start(certificate, echo)
    await using engine = await engineOf(upstream.port, `${host}:${upstream.port}`)
    await using client = await engine.connect()
    for (let i = 0; i < 2; i++) {
      client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello')
      const { head, body } = await client.readMessage()
      assert.match(head, /^HTTP\/1\.1 200 /)
      assert.equal(body.toString(), 'hello')
    }
    assert.equal(upstream.sockets.length, 1)
    assert.equal(upstream.sockets[0]!.alpnProtocol, 'http/1.1')
    assert.equal(upstream.sockets[0]!.servername, servername)
  })
}

const UNVERIFIED: readonly (readonly [name: string, certificate: Certificate, host: string])[] = [
  ['an authority that nobody trusts, by IP address', UNTRUSTED, '127.0.0.1'],
  ['an authority that nobody trusts, by name', UNTRUSTED, 'app.test'],
  ['the certificate of another name', BY_NAME, 'other.test'],
  ['the certificate of a name for an address', BY_NAME, '127.0.0.1'],
  ['the certificate of an address for a name', BY_IP, 'app.test'],
]
for (const [name, certificate, host] of UNVERIFIED) {
  test(`https with ${name}: 502, and not a byte of the request is sent`, async () => {
    await using upstream = await TlsUpstream.start(certificate, echo)
    await using engine = await engineOf(upstream.port, `${host}:${upstream.port}`)
    await using client = await engine.connect()
    assert.match((await client.write(GET).readMessage()).head, /^HTTP\/1\.1 502 .*Tidegate-Why: UV/s)
    assert.equal(upstream.received, 0)
    assert.equal(engine.inFlight, 0)
  })
}

test('an answer in plain text in front of the handshake is no answer', async () => {
  await using upstream = await RawUpstream.start((peer) => void peer.write(ok('injected')))
  await using engine = await engineOf(upstream.port, `127.0.0.1:${upstream.port}`)
  await using client = await engine.connect()
  const { head, body } = await client.write(GET).readMessage()
  assert.match(head, /^HTTP\/1\.1 502 /)
  assert.doesNotMatch(body.toString(), /injected/)
  assert.doesNotMatch(upstream.text, /GET/)
})

test('big bodies both ways through TLS, the client slow', async () => {
  await using upstream = await TlsUpstream.start(BY_IP, echo)
  await using engine = await engineOf(upstream.port, `127.0.0.1:${upstream.port}`)
  await using client = await engine.connect()
  client.keepsHistory = false
  const body = Buffer.from(Array.from({ length: 4 * 1024 * 1024 }, (_, i) => (i * 13 + (i >> 9)) & 255))
  client.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`)
  client.pause()
  await client.send(body)
  client.resume()
  assert.ok((await client.readMessage()).body.equals(body))
})

test('a body that breaks off within TLS is a reset for the client', async () => {
  await using upstream = await TlsUpstream.start(BY_IP, async (peer) => {
    await peer.readMessage()
    peer.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel')
  })
  await using engine = await engineOf(upstream.port, `127.0.0.1:${upstream.port}`)
  await using client = await engine.connect()
  client.write(GET)
  await client.readUntil('hel')
  upstream.peers[0]!.socket.destroy()
  assert.equal((await client.readToEnd()).ending, 'reset')
  assert.equal(engine.inFlight, 0)
})

test('a WebSocket through TLS', async () => {
  await using upstream = await TlsUpstream.start(BY_IP, async (peer) => {
    await peer.readUntil('\r\n\r\n')
    peer.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    for (;;) peer.write(await peer.read(4))
  })
  await using engine = await engineOf(upstream.port, `127.0.0.1:${upstream.port}`)
  await using client = await engine.connect()
  client.write('GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
  await client.readUntil('\r\n\r\n')
  for (const word of ['ping', 'pong']) assert.equal((await client.write(word).read(4)).toString(), word)
})
