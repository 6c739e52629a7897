import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { fromPlain, list, scalar, section, toPlain } from '../../src/config/source-tree.ts'
import type { Instance, Snapshot } from '../../src/discovery/provider.ts'
import { decodePicture, encodePicture } from '../../src/discovery/stored-picture.ts'
import { instance } from './fake-provider.ts'

const ORIGIN = { source: 'etcd', key: 'traefik/http' }

function throughText(snapshot: Snapshot): { text: string; leftOut: number; snapshot: Snapshot } {
  const { text, leftOut } = encodePicture(new Map([['p', new Map([['', { snapshot, knownAt: 5 }]])]]))
  const stored = decodePicture(text).get('p')?.get('')
  assert.equal(stored?.knownAt, 5)
  return { text, leftOut, snapshot: stored.snapshot }
}

test('what is written is read again as it was', () => {
  const full: Instance = {
    ...instance('a', { tags: ['tidegate.enable=true', 'v1'] }),
    ports: [{ port: 80, containerPort: 8080 }],
    weight: 3,
    zone: 'a',
    createdAt: 17,
    meta: { version: '1' },
    terminating: true,
  }
  const routing = section(
    new Map([
      [
        'http',
        section(
          new Map([
            [
              'routers',
              section(
                new Map([
                  [
                    'r',
                    list(
                      [scalar('x', ORIGIN), scalar(12n, ORIGIN), scalar(null, ORIGIN), scalar(true, ORIGIN)],
                      ORIGIN,
                    ),
                  ],
                ]),
                ORIGIN,
              ),
            ],
          ]),
          ORIGIN,
        ),
      ],
    ]),
    ORIGIN,
  )
  const { snapshot } = throughText({ instances: [full], routing, catalog: ['s1'] })
  assert.deepEqual(snapshot, { part: '', catalog: ['s1'], instances: [full], routing })
})

const AUTH = 'traefik.http.middlewares.auth'
const tags: readonly (readonly [string, readonly string[], readonly string[] | 'left out'])[] = [
  [
    'a middleware with passwords goes whole, so that its routers cannot be served without it',
    [
      `${AUTH}.basicauth.users=a:$apr1$xyz$hunter2`,
      `${AUTH}.basicauth.realm=r`,
      'traefik.http.routers.r.middlewares=auth',
    ],
    ['traefik.http.routers.r.middlewares=auth'],
  ],
  [
    'another spelling of the same middleware goes, too',
    [`${AUTH}.BasicAuth.Users[0]=a:hunter2`, 'Traefik.HTTP.Middlewares.AUTH.basicauth.realm=r', 'v1'],
    ['v1'],
  ],
  [
    'a header with a token goes with its middleware',
    [
      'tidegate.http.middlewares.h.headers.customrequestheaders.X-Api-Key=hunter2',
      'tidegate.http.middlewares.o.addprefix.prefix=/o',
    ],
    ['tidegate.http.middlewares.o.addprefix.prefix=/o'],
  ],
  ['a label with a secret', ['DB_PASSWORD=hunter2', 'v1'], 'left out'],
  ['a word that is a key', ['-----BEGIN PRIVATE KEY----- hunter2'], 'left out'],
  ['a password in a URL', ['db=postgres://u:hunter2@db/x'], 'left out'],
  ['a rule that asks for a secret', ['traefik.http.routers.r.rule=Header(`X-Token`, `hunter2`)'], 'left out'],
  [
    'ordinary tags',
    [
      'traefik.enable=true',
      'traefik.http.routers.auth.rule=Host(`a.test`) && PathPrefix(`/users`)',
      'traefik.http.routers.auth.middlewares=auth@file',
      'traefik.http.services.s.loadbalancer.sticky.cookie=true',
      'traefik.http.services.s.loadbalancer.server.port=8080',
      'traefik.http.middlewares.p.addprefix.prefix=/token',
      'v1.2.3',
      'env=dev',
    ],
    [
      'traefik.enable=true',
      'traefik.http.routers.auth.rule=Host(`a.test`) && PathPrefix(`/users`)',
      'traefik.http.routers.auth.middlewares=auth@file',
      'traefik.http.services.s.loadbalancer.sticky.cookie=true',
      'traefik.http.services.s.loadbalancer.server.port=8080',
      'traefik.http.middlewares.p.addprefix.prefix=/token',
      'v1.2.3',
      'env=dev',
    ],
  ],
]
for (const [name, given, expected] of tags) {
  test(`secrets in tags: ${name}`, () => {
    const { text, leftOut, snapshot } = throughText({ instances: [instance('a', { tags: given })] })
    assert.doesNotMatch(text, /hunter2/)
    assert.equal(leftOut, expected === 'left out' ? 1 : 0)
    assert.deepEqual(
      snapshot.instances?.map((one) => one.tags),
      expected === 'left out' ? [] : [expected],
    )
  })
}

