import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fields } from '../../src/config/fields.ts'
import { createFragmentMaker } from '../../src/discovery/fragment.ts'
import { tagSourceOptions } from '../../src/discovery/options.ts'
import type { TagSourceOptions } from '../../src/discovery/options.ts'
import { resolveRouting } from '../../src/discovery/resolve.ts'
import type { RoutingConfig } from '../../src/discovery/routing-config.ts'
import { healthCheckOf, lifeSettingsOf } from '../../src/server/life-settings.ts'
import { balancedBy, consulSource, context, fileSource, part } from './given-sources.ts'

const TAG_OPTIONS = fields.section('', tagSourceOptions(fields)).parse({}) as TagSourceOptions
const INSTANCE = {
  id: 'web-1',
  name: 'web',
  address: '10.0.0.1',
  ports: [{ port: 80 }],
  health: 'passing',
} as const
const GIVEN = context()

function withHealthCheck(healthCheck: object): RoutingConfig {
  const servers = [{ url: 'http://10.0.0.1:8080' }]
  return resolveRouting(
    [fileSource(part({ services: { a: { loadBalancer: { servers, healthCheck } } } }))],
    GIVEN,
  )
}

const SOUND: readonly (readonly [name: string, healthCheck: object])[] = [
  ['nothing but itself', {}],
  ['a path', { path: '/health?deep=1' }],
  ['a host name', { hostname: 'shop.example.com:8080' }],
  ['an address', { hostname: '[::1]:80' }],
  ['fields', { headers: { 'X-Probe': 'yes, "quoted"', Authorization: 'Bearer x' } }],
  ['a method', { method: 'HEAD' }],
  ['TCP', { mode: 'tcp', send: 'PING\r\n', expect: '+PONG' }],
]
for (const [name, healthCheck] of SOUND) {
  test(`a health check with ${name} is carried out`, () => {
    const routing = withHealthCheck(healthCheck)
    assert.deepEqual(routing.problems, [])
    assert.ok(balancedBy(routing, 'a@file').config.healthCheck)
  })
}

const UNSOUND: readonly (readonly [healthCheck: object, code: string, message: RegExp])[] = [
  [{ path: 'health' }, 'E102', /`loadBalancer\.healthCheck\.path` is no path, so endpoints are not probed/],
  [{ path: 'http://elsewhere.test/' }, 'E102', /is no path/],
  [{ path: '//elsewhere.test/' }, 'E102', /is no path/],
  [{ path: '/a b' }, 'E102', /is no path/],
  [{ path: '/a\r\nX: y' }, 'E102', /is no path/],
  [{ method: 'GET / HTTP/1.1\r\nX: y' }, 'E102', /is no method/],
  [{ method: 'CONNECT' }, 'E102', /is no method/],
  [{ hostname: 'a\r\nX: y' }, 'E102', /is no host name/],
  [{ hostname: 'a/b' }, 'E102', /is no host name/],
  [{ headers: { 'X Y': 'z' } }, 'E102', /holds "X Y", which is no valid header field/],
  [{ headers: { X: 'a\r\nY: b' } }, 'E102', /holds "X", which is no valid header field/],
  [{ headers: { X: 'a\nb' } }, 'E102', /holds "X"/],
  [{ headers: { Host: 'a' } }, 'E102', /sets "Host", which the probe sets itself/],
  [{ headers: { 'Content-Length': '7' } }, 'E102', /sets "Content-Length"/],
  [{ mode: 'grpc' }, 'E105', /`grpc` is understood but not built yet/],
  [{ scheme: 'h2c' }, 'E105', /`h2c` is understood but not built yet/],
]
for (const [healthCheck, code, message] of UNSOUND) {
  test(`a health check that is no good costs the check alone: ${JSON.stringify(healthCheck)}`, () => {
    const { problems, services } = withHealthCheck(healthCheck)
    assert.deepEqual(
      problems.map((problem) => problem.code),
      [code],
    )
    assert.match(problems[0]!.message, message)
    assert.ok(problems[0]!.remedy)
    assert.equal(balancedBy({ services }, 'a@file').config.healthCheck, undefined)
    assert.equal(services.get('a@file')?.endpoints.length, 1)
  })
}

test('a health check by tags', () => {
  const tags = [
    'traefik.http.routers.web.rule=PathPrefix(`/`)',
    'traefik.http.services.web.loadbalancer.healthcheck.path=/health',
    'traefik.http.services.web.loadbalancer.healthcheck.interval=5s',
    'traefik.http.services.web.loadbalancer.healthcheck.headers.X-Probe=yes',
    'traefik.http.services.web.loadbalancer.passivehealthcheck.maxfailedattempts=3',
    'traefik.http.services.web.loadbalancer.slowstart=20s',
  ]
  const make = createFragmentMaker(TAG_OPTIONS, { name: 'consulcatalog', constraints: 'tag' })
  const fragment = make({ ...INSTANCE, tags })
  const { problems, services } = resolveRouting([consulSource([fragment!])], GIVEN)
  assert.deepEqual(problems, [])
  const { config } = balancedBy({ services }, 'web@consulcatalog')
  assert.deepEqual(healthCheckOf(config), {
    interval: 5_000,
    unhealthyInterval: 5_000,
    timeout: 5_000,
    jitter: 10,
    question: {
      mode: 'http',
      scheme: undefined,
      port: undefined,
      path: '/health',
      method: 'GET',
      status: 0,
      hostname: undefined,
      headers: { 'X-Probe': 'yes' },
      followRedirects: true,
    },
  })
  assert.deepEqual(lifeSettingsOf(config), {
    drainTimeout: 30_000,
    slowStart: 20_000,
    check: { rise: 1, fall: 3, initiallyUp: false },
    ejection: { failures: 3, window: 10_000, base: 10_000, longest: 10_000, maxPercent: 50 },
  })
})
