import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { runGiven } from '../cli/run-given.ts'
import { startConsul } from '../peers/consul.ts'
import type { ConsulAgent } from '../peers/consul.ts'
import { FileApp } from '../support/file-app.ts'
import { until } from '../support/until.ts'

/**
 * Five broken situations as somebody meets them who was woken by them: the first line that `problems` or `explain` prints
 * names the cause. What they print besides is shown as diagnostics.
 */
const API = '--api.address=127.0.0.1:0'

/** What a command prints; its first line is what is read at three in the morning. */
async function ask(t: TestContext, it: FileApp, ...args: readonly string[]): Promise<string> {
  const { out, err } = await runGiven([...args, `--address=127.0.0.1:${it.app.adminPort}`])
  assert.equal(err, '')
  for (const line of [`$ tidegate ${args.join(' ')}`, ...out.trimEnd().split('\n')]) t.diagnostic(line)
  return out.split('\n')[0]!
}

function instance(id: string, ...tags: readonly string[]): object {
  return { id, name: 'shop', address: '127.0.0.1', port: 1, tags }
}

test('a typo in a tag: its route is not there, and the first problem names tag, instance and the right word', async (t) => {
  await using it = await FileApp.start({
    routes: {
      instances: [
        instance('shop-1', 'traefik.enable=true', 'traefik.http.routers.shop.rul=Host(`shop.example.com`)'),
      ],
    },
    flags: [API],
  })
  const first = await ask(t, it, 'problems')
  assert.match(first, /tag traefik\.http\.routers\.shop\.rul.* of shop-1.*unknown key `rul`/)
  assert.match(
    (await runGiven(['problems', `--address=127.0.0.1:${it.app.adminPort}`])).out,
    /→ did you mean `rule`\?/,
  )
  assert.match(
    await ask(t, it, 'explain', 'http://shop.example.com/'),
    /^404: no router on entry point `web`/,
  )
})

test('two instances in conflict: the first problem names the router, the instances, and where they differ', async (t) => {
  await using it = await FileApp.start({
    routes: {
      instances: [
        instance('shop-1', 'traefik.http.routers.shop.rule=Host(`shop.example.com`)'),
        instance('shop-2', 'traefik.http.routers.shop.rule=Host(`shop.example.com`)'),
        instance('shop-3', 'traefik.http.routers.shop.rule=Host(`stop.example.com`)'),
      ],
    },
    flags: [API],
  })
  const first = await ask(t, it, 'problems')
  assert.match(
    first,
    /error E209: router shop@file is defined differently by 1 instance \(shop-3\) in `rule`; the definition of 2 instances \(shop-1, shop-2\) is served/,
  )
  assert.match(
    await ask(t, it, 'explain', 'http://shop.example.com/'),
    /→ router `shop@file` → service `shop@file`/,
  )
})

test('an expired token of Consul: the first problem says who denied access, and routes stay', async (t) => {
  await using agent = await startConsul({ acl: true })
  const { SecretID, AccessorID } = await readingToken(agent)
  await agent.register({ id: 'shop-1', name: 'shop', address: '127.0.0.1', port: 1 })
  await using it = await FileApp.start({
    routes: {},
    flags: [
      API,
      `--providers.consulCatalog.endpoint.address=${agent.address}`,
      `--providers.consulCatalog.endpoint.token=${SecretID}`,
    ],
  })
  assert.ok(it.app.routing.routers.has('shop@consulcatalog'))
  await revoke(agent, AccessorID)
  // A change ends the queries that were waiting with the token when it was still good.
  await agent.register({ id: 'cart-1', name: 'cart', address: '127.0.0.1', port: 2 })
  await until('the refusal', () => it.app.problems.some(({ code }) => code === 'E402'), 30_000)
  const first = await ask(t, it, 'problems')
  assert.match(first, /error E402: .*denied access \(403/)
  assert.ok(!first.includes(SecretID))
  assert.match(await ask(t, it, 'providers'), /^PROVIDER/)
  assert.match(await ask(t, it, 'explain', 'http://shop/'), /→ router `shop@consulcatalog`/)
})

test('all endpoints are out: the first lines say so, and what each of them does', async (t) => {
  await using failing = await startServer({ health: 200, others: 500 })
  await using later = await startServer({ health: 200, others: 200 })
  await using it = await FileApp.start({
    routes: {
      http: {
        routers: { shop: { rule: 'PathPrefix(`/`)', service: 'shop' } },
        services: {
          shop: {
            loadBalancer: {
              servers: [failing, later].map(({ port }) => ({ url: `http://127.0.0.1:${port}` })),
              healthCheck: { path: '/health', interval: '100ms', timeout: '1s', fall: 1 },
            },
          },
        },
      },
    },
    flags: [API],
  })
  await it.untilState(failing.port, 'ready')
  await it.untilState(later.port, 'ready')
  await until('the ejection', async () => {
    await it.get(4)
    return it.states()[failing.port]?.startsWith('ejected')
  })
  later.answers.health = 503
  await it.untilState(later.port, 'unhealthy')
  const cause = /no endpoint of service shop@file is ready \(1 ejected: .*; 1 unhealthy: .*503.*\)/
  assert.match(await ask(t, it, 'problems'), cause)
  assert.match(
    await ask(t, it, 'explain', 'http://shop.example.com/'),
    /^no endpoint of service `shop@file` is ready \(1 ejected: .*; 1 unhealthy: .*503.*\)/,
  )
})

test('a rule shadowed by a longer one: the first line says by which', async (t) => {
  await using it = await FileApp.start({
    routes: {
      http: {
        routers: {
          new: { rule: 'Host(`shop.example.com`) && PathPrefix(`/cart`)', service: 'shop' },
          old: {
            rule: 'Host(`shop.example.com`) && (PathPrefix(`/cart`) || PathPrefix(`/basket`))',
            service: 'shop',
          },
        },
        services: { shop: { loadBalancer: { servers: [{ url: 'http://127.0.0.1:1' }] } } },
      },
    },
    flags: [API],
  })
  assert.match(
    await ask(t, it, 'explain', 'http://shop.example.com/cart'),
    /→ router `old@file` → service `shop@file`, and not `new@file`: the rule of `old@file` is longer \(\d+ < \d+\)$/,
  )
})

/** A token that may read the catalog. */
async function readingToken(agent: ConsulAgent): Promise<{ SecretID: string; AccessorID: string }> {
  const Rules = 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }'
  await agent.call('PUT', '/v1/acl/policy', { Name: 'reading', Rules })
  const token = await agent.call('PUT', '/v1/acl/token', { Policies: [{ Name: 'reading' }] })
  return token as { SecretID: string; AccessorID: string }
}

/** What Consul itself does with a token whose time is over, which takes it a minute at least. */
async function revoke({ address, token = '' }: ConsulAgent, accessor: string): Promise<void> {
  const url = `http://${address}/v1/acl/token/${accessor}`
  const { ok, status } = await fetch(url, { method: 'DELETE', headers: { 'x-consul-token': token } })
  assert.ok(ok, `the token could not be revoked: ${status}`)
}

/** A server whose answers the test changes. */
async function startServer(answers: { health: number; others: number }) {
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/health' ? answers.health : answers.others
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    answers,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose](): Promise<void> {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
