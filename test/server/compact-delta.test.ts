import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compactDelta } from '../../src/server/compact-delta.ts'
import type { PlanDelta, RouterPlan } from '../../src/server/plan.ts'
import { endpointPlan } from '../support/engine.ts'

const router: RouterPlan = {
  entryPoints: ['web', 'websecure'],
  rule: {
    op: 'and',
    left: { op: 'not', rule: { op: 'match', name: 'Host', args: ['a'] } },
    right: {
      op: 'or',
      left: { op: 'match', name: 'Path', args: ['/a'] },
      right: { op: 'match', name: 'Method', args: ['GET'] },
    },
  },
  priority: 7,
  rank: 1,
  middlewares: ['auth@file'],
  service: 'a@file',
  tls: true,
  memories: new Map([['auth@file', new SharedArrayBuffer(8)]]),
}
const delta: PlanDelta = {
  base: 3,
  version: 4,
  routers: new Map<string, RouterPlan | null>([
    ['all@file', router],
    ['few@file', { ...router, tls: false, middlewares: [] }],
    ['gone@file', null],
  ]),
  middlewares: new Map([['auth@file', { type: 'basicAuth', options: { users: ['a:b'] } }]]),
  services: new Map([
    [
      'a@file',
      {
        kind: 'loadBalancer',
        strategy: 'wrr',
        passHostHeader: false,
        limits: { maxConnections: 1, maxQueue: 2, queueTimeout: 3 },
        endpoints: new Map([
          ['one', endpointPlan({ port: 1, weight: 3, pathPrefix: '/x' })],
          ['two', { ...endpointPlan({ port: 2 }), tls: true, state: 'draining' }],
          ['three', { ...endpointPlan({ port: 3 }), state: 'warming', warmingSince: 5, zone: 'b' }],
          ['four', { ...endpointPlan({ port: 4 }), canary: { group: 'v2', percent: 5 } }],
          ['gone', null],
        ]),
      },
    ],
    ['gone@file', null],
  ]),
  transports: new Map(),
  tls: null,
}

test('nothing of a difference is lost', () => {
  assert.deepEqual(compactDelta(structuredClone(delta)), delta)
})
