import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConsulApi } from '../peers/consul-api.ts'
import { startConsul } from '../peers/consul.ts'
import { startLoad } from '../support/load.ts'
import type { Tally } from '../support/load-tally.ts'
import { startOrigin } from '../support/origins.ts'
import type { Origin } from '../support/origins.ts'
import { startTidegate } from '../support/tidegate.ts'
import { until } from '../support/until.ts'
import { scaled } from './scale.ts'
import { enter } from './table.ts'

const SERVICE = 'shop'
const STABLE = ['v1']
const CANARY = ['v2', 'tidegate.weight=5%']
const PROMOTED = ['v2']
/** What a deploy tool waits between taking an instance out of discovery and telling it to stop. */
const DEREGISTRATION_DELAY = 500

/** Instances of one service on Consul, of two versions. */
class Release implements AsyncDisposable {
  readonly #consul: ConsulApi
  readonly #all: Origin[] = []
  #born = 0

  constructor(consul: ConsulApi) {
    this.#consul = consul
  }

  async add(tags: readonly string[]): Promise<Origin> {
    const origin = await startOrigin({ name: `${tags[0]}-${++this.#born}` })
    this.#all.push(origin)
    await this.tag(origin, tags)
    return origin
  }

  /** Registers an instance that runs already, with other tags. */
  async tag({ name, port }: Origin, tags: readonly string[]): Promise<void> {
    const registration = { id: name, name: SERVICE, address: '127.0.0.1', port, tags: [...tags] }
    await this.#consul.register({ ...registration, check: 'passing' })
  }

  async remove(origin: Origin): Promise<void> {
    await this.#consul.deregister(origin.name)
    await sleep(DEREGISTRATION_DELAY)
    await origin.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const origin of this.#all) await origin[Symbol.asyncDispose]()
  }
}

interface Report {
  readonly tally: Tally
  /** Requests while there were canaries, and those of them that canaries answered. */
  readonly requests: number
  readonly canaries: number
  /** Canaries that took one another's place. */
  readonly replaced: number
}

/** Canaries come and go for so many requests; then those that are left are promoted, and the others leave. */
async function release(requests: number, flags: readonly string[] = []): Promise<Report> {
  await using consul = await startConsul()
  await using instances = new Release(consul)
  const stable = await Promise.all([1, 2, 3].map(() => instances.add(STABLE)))
  await using tidegate = await startTidegate({
    flags: [`--providers.consulCatalog.endpoint.address=${consul.address}`, '--workers=2', ...flags],
  })
  const counts = { counting: false, requests: 0, canaries: 0 }
  await using load = startLoad({
    port: tidegate.port,
    hosts: [SERVICE],
    // So that some requests are on their way to each instance at any time.
    path: '/?wait=40',
    rate: scaled(500, 250),
    onOutcome: ({ origin }) => {
      if (!counts.counting) return
      counts.requests++
      if (origin?.startsWith('v2') === true) counts.canaries++
    },
  })
  const served = (origin: Origin): Promise<unknown> =>
    until(`${origin.name} to be served`, () => origin.answered > 0)
  await Promise.all(stable.map(served))
  let canaries = [await instances.add(CANARY)]
  await served(canaries[0]!)
  counts.counting = true
  let replaced = 0
  // One canary, then two, then another one: however many they are, their part stays the same.
  while (counts.requests < requests) {
    const newcomer = await instances.add(CANARY)
    await served(newcomer)
    await instances.remove(canaries[0]!)
    canaries = [newcomer]
    replaced++
  }
  counts.counting = false
  const promoted = [...canaries, await instances.add(CANARY)]
  for (const origin of promoted) await instances.tag(origin, PROMOTED)
  for (const origin of stable) await instances.remove(origin)
  const before = promoted.map(({ answered }) => answered)
  await until('the promoted to take all', () =>
    promoted.every(({ answered }, i) => answered > before[i]! + 50),
  )
  return { tally: await load.stop(), requests: counts.requests, canaries: counts.canaries, replaced }
}

test('a canary of 5 % by its tags has 5 %, while canaries come and go and are promoted, and nothing is lost', async (t) => {
  const { tally, requests, canaries, replaced } = await release(scaled(20_000, 2_000))
  const percent = (canaries * 100) / requests
  const part = `${canaries} of ${requests} requests went to canaries (${percent.toFixed(2)} %)`
  enter(t, t.name, tally, `${part}; ${replaced} replaced`)
  assert.equal(tally.failed, 0, String(tally))
  assert.ok(Math.abs(percent - 5) <= 0.5, `${percent} %`)
  assert.ok(replaced >= 2)
})

test('contrast: the same release loses requests without draining and retries', async (t) => {
  const flags = ['--experiments.retries=false', '--experiments.draining=false']
  const { tally } = await release(scaled(5_000, 1_000), flags)
  enter(t, t.name, tally)
  assert.ok(tally.failed > 0, 'the load would not see a loss if there was one')
})
