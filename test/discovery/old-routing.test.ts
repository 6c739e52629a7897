import assert from 'node:assert/strict'
import test from 'node:test'
import { fields } from '../../src/config/fields.ts'
import { discover } from '../../src/discover.ts'
import { createFragmentMaker } from '../../src/discovery/fragment.ts'
import { tagSourceOptions } from '../../src/discovery/options.ts'
import { resolveRouting } from '../../src/discovery/resolve.ts'
import type { RoutingConfig } from '../../src/discovery/routing-config.ts'
import type { MiddlewareDefinition } from '../../src/middleware.ts'
import { allMatchers } from '../../src/routing/matcher-catalogue.ts'

const context = {
  entryPoints: ['http', 'https'].map((name) => ({
    name,
    asDefault: false,
    internal: false,
    middlewares: [],
  })),
  matchers: await allMatchers(),
  strategies: new Set(['wrr']),
  middlewares: await discover<MiddlewareDefinition>(new URL('../../src/middlewares/', import.meta.url)),
}
const options = fields.section('', tagSourceOptions(fields)).parse({ domain: 'dev.aws.example.com' })
const make = createFragmentMaker(options, { name: 'ecs', constraints: 'label' })

/** Tasks with labels of Traefik v1, one for each list, as they are served. */
function served(...tasks: readonly (readonly string[])[]): RoutingConfig {
  const fragments = tasks.flatMap((tags, index) => {
    const meta = { image: `r/shop:v${index + 1}` }
    const common = {
      name: 'service-shop-app',
      app: 'shop',
      ports: [{ port: 80 }],
      health: 'unknown',
      meta,
    } as const
    return make({ ...common, id: `task-${index}`, address: `10.0.0.${index + 1}`, tags }) ?? []
  })
  return resolveRouting([{ provider: 'ecs', options, fragments, routing: [] }], context)
}

test('labels of Traefik v1 become routers with all that they ask for', () => {
  const config = served([
    'traefik.frontend.rule=Host:shop.example.com;PathPrefixStrip:/api;AddPrefix:/v2',
    'traefik.frontend.entryPoints=http,https',
    'traefik.frontend.priority=7',
    'traefik.frontend.whiteList.sourceRange=10.0.0.0/8',
    'traefik.frontend.redirect.entryPoint=https',
    'traefik.frontend.auth.basic=bob:$apr1$abcdefgh$0123456789abcdefghijkl',
    'traefik.frontend.headers.customRequestHeaders=X-A:1||X-B:2',
    'traefik.frontend.headers.customResponseHeaders=X-C:3',
    'traefik.backend=shop',
  ])
  const router = config.routers.get('service-shop-app@ecs')
  assert.ok(router, config.problems.map(({ message }) => message).join('\n'))
  assert.deepEqual(router.entryPoints, ['http', 'https'])
  assert.equal(router.service, 'shop@ecs')
  const kinds = router.middlewares.map((name) => config.middlewares.get(name)?.type)
  const expected = ['ipAllowList', 'redirectScheme', 'basicAuth', 'headers', 'stripPrefix', 'addPrefix']
  assert.deepEqual(kinds, expected)
  assert.deepEqual(
    config.problems.filter(({ code }) => code !== 'E307'),
    [],
  )
})

test('limits, breakers and redirects of Traefik v1 are those of today', () => {
  const config = served([
    'traefik.frontend.rule=Host:shop.example.com',
    'traefik.frontend.redirect.regex=^http://shop.example.com/(.*)',
    'traefik.frontend.redirect.replacement=https://shop.example.com/$1',
    'traefik.frontend.redirect.permanent=true',
    'traefik.backend.maxconn.amount=10',
    'traefik.backend.circuitbreaker.expression=NetworkErrorRatio() > 0.5',
  ])
  const router = config.routers.get('service-shop-app@ecs')
  assert.ok(router, config.problems.map(({ message }) => message).join('\n'))
  const kinds = router.middlewares.map((name) => config.middlewares.get(name)?.type)
  assert.deepEqual(kinds, ['redirectRegex', 'circuitBreaker', 'inFlightReq'])
})

test('two versions of one service that share a rule share its endpoints', () => {
  const labels = ['traefik.frontend.rule=Host:shop.example.com', 'traefik.port=80']
  const config = served(labels, labels)
  assert.deepEqual([...config.routers.keys()], ['service-shop-app@ecs'])
  assert.equal(config.services.get('service-shop-app@ecs')?.endpoints.length, 2)
})

test('without a rule each version has its own host', () => {
  const config = served(['traefik.protocol=http'], ['traefik.protocol=http'])
  assert.deepEqual([...config.routers.keys()], ['shop-v1@ecs', 'shop-v2@ecs'])
})

for (const label of [
  'traefik.frontend.auth.forward.address=http://auth.example.com/',
  'traefik.frontend.auth.digest.users=bob:realm:0123456789abcdef0123456789abcdef',
  'traefik.frontend.auth.basic.usersFile=/etc/users',
]) {
  test(`what guards a service is not forgotten: there is no route without ${label.split('=')[0]}`, () => {
    const config = served(['traefik.frontend.rule=Host:shop.example.com', label])
    // Kinds that are not built yet, and files, which labels may not name, leave no route at all.
    for (const { middlewares } of config.routers.values()) assert.equal(middlewares.length, 1)
    assert.ok(config.routers.size === 1 || config.problems.some(({ severity }) => severity === 'error'))
  })
}

test('a rule that cannot be translated serves nothing', () => {
  const config = served(['traefik.frontend.rule=Hots:shop.example.com'])
  assert.equal(config.routers.size, 0)
})
