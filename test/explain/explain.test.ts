import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { EndpointStatus } from '../../src/balancing/life-cycle.ts'
import { discover } from '../../src/discover.ts'
import { explain } from '../../src/explain/explain.ts'
import type { Explanation, ExplainInputs } from '../../src/explain/explain.ts'
import type { AskedRequest } from '../../src/explain/asked-request.ts'
import type { MiddlewareDefinition } from '../../src/middleware.ts'
import { allMatchers } from '../../src/routing/matcher-catalogue.ts'
import { routingOf } from './routing-of.ts'

const ROUTES = {
  routers: {
    short: { rule: 'Host(`a.test`)', service: 'pool' },
    long: { rule: 'Host(`a.test`) && PathPrefix(`/api`)', service: 'pool', middlewares: ['strip'] },
    first: { rule: 'Host(`a.test`) && Path(`/first`)', service: 'split', priority: 900 },
    header: { rule: 'Host(`b.test`) && Header(`X-Team`, `blue`) && Method(`POST`)', service: 'pool' },
    either: {
      rule: 'Host(`c.test`) && (Path(`/x`) || Query(`q`, `1`)) && !ClientIP(`10.0.0.0/8`)',
      service: 'pool',
    },
    secure: { rule: 'Host(`d.test`)', service: 'pool', tls: {} },
    inner: { rule: 'Host(`e.test`)', service: 'pool', entryPoints: ['inner'] },
    guarded: { rule: 'Host(`f.test`)', service: 'pool', middlewares: ['allow', 'strip'] },
    mirror: { rule: 'Host(`g.test`)', service: 'mirror' },
    fail: { rule: 'Host(`h.test`)', service: 'fail' },
    none: { rule: 'Host(`i.test`)', service: 'none' },
  },
  middlewares: {
    strip: { stripPrefix: { prefixes: ['/api'] } },
    allow: { ipAllowList: { sourceRange: ['192.168.0.0/16'] } },
  },
  services: {
    pool: { loadBalancer: { servers: [{ url: 'http://10.0.0.1:80' }, { url: 'http://10.0.0.2:80' }] } },
    none: { loadBalancer: { servers: [] } },
    split: {
      weighted: {
        services: [
          { name: 'pool', weight: 1 },
          { name: 'none', weight: 3 },
        ],
      },
    },
    mirror: { mirroring: { service: 'pool', mirrors: [{ name: 'none', percent: 10 }] } },
    fail: { failover: { service: 'none', fallback: 'pool' } },
  },
}

let inputs: ExplainInputs
before(async () => {
  const middlewares = await discover<MiddlewareDefinition>(new URL('../../src/middlewares/', import.meta.url))
  inputs = routingOf(ROUTES, middlewares, await allMatchers())
})

function endpoint(
  address: string,
  state: EndpointStatus['state'],
  reason: string,
  weight = 1,
): EndpointStatus {
  const url = `http://${address}:80`
  return { service: 'pool@file', key: url, url, state, reason, weight, since: new Date(0), ejections: 0 }
}

const READY = [endpoint('10.0.0.1', 'ready', 'discovered'), endpoint('10.0.0.2', 'ready', 'discovered')]

function explained(asked: AskedRequest, endpoints = READY): Explanation {
  const result = explain(asked, { ...inputs, endpoints })
  assert.ok(!('error' in result), 'error' in result ? result.error : '')
  return result
}

