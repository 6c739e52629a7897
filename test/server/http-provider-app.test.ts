import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigServer } from '../peers/config-server.ts'
import { Ledger } from '../support/ledger.ts'
import { startOrigin } from '../support/origins.ts'
import { RawPeer } from '../support/raw-peer.ts'
import { startTidegate } from '../support/tidegate.ts'
import { until } from '../support/until.ts'

async function statusOf(port: number, host: string): Promise<string> {
  await using peer = await RawPeer.open(port)
  const question = `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`
  const { head } = await peer.write(question).readMessage()
  return head.slice(9, 12)
}

test('routes come from a URL, stay while it fails, and follow it when it is back', async () => {
  await using origin = await startOrigin({ name: 'shop', ledger: new Ledger() })
  const document = (host: string): string =>
    JSON.stringify({
      http: {
        routers: { shop: { rule: `Host(\`${host}\`)`, service: 'shop' } },
        services: { shop: { loadBalancer: { servers: [{ url: origin.url }] } } },
      },
    })
  let text = document('a.test')
  await using server = await ConfigServer.start((_, response) => void response.end(text))
  await using tidegate = await startTidegate({
    flags: [
      `--providers.http.endpoint=${server.url}`,
      '--providers.http.pollInterval=0.1s',
      '--providers.http.headers.Authorization=Bearer s3cret',
    ],
  })
  assert.equal(await statusOf(tidegate.port, 'a.test'), '200')
  assert.equal(server.requests[0]?.headers.authorization, 'Bearer s3cret')
  text = '<html>Sorry</html>'
  await until('the failure in the log', () => tidegate.output.includes('holds no sections'))
  assert.equal(await statusOf(tidegate.port, 'a.test'), '200')
  await server.stop()
  await until('the failure in the log', () => tidegate.output.includes('cannot be reached'))
  assert.equal(await statusOf(tidegate.port, 'a.test'), '200')
  text = document('b.test')
  await server.listen()
  await until('the other route', async () => (await statusOf(tidegate.port, 'b.test')) === '200')
  assert.equal(await statusOf(tidegate.port, 'a.test'), '404')
  assert.ok(!tidegate.output.includes('s3cret'))
})
