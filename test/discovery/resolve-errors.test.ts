import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveRouting } from '../../src/discovery/resolve.ts'
import type { RoutingConfig } from '../../src/discovery/routing-config.ts'
import { context, fileSource, part } from './given-sources.ts'
import type { HttpSections } from './given-sources.ts'

const GIVEN = context()
const RULE = 'Host(`x.example.com`)'
const SERVICE = { loadBalancer: { servers: [{ url: 'http://10.0.0.1:8080' }] } }

function file(http: HttpSections): RoutingConfig {
  return resolveRouting([fileSource(part(http))], GIVEN)
}

function codes({ problems }: RoutingConfig): string[] {
  return problems.map(({ code }) => code)
}

function said({ problems }: RoutingConfig): string[] {
  return problems.map(
    ({ code, message, remedy }) => `${code} ${message}${remedy === undefined ? '' : ` — ${remedy}`}`,
  )
}

function add(prefix: string): object {
  return { addPrefix: { prefix } }
}

const resources: readonly (readonly [string, HttpSections, readonly string[]])[] = [
  [
    'a kind that is misspelt',
    { middlewares: { m: { addPrefx: { prefix: '/x' } } } },
    [
      'E207 unknown kind of middleware `addPrefx` — did you mean `addPrefix`?',
      'E214 middleware m@file is left out because of its errors',
    ],
  ],
  [
    'a kind that is like none',
    { middlewares: { m: { teleport: {} } } },
    [
      'E207 unknown kind of middleware `teleport` — known kinds: addPrefix, basicAuth, chain',
      'E214 middleware m@file is left out because of its errors',
    ],
  ],
  [
    'a kind that is not built',
    { middlewares: { m: { RateLimit: { average: 5 } } } },
    [
      'E105 middlewares of the kind `rateLimit` are understood but not built yet',
      'E214 middleware m@file is left out because of its errors',
    ],
  ],
  [
    'two kinds',
    { middlewares: { m: { addPrefix: { prefix: '/x' }, chain: {} } } },
    [
      'E102 middleware m@file has several kinds: `addPrefix`, `chain` — define one middleware for each, and a `chain` of them',
      'E214 middleware m@file is left out because of its errors',
    ],
  ],
  [
    'no kind',
    { middlewares: { m: {} } },
    [
      'E103 middleware m@file has no kind — name one below it, such as `stripPrefix`',
      'E214 middleware m@file is left out because of its errors',
    ],
  ],
  [
    'an unknown option',
    { middlewares: { m: { addPrefix: { prefix: '/x', sufix: 1 } } } },
    ['E101 unknown key `sufix` — known here: prefix'],
  ],
  [
    'a missing option',
    { middlewares: { m: { addPrefix: {} } } },
    ['E103 `prefix` is required', 'E214 middleware m@file is left out because of its errors'],
  ],
  [
    'a middleware that is no section',
    { middlewares: { m: 5 } },
    [
      'E103 middleware m@file has no kind — name one below it, such as `stripPrefix`',
      'E214 middleware m@file is left out because of its errors',
    ],
  ],
  [
    'a router without a rule',
    { routers: { r: { service: 'noop@internal' } } },
    [
      'E103 router r@file has no rule — set `rule`, such as Host(`www.example.com`)',
      'E214 router r@file is left out because of its errors',
    ],
  ],
  [
    'a router with an unknown key',
    { routers: { r: { rule: RULE, servise: 'x', service: 'noop@internal' } } },
    ['E101 unknown key `servise` — did you mean `service`?'],
  ],
  [
    'a service without a kind',
    { services: { s: {} } },
    [
      'E103 service s@file has no `loadBalancer` — list its servers under `loadBalancer.servers`',
      'E214 service s@file is left out because of its errors',
    ],
  ],
  [
    'a service of several kinds',
    { services: { s: { loadBalancer: {}, weighted: { services: ['a'] } } } },
    [
      'E102 `weighted.services[0]`: expected a section',
      'E214 service s@file is left out because of its errors',
    ],
  ],
  [
    'a weighted service of none',
    { services: { s: { weighted: { services: [] } } } },
    [
      'E103 `weighted.services` is empty — name the services in it',
      'E214 service s@file is left out because of its errors',
    ],
  ],
  [
    'an unknown strategy',
    { services: { s: { loadBalancer: { strategy: 'P3C' } } } },
    ['E102 `loadBalancer.strategy`: there is no strategy `P3C`; `wrr` is used — did you mean `p2c`?'],
  ],
  [
    'a strategy that is no word',
    { services: { s: { loadBalancer: { strategy: 'x\n\u001b[2J' } } } },
    [
      'E102 `loadBalancer.strategy`: there is no strategy `x\\u{a}\\u{1b}[2J`; `wrr` is used — known: wrr, p2c',
    ],
  ],
  ['a strategy in capitals', { services: { s: { loadBalancer: { strategy: 'P2C' } } } }, []],
  [
    'a sticky cookie that would write other fields',
    {
      services: {
        s: {
          loadBalancer: {
            sticky: {
              cookie: { name: 'a\r\nX: y', path: '/;Domain=evil', domain: 'a b', sameSite: 'none' },
            },
          },
        },
      },
    },
    [
      'E102 `sticky.cookie.name`: expected letters, digits and a few signs such as `_` and `-`; the default is used',
      'E102 `sticky.cookie.path`: expected a path that begins with `/`, without blanks and `;`; the default is used',
      'E102 `sticky.cookie.domain`: expected a host name; the default is used',
      'E106 `sticky.cookie.sameSite: none` has no effect: browsers drop such a cookie — set `sticky.cookie.secure: true`, and serve over TLS',
    ],
  ],
  [
    'an unknown section',
    { router: { r: {} } },
    ['E101 unknown key `router` in `http` — did you mean `routers`?'],
  ],
  [
    'servers transports',
    {
      serversTransports: {
        h2: { disableHTTP2: true, forwardingTimeouts: { pingTimeout: '1s' }, spiffe: { ids: ['a'] } },
        ciphers: { cipherSuites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_NONE_AT_ALL'] },
        versions: { minVersion: 'versiontls13', maxVersion: 'VersionTLS12' },
      },
      services: { s: { loadBalancer: { serversTransport: 'h3' } } },
    },
    [
      'E216 service s@file needs the servers transport `h3@file`, which is unknown or left out; it is left out — did you mean `h2@file`?',
      'E102 `cipherSuites`: there is no cipher suite `TLS_NONE_AT_ALL`',
      'E214 servers transport ciphers@file is left out because of its errors',
      'E105 `forwardingTimeouts.pingTimeout` is understood but not built yet (HTTP/2 to endpoints) — remove it, or accept that it has no effect',
      'E105 `spiffe` is understood but not built yet (SPIFFE) — remove it, or accept that it has no effect',
      'E102 `maxVersion`: it is lower than `minVersion`',
      'E214 servers transport versions@file is left out because of its errors',
    ],
  ],
  [
    'a section that is none',
    { routers: 'none' as never },
    ['E102 `http.routers` must be a section of names and values'],
  ],
  [
    'names with an @',
    { routers: { 'r@file': { rule: RULE } }, middlewares: { 'm@x': add('/') } },
    [
      'E211 the name of middleware `m@x` holds an `@` — give it a name without `@`; the provider is added by itself',
      'E211 the name of router `r@file` holds an `@` — give it a name without `@`; the provider is added by itself',
    ],
  ],
  [
    'an empty name',
    { services: { '': SERVICE } },
    ['E211 a service has an empty name — give it a name without `@`; the provider is added by itself'],
  ],
  ['names that objects have', { services: { constructor: SERVICE, toString: SERVICE } }, []],
]
for (const [name, http, problems] of resources) {
  test(`wrong: ${name}`, () => assert.deepEqual(said(file(http)).toSorted(), problems.toSorted()))
}

const undecodable: readonly (readonly [string, HttpSections])[] = [
  ['a router that is a list', { routers: { r: ['x'] } }],
  ['a service that is a number', { services: { s: 5 } }],
  [
    'a priority that is a word',
    { routers: { r: { rule: RULE, service: 'noop@internal', priority: 'high' } } },
  ],
]
for (const [name, http] of undecodable) {
  test(`wrong: ${name}`, () => assert.deepEqual(codes(file(http)), ['E102', 'E214']))
}

const roots: readonly (readonly [string, unknown, readonly string[]])[] = [
  ['tcp and udp', { tcp: { routers: {} }, UDP: {} }, ['E105', 'E105']],
  ['tls, which is read elsewhere', { tls: {} }, []],
  ['unknown', { htpp: {} }, ['E101']],
  ['instances, which the provider reads', { instances: [] }, []],
]
for (const [name, root, expected] of roots) {
  test(`top-level sections: ${name}`, () => {
    assert.deepEqual(
      codes(resolveRouting([fileSource(part({}, 'a.yml', root as Record<string, unknown>))], GIVEN)),
      expected,
    )
  })
}
