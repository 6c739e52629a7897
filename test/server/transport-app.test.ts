import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { TestAuthority } from '../support/certificates.ts'
import { FileApp } from '../support/file-app.ts'
import { RawPeer } from '../support/raw-peer.ts'
import { startTidegate } from '../support/tidegate.ts'
import { TlsUpstream } from '../support/tls-upstream.ts'
import { until } from '../support/until.ts'

async function asked(port: number, path: string): Promise<string> {
  await using client = await RawPeer.open(port)
  const { head } = await client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).readMessage()
  return `${head.split(' ')[1]} ${/^Tidegate-Why: (\w+)$/m.exec(head)?.[1] ?? ''}`.trim()
}

test('transports of files and of the static configuration: their files are read, followed, and never logged', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'transport-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const write = (name: string, text: string): string => {
    const file = join(folder, name)
    writeFileSync(file, text)
    return file
  }
  using authority = new TestAuthority()
  using other = new TestAuthority()
  const [app, edge] = [authority.sign('IP:127.0.0.1'), authority.sign('DNS:edge.test')]
  await using upstream = await TlsUpstream.start({ ...app, requestCert: true, ca: [authority.cert] })
  const roots = write('roots.pem', other.cert)
  const certificate = { certFile: write('edge.crt', edge.cert), keyFile: write('edge.key', edge.key) }
  const servers = [{ url: `https://127.0.0.1:${upstream.port}` }]
  const http = {
    routers: {
      mutual: { rule: 'Path(`/mutual`)', service: 'mutual' },
      plain: { rule: 'Path(`/plain`)', service: 'plain' },
    },
    services: {
      mutual: { loadBalancer: { servers, serversTransport: 'mutual' } },
      plain: { loadBalancer: { servers } },
    },
    serversTransports: { mutual: { rootCAs: [roots], certificates: [certificate] } },
  }
  await using tidegate = await startTidegate({
    flags: [
      `--providers.file.filename=${write('routes.json', JSON.stringify({ http }))}`,
      `--serversTransport.rootCAs=${write('static.pem', authority.cert)}`,
      '--workers=1',
    ],
  })
  assert.equal(await asked(tidegate.port, '/mutual'), '502 UV')
  await until('the reason', () =>
    /no secure connection to https:\/\/127\.0\.0\.1:\d+: /.test(tidegate.output),
  )
  writeFileSync(roots, authority.cert)
  await until('the new authority', async () => (await asked(tidegate.port, '/mutual')) === '200')
  // The server trusts whom the static transport trusts, but the proxy shows it no certificate there.
  assert.equal(await asked(tidegate.port, '/plain'), '502 UC')
  assert.ok(!tidegate.output.includes('PRIVATE KEY'))
  assert.ok(!tidegate.output.includes(edge.key.split('\n')[1]!))
})

test('probes over TLS are opened as requests are: with the authorities and the certificate of the transport', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'transport-'))
  t.after(() => rmSync(folder, { recursive: true }))
  using authority = new TestAuthority()
  const [app, edge] = [authority.sign('IP:127.0.0.1'), authority.sign('DNS:edge.test')]
  await using upstream = await TlsUpstream.start({ ...app, requestCert: true, ca: [authority.cert] })
  const write = (name: string, text: string): string => {
    const file = join(folder, name)
    writeFileSync(file, text)
    return file
  }
  const certificates = [{ certFile: write('edge.crt', edge.cert), keyFile: write('edge.key', edge.key) }]
  const loadBalancer = {
    servers: [{ url: `https://127.0.0.1:${upstream.port}` }],
    healthCheck: { path: '/health', interval: '1h' },
  }
  const services = {
    mutual: { loadBalancer: { ...loadBalancer, serversTransport: 'mutual' } },
    unknown: { loadBalancer },
  }
  const routes = {
    http: {
      routers: {
        mutual: { rule: 'Path(`/mutual`)', service: 'mutual' },
        unknown: { rule: 'Path(`/unknown`)', service: 'unknown' },
      },
      services,
      serversTransports: { mutual: { rootCAs: [write('roots.pem', authority.cert)], certificates } },
    },
  }
  await using it = await FileApp.start({ routes })
  const stateOf = (service: string): string | undefined =>
    it.app.endpoints.find((endpoint) => endpoint.service === service)?.reason
  await until('the probe to pass', () => stateOf('mutual@file') === 'probe answered 200')
  await until('the other one to fail', () => stateOf('unknown@file')?.includes('CERT'))
})
