import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fields } from '../../src/config/fields.ts'
import { buildPlan } from '../../src/server/plan-builder.ts'
import type { ResolvedRouter, RoutingConfig } from '../../src/discovery/routing-config.ts'
import { decode } from '../../src/config/decode.ts'
import { routerOptions } from '../../src/config/routing.ts'
import { fromPlain } from '../../src/config/source-tree.ts'
import { Request } from '../../src/proxy/request.ts'
import { allMatchers } from '../../src/routing/matcher-catalogue.ts'
import { RoutingTable } from '../../src/routing/table.ts'

const ORDERS: [precedence: string[], winner: string][] = [
  [['file', 'consulcatalog'], 'z@file'],
  [['consulcatalog', 'file'], 'a@consulcatalog'],
  [['consulcatalog'], 'a@consulcatalog'],
  [['file'], 'z@file'],
  [[], 'a@consulcatalog'],
]
for (const [precedence, winner] of ORDERS) {
  test(`of equal priorities, with the order [${precedence.join(', ')}], ${winner} wins`, async () => {
    const { routers } = buildPlan(bothWays(), new Map(), 1, undefined, precedence)
    const table = new RoutingTable<string>(await allMatchers())
    for (const [name, { rule, priority, rank }] of routers)
      table.set(name, { rule, priority, rank, target: name })
    assert.equal(table.find(Object.assign(new Request(), { host: 'h' }))?.target, winner)
  })
}

function bothWays(): RoutingConfig {
  return {
    routers: new Map([
      ['a@consulcatalog', router()],
      ['z@file', router()],
    ]),
    middlewares: new Map(),
    services: new Map(),
    serversTransports: new Map(),
    problems: [],
  }
}

function router(): ResolvedRouter {
  const origin = { source: 'test' }
  return {
    config: decode(routerOptions(fields), fromPlain({}, origin)).value!,
    rule: { op: 'match', name: 'Host', args: ['h'] },
    ruleText: 'Host(`h`)',
    priority: 9,
    entryPoints: ['web'],
    middlewares: [],
    service: 'noop@internal',
    origin,
  }
}