const VERDICTS: readonly (readonly [asked: AskedRequest | string, verdict: string])[] = [
  ['http://a.test/', 'GET http://a.test/ → router `short@file` → service `pool@file`'],
  [
    'http://A.test./api/x?y=1',
    'GET http://A.test./api/x?y=1 → router `long@file` → service `pool@file`, and not `short@file`: the rule of `long@file` is longer (14 < 36)',
  ],
  [
    'a.test/first',
    'GET http://a.test/first → router `first@file` → service `split@file`, and not `short@file`: the priority of `first@file` is higher (14 < 900)',
  ],
  [
    'http://b.test/',
    '404: no router on entry point `web` takes GET http://b.test/; the nearest, `header@file`: `Header(`X-Team`, `blue`)` fails: there is no header `X-Team`; `Method(`POST`)` fails: the method is `GET`',
  ],
  [
    { url: 'http://b.test/', method: 'POST', headers: [['x-team', 'red']] },
    '404: no router on entry point `web` takes POST http://b.test/; the nearest, `header@file`: `Header(`X-Team`, `blue`)` fails: the header `X-Team` has another value',
  ],
  [
    { url: 'http://b.test/', method: 'POST', headers: [['x-team', 'blue']] },
    'POST http://b.test/ → router `header@file` → service `pool@file`',
  ],
  [
    { url: 'http://c.test/x', clientAddress: '10.1.2.3' },
    '404: no router on entry point `web` takes GET http://c.test/x; the nearest, `either@file`: `!ClientIP(`10.0.0.0/8`)` excludes it',
  ],
  [
    'http://c.test/z?q=2',
    '404: no router on entry point `web` takes GET http://c.test/z?q=2; the nearest, `either@file`: `Path(`/x`)` fails: the path is `/z`; `Query(`q`, `1`)` fails: the query is `?q=2`',
  ],
  [
    'http://d.test/',
    '404: no router on entry point `web` takes GET http://d.test/; the nearest, `secure@file`: its rule matches, but it takes TLS connections alone: it has `tls`',
  ],
  ['https://d.test/', 'GET https://d.test/ → router `secure@file` → service `pool@file`'],
  [
    { url: 'http://e.test/', entryPoint: 'web' },
    '404: no router on entry point `web` takes GET http://e.test/; the nearest, `inner@file`: its rule matches, but it listens on `inner`, and not on `web`',
  ],
  ['http://e.test:9000/', 'GET http://e.test:9000/ → router `inner@file` → service `pool@file`'],
  [
    'http://f.test/',
    'GET http://f.test/ → router `guarded@file` → middleware `allow@file`, which answers 403',
  ],
  [
    { url: 'http://f.test/', clientAddress: '192.168.1.1' },
    'GET http://f.test/ → router `guarded@file` → service `pool@file`',
  ],
  ['http://g.test/', 'GET http://g.test/ → router `mirror@file` → service `mirror@file`'],
  ['http://h.test/', 'GET http://h.test/ → router `fail@file` → service `fail@file`'],
  [
    'http://i.test/',
    '503: nothing of service `none@file` can answer (it has none): GET http://i.test/ → router `none@file` → service `none@file`',
  ],
  [
    'http://z.example/',
    '404: no router on entry point `web` takes GET http://z.example/; no rule comes near',
  ],
]
for (const [given, verdict] of VERDICTS) {
  const asked = typeof given === 'string' ? { url: given } : given
  test(`the first line for ${JSON.stringify(given)}`, () => {
    assert.equal(explained(asked).verdict, verdict)
  })
}

interface Pool {
  readonly name: string
  readonly endpoints: readonly EndpointStatus[]
  readonly says: RegExp
  /** `eligible why` of each. */
  readonly each: readonly RegExp[]
}

