import assert from 'node:assert/strict'
import { test } from 'node:test'
import etcd from '../../providers/etcd.ts'
import type { SourceNode } from '../../src/config/source-tree.ts'
import { child } from '../../src/config/source-tree.ts'
import { startEtcd } from '../peers/etcd.ts'
import { startFaultProxy } from '../peers/fault-proxy.ts'
import { scaled } from '../scenarios/scale.ts'
import { WatchedProvider } from './watched-provider.ts'

/** Keys that are none of ours; a million in full runs: `SCENARIOS=full node --test test/providers/etcd-limits.test.ts`. */
const UNRELATED = scaled(1_000_000, 20_000)
/** Of routing, all keys and values together. */
const TREE_BYTES = 5 * 1024 * 1024
const FLAGS = ['--max-txn-ops', '10000', '--quota-backend-bytes', String(4 * 1024 ** 3)]

test('a tree of 5 MiB is read and followed', async (t) => {
  await using store = await startEtcd({ flags: FLAGS })
  const pairs = bigTree()
  const bytes = pairs.reduce((sum, [key, value]) => sum + key.length + value.length, 0)
  await store.putAll(pairs, 5_000)
  await using provider = new WatchedProvider(etcd, { endpoints: store.endpoints })
  const read = await provider.until(
    'the tree',
    ({ snapshot }) => routers(snapshot?.routing) === pairs.length / 2,
    {
      within: 20_000,
    },
  )
  await store.putAll([['traefik/http/routers/one-more/rule', 'Path(`/`)']])
  const followed = await provider.until(
    'a change',
    ({ snapshot }) => routers(snapshot?.routing) === pairs.length / 2 + 1,
    { within: 20_000 },
  )
  t.diagnostic(
    `${pairs.length} keys, ${(bytes / 1024 ** 2).toFixed(1)} MiB: read in ${read.toFixed(0)} ms, a change followed in ${followed.toFixed(0)} ms`,
  )
  assert.deepEqual(
    provider.updates.filter((update) => 'failure' in update),
    [],
  )
})

test('unrelated keys cost nothing: they are neither read nor told of', async (t) => {
  await using store = await startEtcd({ flags: FLAGS })
  await store.putAll([['tidegate/http/routers/a/rule', 'Path(`/`)']])
  for (let from = 0; from < UNRELATED; from += 10_000) await store.putAll(unrelated(from), 10_000)
  await using proxy = await startFaultProxy(store.endpoints[0]!)
  const { heapUsed } = process.memoryUsage()
  await using provider = new WatchedProvider(etcd, { endpoints: [proxy.address] })
  const took = await provider.until('the picture', ({ snapshot }) => routers(snapshot?.routing) === 1)
  const grown = (process.memoryUsage().heapUsed - heapUsed) / 1024 ** 2
  t.diagnostic(`${UNRELATED} unrelated keys: read in ${took.toFixed(0)} ms, ${grown.toFixed(1)} MiB of heap`)
  await store.putAll(unrelated(0), 10_000)
  await store.putAll([['tidegate/http/routers/b/rule', 'Path(`/`)']])
  await provider.until('the change', ({ snapshot }) => routers(snapshot?.routing) === 2)
  assert.equal(provider.updates.length, 2)
  // One page for each of the two roots; beats ask for one key each.
  assert.ok(proxy.passed.filter(({ path }) => path === '/v3/watch').length === 2)
})

function routers(routing: SourceNode | undefined): number {
  const found = child(child(routing, 'http'), 'routers')
  return found?.kind === 'section' ? found.entries.size : 0
}

/** Two keys for each router. */
function bigTree(): (readonly [string, string])[] {
  const each = (i: number) =>
    [
      [
        `traefik/http/routers/router-number-${i}/rule`,
        `Host(\`application-${i}.example.com\`) && PathPrefix(\`/\`)`,
      ],
      [`traefik/http/routers/router-number-${i}/service`, `service-number-${i}`],
    ] as const
  const size = each(10_000).flat().join('').length
  return Array.from({ length: Math.ceil(TREE_BYTES / size) }, (_, i) => each(10_000 + i)).flat()
}

function unrelated(from: number): (readonly [string, string])[] {
  return Array.from({ length: Math.min(10_000, UNRELATED) }, (_, i) => [`tide/${from + i}`, 'x'] as const)
}
