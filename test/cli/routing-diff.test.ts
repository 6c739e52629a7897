import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printDiff } from '../../src/cli/print-diff.ts'
import { diffRouting, isEmptyDiff } from '../../src/cli/routing-diff.ts'
import type { RawData } from '../../src/cli/routing-diff.ts'

const RUNNING: RawData = {
  routers: {
    'a@file': {
      rule: 'Host(`a`)',
      service: 's@file',
      priority: 9,
      entryPoints: ['web'],
      status: 'enabled',
      using: ['web'],
    },
    'old@file': { rule: 'Host(`old`)', service: 's@file', priority: 11, status: 'enabled' },
    'c@consulcatalog': { rule: 'Host(`c`)', service: 'c@consulcatalog' },
    'ping@internal': { rule: 'Path(`/ping`)', service: 'ping@internal' },
  },
  services: {
    's@file': {
      loadBalancer: {
        servers: [{ url: 'http://10.0.0.1:80' }, { url: 'http://10.0.0.2:80', weight: 2 }],
        passHostHeader: true,
        sticky: { cookie: { name: 'x' } },
      },
      status: 'enabled',
      usedBy: ['a@file'],
      serverStatus: { 'http://10.0.0.1:80': 'UP' },
    },
  },
  middlewares: { 'm@file': { addPrefix: { prefix: '/a' }, status: 'enabled', usedBy: [] } },
}
const PLANNED: RawData = {
  routers: {
    'a@file': {
      rule: 'Host(`a`) && PathPrefix(`/x`)',
      service: 's@file',
      priority: 29,
      entryPoints: ['web'],
    },
    'new@file': { rule: 'Host(`new`)', service: 's@file', priority: 11 },
  },
  services: {
    's@file': {
      loadBalancer: {
        servers: [{ url: 'http://10.0.0.2:80' }, { url: 'http://10.0.0.3:80' }],
        passHostHeader: true,
        sticky: { cookie: { name: 'y' } },
      },
    },
  },
  middlewares: { 'm@file': { addPrefix: { prefix: '/a' } } },
}
const ENDPOINTS = [{ service: 's@file', url: 'http://10.0.0.1:80', state: 'ready' }]

test('diff: what is added, changed and removed, of what could be compared', () => {
  const diff = diffRouting(RUNNING, PLANNED, ENDPOINTS, ['consulcatalog'])
  assert.equal(
    printDiff(diff, 'http://127.0.0.1:8081', false),
    `compared with what runs at http://127.0.0.1:8081:
routers: 1 added, 1 changed, 1 removed
  ~ a@file
      priority: 9 → 29
      rule: Host(\`a\`) → Host(\`a\`) && PathPrefix(\`/x\`)
  + new@file  Host(\`new\`) → s@file
  - old@file  Host(\`old\`) → s@file
services: 1 changed
  ~ s@file
      loadBalancer.sticky.cookie.name: x → y
endpoints: 1 added, 1 changed, 1 removed
  - s@file http://10.0.0.1:80  now ready
  ~ s@file http://10.0.0.2:80
      weight: 2 → 1
  + s@file http://10.0.0.3:80
`,
  )
})

test('diff: what is not read is left alone, and compared when it is', () => {
  const names = (unread: string[]): string[] =>
    diffRouting(RUNNING, PLANNED, [], unread).routers.map(({ name, change }) => `${change} ${name}`)
  assert.ok(names([]).includes('removed c@consulcatalog'))
  assert.ok(!names(['consulcatalog']).some((one) => one.includes('consulcatalog')))
})

test('diff: the same is no difference', () => {
  const diff = diffRouting(RUNNING, RUNNING, ENDPOINTS, [])
  assert.ok(isEmptyDiff(diff))
  assert.equal(printDiff(diff, 'http://x', false), 'no difference to what runs at http://x\n')
})

test('diff: nothing running, nothing planned', () => {
  assert.ok(isEmptyDiff(diffRouting({}, {}, [], [])))
  assert.equal(diffRouting({}, PLANNED, [], []).routers.length, 2)
})

test('diff: colours by what happens, and no control character of others', () => {
  const text = printDiff(
    diffRouting({ routers: { 'x\u001B[2J@file': { rule: 'a' } } }, { routers: { 'n@file': {} } }, [], []),
    'http://x',
    true,
  )
  assert.ok(text.includes('\u001B[32m  + n@file'))
  assert.ok(text.includes('\u001B[31m  - x\\u{1b}[2J@file'))
})
