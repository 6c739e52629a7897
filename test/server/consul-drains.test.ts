import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startConsul } from '../peers/consul.ts'
import type { ConsulAgent } from '../peers/consul.ts'
import { FileApp } from '../support/file-app.ts'
import type { RawPeer } from '../support/raw-peer.ts'
import { ok, RawUpstream } from '../support/raw-upstream.ts'

const UPGRADE = 'GET /socket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'

/** Takes upgrades, and answers everything else. */
async function serve(peer: RawPeer): Promise<void> {
  for (;;) {
    const { head } = await peer.readMessage()
    if (!head.startsWith('GET /socket')) peer.write(ok())
    else {
      peer.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
      return
    }
  }
}

/** How Consul says that an instance is on its way out, and that it is not. */
const WAYS: readonly (readonly [
  name: string,
  out: (agent: ConsulAgent) => Promise<void>,
  back: (agent: ConsulAgent) => Promise<void>,
])[] = [
  [
    'the service is in maintenance',
    (agent) => agent.maintenance(true, 'web-1'),
    (agent) => agent.maintenance(false, 'web-1'),
  ],
  ['the node is in maintenance', (agent) => agent.maintenance(true), (agent) => agent.maintenance(false)],
  [
    'its check is critical',
    (agent) => agent.setCheck('web-1', 'critical'),
    (agent) => agent.setCheck('web-1', 'passing'),
  ],
]
for (const [name, out, back] of WAYS) {
  test(`Consul: ${name}: the endpoint drains, its tunnels end at the time-out, and it comes back`, async () => {
    await using agent = await startConsul()
    await using upstream = await RawUpstream.start(serve)
    const tags = [
      'traefik.http.routers.web.rule=PathPrefix(`/`)',
      'traefik.http.services.web.loadbalancer.draintimeout=500ms',
    ]
    const { port } = upstream
    await agent.register({ id: 'web-1', name: 'web', address: '127.0.0.1', port, tags, check: 'passing' })
    await using it = await FileApp.start({
      routes: {},
      flags: [`--providers.consulCatalog.endpoint.address=${agent.address}`],
    })
    await it.untilState(port, 'ready')
    await using client = await it.connect()
    client.write(UPGRADE)
    await client.readUntil('\r\n\r\n')
    await out(agent)
    await it.untilState(port, /^(?:draining: terminating|gone)/)
    await client.ended()
    await it.untilState(port, 'gone: drain timeout')
    assert.deepEqual(await it.get(), ['503 no available server'], 'its route stays')
    await back(agent)
    await it.untilState(port, 'ready: came back')
    assert.deepEqual(await it.get(), ['200 ok'])
  })
}