const POOLS: readonly Pool[] = [
  {
    name: 'ready ones, by weight',
    endpoints: [endpoint('10.0.0.1', 'ready', 'discovered', 3), endpoint('10.0.0.2', 'warming', 'came back')],
    says: /^chooses by `wrr` among 2 of 2 endpoints$/,
    each: [/^true 75 % of the weight$/, /^true 25 % of the weight, growing little by little: came back$/],
  },
  {
    name: 'one out',
    endpoints: [
      endpoint('10.0.0.1', 'ready', 'discovered'),
      { ...endpoint('10.0.0.2', 'ejected', '5 failures in a row'), returnsIn: 9_100 },
      endpoint('10.0.0.3', 'draining', 'terminating'),
      endpoint('10.0.0.4', 'ready', 'discovered', 0),
      endpoint('10.0.0.5', 'gone', 'drained'),
    ],
    says: /among 1 of 5 endpoints$/,
    each: [
      /^true 100 % of the weight$/,
      /^false ejected, for 10 s more: 5 failures in a row$/,
      /^false nothing new is sent to it: terminating$/,
      /^false its weight is 0$/,
      /^false it is gone: drained$/,
    ],
  },
  {
    name: 'all out',
    endpoints: [
      endpoint('10.0.0.1', 'ejected', '5 failures in a row'),
      endpoint('10.0.0.2', 'unhealthy', 'probe answered 500'),
      endpoint('10.0.0.3', 'draining', 'left the snapshot'),
    ],
    says: /among 2 of 3 endpoints: none is ready, and so all that do not drain are tried$/,
    each: [
      /^true 50 % of the weight, though ejected \(5 failures in a row\), since none is ready$/,
      /^true 50 % of the weight, though unhealthy/,
      /^false nothing new is sent to it: left the snapshot$/,
    ],
  },
  {
    name: 'all draining',
    endpoints: [endpoint('10.0.0.1', 'draining', 'terminating')],
    says: /^none of its 1 endpoints may be used: 503$/,
    each: [/^false nothing new is sent to it: terminating$/],
  },
]
for (const { name, endpoints, says, each } of POOLS) {
  test(`endpoints: ${name}`, () => {
    const { service } = explained({ url: 'http://a.test/' }, endpoints as EndpointStatus[])
    assert.match(service!.says, says)
    const found = service!.endpoints!.map(({ eligible, why }) => `${eligible} ${why}`)
    assert.equal(found.length, each.length)
    found.forEach((one, i) => assert.match(one, each[i]!))
  })
}

test('all out: the first line says so, and why', () => {
  const { verdict } = explained({ url: 'http://a.test/' }, POOLS[2]!.endpoints as EndpointStatus[])
  assert.match(
    verdict,
    /^no endpoint of service `pool@file` is ready \(1 draining: left the snapshot; 1 ejected: 5 failures in a row; 1 unhealthy: probe answered 500\), and so all that do not drain are tried/,
  )
})

test('composite services: who has which part, and what cannot answer', () => {
  const tree = (host: string) => {
    const { service } = explained({ url: host })
    return [
      service!.canAnswer,
      service!.services!.map(({ part, service: { name, canAnswer } }) => [part, name, canAnswer]),
    ]
  }
  assert.deepEqual(tree('http://a.test/first'), [
    true,
    [
      ['25 %', 'pool@file', true],
      ['75 %', 'none@file', false],
    ],
  ])
  assert.deepEqual(tree('http://g.test/'), [
    true,
    [
      ['answers', 'pool@file', true],
      ['copies of 10 %', 'none@file', false],
    ],
  ])
  assert.deepEqual(tree('http://h.test/'), [
    true,
    [
      ['answers', 'none@file', false],
      ['otherwise', 'pool@file', true],
    ],
  ])
})

test('middlewares: in order, with what they do to this request', () => {
  const { middlewares } = explained({ url: 'http://a.test/api/users' })
  assert.deepEqual(
    middlewares.map(({ name, type, options, here }) => [name, type, options, here]),
    [['strip@file', 'stripPrefix', { prefixes: ['/api'] }, '/api/users becomes /users']],
  )
  assert.equal(explained({ url: 'http://f.test/' }).middlewares.length, 1, 'what answers ends the chain')
})

test('a host that is nearly one of ours', () => {
  assert.deepEqual(explained({ url: 'http://a.tset/' }).notes, ['did you mean the host `a.test`?'])
})

test('what is wrong with a router that took the request is told', () => {
  const problem = {
    code: 'E209',
    severity: 'error',
    origin: { source: 'x' },
    resource: 'router short@file',
    message: 'router short@file is defined differently by 1 instance',
  } as const
  const result = explain({ url: 'http://a.test/' }, { ...inputs, endpoints: READY, problems: [problem] })
  assert.ok(!('error' in result))
  assert.deepEqual(result.notes, ['error E209: x: router short@file is defined differently by 1 instance'])
})
