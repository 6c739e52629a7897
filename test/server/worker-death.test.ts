import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startLoad } from '../support/load.ts'
import { startOrigin } from '../support/origins.ts'
import { RawPeer } from '../support/raw-peer.ts'
import { until } from '../support/until.ts'
import { planOf, startWorkers } from '../support/workers.ts'
import type { ProbeQuestion } from '../support/worker-probe.ts'

/** At 300 requests a second of 30 ms, which half of are its own; one that fills its memory does nothing else for a while. */
const DEATHS: [question: ProbeQuestion, reason: RegExp][] = [
  ['throw', /a fault of the test/],
  ['exit', /exit code 3/],
  ['fill memory', /its heap reached its limit of 64 MiB/],
]
for (const [question, reason] of DEATHS) {
  test(`a worker that dies (${question}) is replaced, and those of the other are unharmed`, async () => {
    await using origin = await startOrigin()
    await using workers = await startWorkers(origin, { resourceLimits: { maxOldGenerationSizeMb: 64 } })
    await using load = startLoad({ port: workers.port, hosts: ['a.test'], rate: 300, path: '/?wait=30' })
    await until('answers', () => load.tally.ended > 100)
    const before = workers.host.workers
    const counted = total(workers.host.stats())
    workers.tell(question, true)
    const told = load.tally.ended
    await until('a death', () => workers.died.length > 0)
    const diedAt = performance.now()
    // Whatever was on its way when it died, or ended between the word and the death.
    const mayLose = load.inFlight + load.tally.ended - told
    const survivor = workers.host.workers.find((worker) => before.includes(worker))
    const dead = workers.host.stats().find(({ worker }) => worker === undefined)
    if (dead) assert.equal(dead.connections, 0)
    await until('a successor that serves', () => serving(workers).length === 2)
    const { ended } = load.tally
    await until('more answers', () => load.tally.ended > ended + 100)
    const tally = await load.stop()
    assert.match(workers.died.join(), reason)
    assert.equal(workers.died.length, 1)
    assert.ok(survivor !== undefined && workers.host.workers.includes(survivor))
    assert.ok(total(workers.host.stats()) > counted, 'what the dead one had counted stays')
    // Requests on their way through it died with it, which shows that the load would see a loss; no other did.
    assert.ok(tally.failed > 0 && tally.failed <= mayLose, String(tally))
    assert.ok(
      tally.failures.every(({ sentAt }) => sentAt <= diedAt),
      String(tally),
    )
  })
}

test('a successor gets the whole plan, drains included', async () => {
  await using origin = await startOrigin()
  await using workers = await startWorkers(origin)
  const plan = planOf(2, [
    ['main', origin.port],
    ['old', origin.port],
  ])
  const old = plan.services.get('old')!
  const [key, endpoint] = [...old.endpoints][0]!
  const draining = { ...old, endpoints: new Map([[key, { ...endpoint, state: 'draining' as const }]]) }
  await workers.apply({ ...plan, services: new Map([...plan.services, ['old', draining]]) })
  await until('both to be drained', () => workers.drained.length === 2)
  workers.tell('throw', true)
  await until('a successor with the plan', () => serving(workers).length === 2 && workers.died.length === 1)
  const successor = Math.max(...workers.host.workers)
  await until('its report', () => workers.drained.some(({ worker }) => worker === successor))
  assert.deepEqual(workers.drained.at(-1), { worker: successor, endpoint: 'e0', version: 2 })
})

test('a connection that was handed over lives on while another worker dies', async () => {
  await using origin = await startOrigin()
  await using workers = await startWorkers(origin, { handOver: true })
  const clients = await Promise.all(Array.from({ length: 10 }, () => RawPeer.open(workers.port)))
  await until('all to be accepted', () => workers.connections.reduce((a, b) => a + b) === 10)
  workers.tell('throw', true)
  await until('a death', () => workers.died.length > 0)
  await until('a successor', () => workers.host.workers.length === 2)
  await until('five to be left', () => workers.connections.reduce((a, b) => a + b) === 5)
  const more = await Promise.all(Array.from({ length: 5 }, () => RawPeer.open(workers.port)))
  // The new ones go to the successor, which has fewer, once it has the plan.
  await until('ten again', () => workers.connections.reduce((a, b) => a + b) === 10)
  for (const client of [...clients, ...more]) client.reset()
})

type Started = Awaited<ReturnType<typeof startWorkers>>

function serving({ host }: Started): unknown[] {
  return host.stats().filter(({ worker, version }) => worker !== undefined && version > 0)
}

function total(stats: readonly { readonly requests: number }[]): number {
  return stats.reduce((sum, { requests }) => sum + requests, 0)
}
