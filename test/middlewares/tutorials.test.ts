import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startOrigin } from '../support/origins.ts'
import { RawPeer } from '../support/raw-peer.ts'
import { ok, RawUpstream } from '../support/raw-upstream.ts'
import { ServedRoutes } from '../support/served-routes.ts'
import { until } from '../support/until.ts'

/** What tutorials of the configuration language show, as they write it, through the whole program. */

interface Answer {
  readonly status: string
  readonly head: string
  readonly body: string
}

async function get(port: number, path: string): Promise<Answer> {
  await using peer = await RawPeer.open(port)
  const { head, body } = await peer
    .write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    .readMessage()
  return { status: head.slice(9, 12), head, body: body.toString() }
}

function service(url: string): object {
  return { loadBalancer: { servers: [{ url }] } }
}

/** An upstream that answers with the target that it was asked for. */
function echo(name: string): Promise<RawUpstream> {
  return RawUpstream.start(async (peer) => {
    for (;;) {
      const { head } = await peer.readMessage()
      peer.write(ok(`${name} ${head.split(' ')[1]}`))
    }
  })
}

const url = ({ port }: RawUpstream): string => `http://127.0.0.1:${port}`

test('stripPrefix: /foo and /bar lead to two services, which see nothing of it', async () => {
  await using foo = await echo('foo')
  await using bar = await echo('bar')
  await using routes = await ServedRoutes.start({
    routers: {
      foo: { rule: 'PathPrefix(`/foo`)', service: 'foo', middlewares: ['strip'] },
      bar: { rule: 'PathPrefix(`/bar`)', service: 'bar', middlewares: ['strip'] },
    },
    services: { foo: service(url(foo)), bar: service(url(bar)) },
    middlewares: { strip: { stripPrefix: { prefixes: ['/foo', '/bar'] } } },
  })
  const asked: [path: string, body: string][] = [
    ['/foo', 'foo /'],
    ['/foo/a?b=1', 'foo /a?b=1'],
    ['/bar/', 'bar /'],
    ['/bar/foo/x', 'bar /foo/x'],
  ]
  for (const [path, body] of asked) assert.equal((await get(routes.port, path)).body, body)
  assert.equal((await get(routes.port, '/baz')).status, '404')
})

test('rateLimit: average 10, burst 20, period 1: what is beyond gets 429', async () => {
  await using origin = await startOrigin()
  await using routes = await ServedRoutes.start({
    routers: { all: { rule: 'PathPrefix(`/`)', priority: 1, service: 'all', middlewares: ['limit'] } },
    services: { all: service(origin.url) },
    middlewares: { limit: { rateLimit: { average: 10, burst: 20, period: 1 } } },
  })
  const began = performance.now()
  const answers = await Promise.all(Array.from({ length: 60 }, () => get(routes.port, '/')))
  const most = 20 + Math.ceil((performance.now() - began) / 100) + 1
  const passed = answers.filter(({ status }) => status === '200').length
  const refused = answers.filter(({ status }) => status === '429')
  assert.equal(passed + refused.length, 60)
  assert.ok(passed >= 20 && passed <= most, `${passed} of ${most}`)
  assert.match(refused[0]!.head, /\r\nRetry-After: 1\r\n/i)
})

test('replacePathRegex: ^/oops/(.*) becomes /fixed/$1', async () => {
  await using upstream = await echo('it')
  await using routes = await ServedRoutes.start({
    routers: { all: { rule: 'PathPrefix(`/`)', priority: 1, service: 'all', middlewares: ['fix'] } },
    services: { all: service(url(upstream)) },
    middlewares: { fix: { replacePathRegex: { regex: '^/oops/(.*)', replacement: '/fixed/$1' } } },
  })
  assert.equal((await get(routes.port, '/oops/a/b?c=1')).body, 'it /fixed/a/b?c=1')
  assert.equal((await get(routes.port, '/fine/a')).body, 'it /fine/a')
  assert.match(upstream.text, /\r\nX-Replaced-Path: \/oops\/a\/b\r\n/)
})

test('inFlightReq: more than its amount at once get 429', async () => {
  await using origin = await startOrigin()
  await using routes = await ServedRoutes.start({
    routers: { all: { rule: 'PathPrefix(`/`)', priority: 1, service: 'all', middlewares: ['limit'] } },
    services: { all: service(origin.url) },
    middlewares: { limit: { inFlightReq: { amount: 3 } } },
  })
  const slow = [1, 2, 3].map(() => get(routes.port, '/?wait=1500'))
  await until('three to be under way', () => origin.inFlight === 3)
  assert.equal((await get(routes.port, '/')).status, '429')
  for (const { status } of await Promise.all(slow)) assert.equal(status, '200')
  assert.equal((await get(routes.port, '/')).status, '200')
})

test('circuitBreaker and retry: what fails at times is hidden, what fails for good is left alone for a while', async () => {
  let broken = true
  let asked = 0
  await using upstream = await RawUpstream.start(async (peer) => {
    for (;;) {
      await peer.readMessage()
      // Every other attempt works while it is not broken.
      if (broken || ++asked % 2 === 1) return peer.reset()
      peer.write(ok())
    }
  })
  const middlewares = {
    breaker: {
      circuitBreaker: {
        expression: 'NetworkErrorRatio() > 0.30 && RequestThreshold() >= 5',
        checkPeriod: '10ms',
        fallbackDuration: '2s',
        recoveryDuration: '200ms',
      },
    },
    again: { retry: { attempts: 4, initialInterval: '1ms' } },
  }
  await using routes = await ServedRoutes.start({
    routers: {
      all: { rule: 'PathPrefix(`/`)', priority: 1, service: 'all', middlewares: ['breaker', 'again'] },
    },
    services: { all: service(url(upstream)) },
    middlewares,
  })
  await until('the breaker to open', async () => /tidegate-why: CB/i.test((await get(routes.port, '/')).head))
  const attempts = upstream.connections.length
  for (let i = 0; i < 5; i++) assert.equal((await get(routes.port, '/')).status, '503')
  assert.equal(upstream.connections.length, attempts, 'an open breaker spares the service')
  broken = false
  await until('the breaker to close', async () => {
    const answers = [await get(routes.port, '/'), await get(routes.port, '/'), await get(routes.port, '/')]
    return answers.every(({ status }) => status === '200')
  })
})
