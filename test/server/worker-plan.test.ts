import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plan } from '../../src/server/plan.ts'
import { startOrigin } from '../support/origins.ts'
import { planOf, startWorkers } from '../support/workers.ts'

const ROUTERS = 10_000

/** A host for each router, each with a service of five endpoints. */
function largePlan(version: number, port: number): Plan {
  const names = Array.from({ length: ROUTERS }, (_, i) => `s${i}`)
  return planOf(version, [['main', port], ...names.map((name) => [name, port, 2, 3, 4, 5] as const)])
}

test('10,000 routers come in slices, and a change of one service holds no worker up', async (t) => {
  await using origin = await startOrigin()
  await using workers = await startWorkers(origin)
  await workers.apply(
    planOf(2, [
      ['main', origin.port],
      ['s0', origin.port],
    ]),
  )
  workers.tell('reset')
  const large = largePlan(3, origin.port)
  await workers.apply(large)
  const first = Math.max(...(await workers.delays()))
  const stalls: number[] = []
  for (let version = 4; version < 11; version++) {
    const changed = planOf(0, [['s77', origin.port, version, 3, 4, 5]]).services.get('s77')!
    workers.tell('reset')
    await workers.apply({ ...large, version, services: new Map([...large.services, ['s77', changed]]) })
    stalls.push(Math.max(...(await workers.delays())))
  }
  const median = stalls.toSorted((a, b) => a - b)[3]!
  t.diagnostic(
    `first plan: ${first.toFixed(1)} ms; one service: ${stalls.map((stall) => stall.toFixed(1)).join(' ')} ms`,
  )
  assert.deepEqual(
    workers.host.stats().map(({ version }) => version),
    [10, 10],
  )
  // Deadlines, not figures: those are the benchmark's (`apply-change`). Applied as one, the first plan took 470 ms on a
  // quiet machine; other programs and collections of the young heap are in these, too.
  assert.ok(median < 50, `${median} ms`)
  assert.ok(first < 400, `${first} ms`)
})

test('a worker loads the engine and what its plan uses, and nothing of the control plane', async () => {
  await using origin = await startOrigin()
  await using workers = await startWorkers(origin, { workers: 1 })
  const [modules = []] = await workers.modules()
  const own = modules
    .filter((url) => url.startsWith('file:'))
    .map((url) => url.replace(/^.*?\/(?=src\/|node_modules\/)/, ''))
  const engine = /^src\/(?:proxy|balancing|routing|server|telemetry)\/|^src\/(?:discover|middleware)\.ts$/
  // Plain data that both planes speak of.
  const shared = /^src\/config\/(?:access-log|status-ranges)\.ts$/
  assert.deepEqual(
    own.filter((path) => !engine.test(path) && !shared.test(path)),
    [],
  )
  const used = own.filter((path) => /\/(?:matchers|strategies)\/[^/]+$/.test(path)).toSorted()
  assert.deepEqual(used, ['src/balancing/strategies/wrr.ts', 'src/routing/matchers/path-prefix.ts'])
  assert.deepEqual(
    own.filter((path) => /(?:control-plane|host|plan-builder|password-thread)\.ts$/.test(path)),
    [],
  )
})