test('meta data that sound like secrets are left out', () => {
  const { text, snapshot } = throughText({
    instances: [instance('a', { meta: { version: '1', api_token: 'hunter2' } })],
  })
  assert.doesNotMatch(text, /hunter2/)
  assert.deepEqual(snapshot.instances?.[0]?.meta, { version: '1' })
})

test('secrets in routing: what holds one is left out whole', () => {
  const routing = fromPlain(
    {
      http: {
        routers: {
          plain: { rule: 'Host(`a.test`)', middlewares: ['auth'] },
          secret: { rule: 'Header(`Authorization`, `hunter2`)' },
        },
        middlewares: {
          auth: { basicAuth: { users: ['a:hunter2'], realm: 'r' } },
          open: { addPrefix: { prefix: '/o' } },
        },
        services: { s: { loadBalancer: { servers: [{ url: 'http://u:hunter2@10.0.0.1' }] } } },
      },
      tls: {
        certificates: [{ certFile: 'c', keyFile: '-----BEGIN KEY hunter2' }],
        options: { strict: { minVersion: 'VersionTLS13' } },
      },
    },
    ORIGIN,
  )
  const { text, snapshot } = throughText({ routing })
  assert.doesNotMatch(text, /hunter2/)
  assert.deepEqual(toPlain(snapshot.routing!), {
    http: {
      routers: { plain: { rule: 'Host(`a.test`)', middlewares: ['auth'] } },
      middlewares: { open: { addPrefix: { prefix: '/o' } } },
      services: {},
    },
    tls: { options: { strict: { minVersion: 'VersionTLS13' } } },
  })
})

const GOOD = encodePicture(
  new Map([['p', new Map([['', { snapshot: { instances: [instance('a')] }, knownAt: 5 }]])]]),
).text

function signed(body: string): string {
  const [head = ''] = encodePicture(new Map()).text.split('\n')
  return `${head.replace(/"sha256":"[^"]*"/, `"sha256":"${hash('sha256', body)}"`)}\n${body}\n`
}

const damages: readonly (readonly [string, string, RegExp])[] = [
  ['nothing', '', /is no snapshot/],
  ['something else', '{"a":1}\n', /is no snapshot/],
  ['bytes of another kind', '\u0000\u0001\n\u0002', /is no snapshot/],
  ['another version', GOOD.replace('"version":1', '"version":2'), /has version 2 of the format, and not 1/],
  ['half of it', GOOD.slice(0, -20), /checksum/],
  ['one letter', GOOD.replace('10.0.0.1', '10.0.0.9'), /checksum/],
  ['a body that is no list', signed('{}'), /is damaged/],
  ['a part that is none', signed('[["p",[7]]]'), /is damaged/],
  [
    'an instance without an address',
    signed('[["p",[{"part":"","knownAt":1,"instances":[{"id":"a"}]}]]]'),
    /is damaged/,
  ],
  ['routing that is none', signed('[["p",[{"part":"","knownAt":1,"routing":{"value":1}}]]]'), /is damaged/],
]
for (const [name, text, why] of damages) {
  test(`a damaged file is refused: ${name}`, () => assert.throws(() => decodePicture(text), why))
}
