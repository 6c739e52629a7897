import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FileApp } from '../support/file-app.ts'
import { until } from '../support/until.ts'
import { getJson } from './asking.ts'

interface Problem {
  readonly code: string
  readonly message: string
  readonly remedy: string
  readonly source: string
  readonly place: string
}

const SERVER = { servers: [{ url: 'http://127.0.0.1:1' }] }
const SERVICES = { ok: { loadBalancer: SERVER } }

function router(members: object): object {
  return { http: { routers: { one: { rule: 'Host(`a`)', service: 'ok', ...members } }, services: SERVICES } }
}

function tagged(...tags: readonly string[]): object {
  return { instances: [{ id: 'one', name: 'one', address: '127.0.0.1', port: 1, tags }] }
}

/** Each thing that is not served as written, and what names it in the list of problems. */
const LOST: readonly (readonly [what: string, routes: object, code: string, names: RegExp])[] = [
  ['a tag with a misspelt key', tagged('traefik.http.routers.one.rul=Host(`a`)'), 'E101', /rul/],
  ['a tag with a wrong value', tagged('traefik.http.routers.one.priority=high'), 'E102', /priority/],
  [
    'a tag for the operator alone',
    tagged('traefik.http.middlewares.m.basicauth.usersfile=/x'),
    'E110',
    /users/i,
  ],
  ['a tag of what is not built', tagged('traefik.tcp.routers.one.rule=HostSNI(`*`)'), 'E105', /TCP/],
  ['a label of another age', tagged('traefik.frontend.rule=Host:a'), 'E307', /frontend/],
  [
    'an instance without a port',
    { instances: [{ id: 'one', name: 'one', address: '127.0.0.1' }] },
    'E303',
    /port/,
  ],
  [
    'an instance at the metadata address',
    { instances: [{ id: 'one', name: 'one', address: '169.254.169.254', port: 80 }] },
    'E304',
    /link-local/,
  ],
  ['a router with a broken rule', router({ rule: 'Host(`a`' }), 'E201', /rule/],
  ['a router with an unknown matcher', router({ rule: 'Hots(`a`)' }), 'E202', /Hots/],
  ['a router to an unknown service', router({ service: 'nowhere' }), 'E205', /nowhere/],
  ['a router with an unknown middleware', router({ middlewares: ['nowhere'] }), 'E206', /nowhere/],
  ['a router on an unknown entry point', router({ entryPoints: ['nowhere'] }), 'E208', /nowhere/],
  ['a router with a key that is none', router({ rools: 1 }), 'E101', /rools/],
  [
    'a middleware of an unknown kind',
    { http: { middlewares: { one: { addPrefx: { prefix: '/a' } } } } },
    'E207',
    /addPrefx/,
  ],
  [
    'a service in a circle',
    { http: { services: { one: { weighted: { services: [{ name: 'one', weight: 1 }] } } } } },
    'E215',
    /one@file/,
  ],
  [
    'a service with an unknown transport',
    { http: { services: { one: { loadBalancer: { ...SERVER, serversTransport: 'nowhere' } } } } },
    'E216',
    /nowhere/,
  ],
  [
    'a service without endpoints',
    { http: { services: { one: { loadBalancer: { servers: [] } } } } },
    'E504',
    /one@file/,
  ],
  ['a section that is not built', { udp: { routers: {} } }, 'E105', /UDP/],
  ['a section that is none', { htpp: {} }, 'E101', /htpp/],
  [
    'an endpoint whose name nobody knows',
    {
      http: { services: { one: { loadBalancer: { servers: [{ url: 'http://no.such.name.invalid:80' }] } } } },
    },
    'E504',
    /one@file/,
  ],
]
for (const [what, routes, code, names] of LOST) {
  test(`in the list of problems: ${what}`, async () => {
    await using it = await FileApp.start({ routes, flags: ['--api.address=127.0.0.1:0'] })
    const problems = await getJson<Problem[]>(it, '/api/problems')
    const found = problems.find((one) => one.code === code && names.test(`${one.message} ${one.place}`))
    assert.ok(found, JSON.stringify(problems, null, 2))
    assert.ok(found.source !== '' && found.place !== '' && found.remedy !== '')
  })
}

test('in the list of problems: a file that cannot be read', async () => {
  await using it = await FileApp.start({ routes: {}, flags: ['--api.address=127.0.0.1:0'] })
  await it.writeText('{ "http": ')
  const [first] = await until('the problem', async () => {
    const problems = await getJson<Problem[]>(it, '/api/problems')
    return problems.length > 0 ? problems : undefined
  })
  assert.equal(first?.code, 'E104')
  assert.match(first?.place ?? '', /routes\.json:\d+:\d+$/)
})
