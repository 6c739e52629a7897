import assert from 'node:assert/strict'
import test from 'node:test'
import type { Check, Entry } from '../../providers/consul/answers.ts'
import type { Answer } from '../../providers/parts/long-poll.ts'
import { Datacenter } from '../../providers/consul/datacenter.ts'
import { systemClock } from '../../src/discovery/clock.ts'
import type { Snapshot, Update } from '../../src/discovery/provider.ts'
import { until } from '../support/until.ts'

/*
 * A fake of the agent's answers, since the order in which they arrive cannot be had from a real one.
 */

type Ask = 'services' | 'checks' | 'entries web'

interface Waiting {
  readonly ask: Ask
  readonly answer: (answer: Answer<never>) => void
}

const ENTRY: Entry = {
  nodeId: 'n1',
  node: 'n',
  nodeAddress: '127.0.0.1',
  nodeMeta: {},
  id: 'web-1',
  service: 'web',
  kind: '',
  tags: [],
  address: '',
  port: 80,
  meta: {},
  passingWeight: 1,
  warningWeight: 1,
  createIndex: 7,
  checks: [],
}
const ANCHOR: Entry = { ...ENTRY, id: 'consul', service: 'consul', port: 8300 }
const CHECK: Check = { node: 'n', id: 'c', status: 'passing', serviceId: 'web-1', serviceName: 'web' }

/** A datacenter whose polls wait until a test answers them, and whose reads of `web` do while the test holds them. */
function asking() {
  const stopping = new AbortController()
  const { signal } = stopping
  const waiting: Waiting[] = []
  const updates: Update[] = []
  let holding = false
  const ask = <T>(what: Ask): Promise<Answer<T>> =>
    new Promise((resolve) => void waiting.push({ ask: what, answer: resolve as Waiting['answer'] }))
  const tools = {
    signal,
    name: 'tested',
    now: systemClock.now,
    monotonic: systemClock.monotonic,
    sleep: (milliseconds: number) => systemClock.sleep(milliseconds, signal),
    random: () => 0.5,
    onRefresh: () => undefined,
  }
  const datacenter = new Datacenter({
    name: undefined,
    client: {
      endedConnections: 0,
      services: () => ask('services'),
      checks: () => ask('checks'),
      entries: async (service) => {
        if (service === 'web' && holding) return ask('entries web')
        return { value: [service === 'web' ? ENTRY : ANCHOR], index: 10n }
      },
    },
    connection: { address: 'agent', secure: false, token: undefined } as never,
    tools,
    publish: (update) => void updates.push(update),
    watch: { wait: 1_000 },
    lagging: false,
    strictChecks: new Set(['passing']),
    idPrefix: '',
    notes: [],
  })
  const running = datacenter.run().catch(() => undefined)
  return {
    /** Waits until this is asked, and takes the question. */
    asked: async (what: Ask): Promise<(value: unknown, index?: bigint) => void> => {
      const found = await until(what, () => waiting.find((one) => one.ask === what))
      waiting.splice(waiting.indexOf(found), 1)
      return (value, index = 10n) => found.answer({ value, index } as Answer<never>)
    },
    hold: () => void (holding = true),
    waiting: () => waiting.length,
    shown: () =>
      (updates.findLast((one): one is Snapshot => 'instances' in one)?.instances ?? [])
        .filter(({ name }) => name === 'web')
        .map(({ id, unproven }) => (unproven ? `${id}?` : id)),
    [Symbol.asyncDispose]: async () => {
      stopping.abort(new Error('the test is over'))
      await running
    },
  }
}

/** The first picture: one instance of `web`. */
async function started(): Promise<ReturnType<typeof asking>> {
  const world = asking()
  const checks = await world.asked('checks')
  checks([CHECK])
  const services = await world.asked('services')
  services(listOf('consul', 'web'))
  await until('the first picture', () => world.shown().length === 1)
  await until('both polls to wait', () => world.waiting() === 2)
  world.hold()
  return world
}

function listOf(...names: readonly string[]): Map<string, readonly string[]> {
  return new Map(names.map((name) => [name, []]))
}

test('a read that was under way while the list became empty proves no more than the list', async () => {
  await using world = await started()
  const checks = await world.asked('checks')
  checks([], 11n)
  const read = await world.asked('entries web')
  const list = await world.asked('services')
  list(listOf(), 11n)
  await until('missing', () => world.shown().join() === 'n/web-1?')
  read([])
  const next = await world.asked('services')
  next(listOf('consul', 'web'), 12n)
  const again = await world.asked('entries web')
  assert.deepEqual(world.shown(), ['n/web-1?'], 'kept all the time, and not shown anew')
  again([ENTRY])
  await until('proved again', () => world.shown().join() === 'n/web-1')
})

test('a service that left the list while it was read is gone when both say so', async () => {
  await using world = await started()
  const checks = await world.asked('checks')
  checks([], 11n)
  const read = await world.asked('entries web')
  const list = await world.asked('services')
  list(listOf('consul'), 11n)
  await until('the list to be taken', () => world.waiting() === 2)
  assert.deepEqual(world.shown(), ['n/web-1'])
  read([])
  await until('gone', () => world.shown().length === 0)
})
