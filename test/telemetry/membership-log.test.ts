import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EndpointView, Membership } from '../../src/telemetry/membership-log.ts'
import { membershipLines } from '../../src/telemetry/membership-log.ts'

type States = Record<string, EndpointView['state'] | { state: EndpointView['state']; reason: string }>

function service(states: States, name = 'whoami@file'): Membership {
  const views = Object.entries(states).map(([key, view]): [string, EndpointView] => [
    key,
    { url: `http://${key}`, ...(typeof view === 'string' ? { state: view } : view) },
  ])
  return new Map([[name, new Map(views)]])
}

const cases: [string, Membership, Membership, string[]][] = [
  ['nothing changed', service({ a: 'ready' }), service({ a: 'ready' }), []],
  [
    'a new service',
    new Map(),
    service({ a: 'ready', b: 'ready' }),
    ['whoami@file: joined http://a, http://b (server up) — 2 ready'],
  ],
  ['a service without endpoints', new Map(), service({}), []],
  [
    'a rolling deploy',
    service({ a: 'ready', b: 'draining' }),
    service({ a: 'draining', c: 'ready' }),
    [
      'whoami@file: joined http://c (server up); draining http://a (on its way out); left http://b (drained) — 1 ready, 1 draining',
    ],
  ],
  [
    'gone without a drain',
    service({ a: 'ready' }),
    service({}),
    ['whoami@file: left http://a (no longer in its source) — 0 ready'],
  ],
  [
    'a service that is gone',
    service({ a: 'draining' }),
    new Map(),
    ['whoami@file: left http://a (drained) — 0 ready'],
  ],
  [
    'back during its drain',
    service({ a: 'draining' }),
    service({ a: 'ready' }),
    ['whoami@file: up http://a (came back during its drain) — 1 ready'],
  ],
  [
    'healthy again',
    service({ a: 'unhealthy' }),
    service({ a: 'ready' }),
    ['whoami@file: up http://a (server up) — 1 ready'],
  ],
  [
    'unhealthy, for a reason',
    service({ a: 'ready' }),
    service({ a: { state: 'unhealthy', reason: 'probe answered 500' } }),
    ['whoami@file: down http://a (probe answered 500) — 0 ready'],
  ],
  [
    'ejected',
    service({ a: 'ready' }),
    service({ a: 'ejected' }),
    ['whoami@file: down http://a (ejected after failures) — 0 ready'],
  ],
]
for (const [name, before, after, expected] of cases) {
  test(name, () =>
    assert.deepEqual(
      [...membershipLines(before, after)].map(({ message }) => message),
      expected,
    ),
  )
}

test('only services that changed have a line', () => {
  const same = service({ a: 'ready' }, 'same@file')
  const before = new Map([...same, ...service({ a: 'ready' })])
  const after = new Map([...same, ...service({ a: 'ready', b: 'ready' })])
  assert.deepEqual(
    [...membershipLines(before, after)].map((line) => line.service),
    ['whoami@file'],
  )
})

test('says why something left, where that is known', () => {
  const [line] = membershipLines(
    service({ a: 'draining' }),
    service({}),
    (name, key) => `${name} ${key} timed out`,
  )
  assert.match(line!.message, /left http:\/\/a \(whoami@file a timed out\)/)
})

test('a thousand changes make one readable line, and fields with all of them', () => {
  const states = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`h${i}`, 'ready' as const]))
  const [line] = membershipLines(new Map(), service(states))
  assert.match(line!.message, /http:\/\/h9 and 990 more \(server up\) — 1000 ready$/)
  assert.equal((line!.fields.joined as string[]).length, 1_000)
})
