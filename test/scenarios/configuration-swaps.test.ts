import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startConsul } from '../peers/consul.ts'
import type { ConsulAgent } from '../peers/consul.ts'
import { startLoad } from '../support/load.ts'
import type { Tally } from '../support/load-tally.ts'
import { startTidegate } from '../support/tidegate.ts'
import { discoveryFlags, startFleet } from './fleet.ts'
import type { Fleet } from './fleet.ts'
import { scaled } from './scale.ts'
import { enter } from './table.ts'

const RATE = scaled(1_000, 200)
const SWAPS = scaled(1_000, 50)
/** Milliseconds from one swap to the next. */
const EVERY = 60

/** Answers of the whole fleet with the number of the last swap that the answering router knew. */
interface Phase {
  readonly tally: Tally
  readonly versions: ReadonlySet<string>
}

test(`${SWAPS} configuration swaps, one each ${EVERY} ms, lose nothing and hold nothing up`, async (t) => {
  await using consul = await startConsul()
  await using fleet = await startFleet(consul, ['cart', 'mail', 'pay', 'shop'], 3)
  const swaps = new Swaps(consul, fleet)
  await swaps.next()
  await using tidegate = await startTidegate({ flags: discoveryFlags(consul.address) })
  const quiet = await underLoad(tidegate.port, fleet, () => sleep(SWAPS * EVERY * scaled(0.5, 1)))
  const swapped = await underLoad(tidegate.port, fleet, () => swaps.run())
  const ratio = swapped.tally.latencies.quantile(0.99) / quiet.tally.latencies.quantile(0.99)
  enter(t, 'the same without a swap', quiet.tally, `p99 ${p99(quiet)}`)
  const seen = `${swapped.versions.size} of them seen by requests; p99 ${p99(swapped)}, ${ratio.toFixed(2)} × without`
  enter(t, `${SWAPS} configuration swaps`, swapped.tally, seen)
  assert.equal(quiet.tally.failed, 0, String(quiet.tally))
  assert.equal(swapped.tally.failed, 0, String(swapped.tally))
  // Swaps that come together are worked in together; but they must have been there while the load was.
  assert.ok(swapped.versions.size > SWAPS / 2, `${swapped.versions.size} of ${SWAPS}`)
})

function p99({ tally }: Phase): string {
  return `${tally.latencies.quantile(0.99).toFixed(1)} ms`
}

async function underLoad(port: number, fleet: Fleet, work: () => Promise<unknown>): Promise<Phase> {
  const versions = new Set<string>()
  await using load = startLoad({
    port,
    hosts: [...fleet.hosts, 'pulse.test'],
    rate: RATE,
    verify: (response, id) => {
      const version = response.headers.get('version')
      if (version !== undefined) versions.add(version)
      return response.headers.get('request-id') === id ? undefined : 'answer to another request'
    },
  })
  await fleet.served(load)
  await work()
  return { tally: await load.stop(), versions }
}

/**
 * Each swap changes a middleware of one router, and one other thing: an instance's weight, another router of the
 * service, or which instances there are.
 */
class Swaps {
  readonly #consul: ConsulAgent
  readonly #fleet: Fleet
  #count = 0

  constructor(consul: ConsulAgent, fleet: Fleet) {
    this.#consul = consul
    this.#fleet = fleet
  }

  async run(): Promise<void> {
    const start = performance.now()
    const { length } = { length: SWAPS }
    for (let i = 1; i <= length; i++) {
      await this.next()
      await sleep(Math.max(0, start + i * EVERY - performance.now()))
    }
  }

  async next(): Promise<void> {
    const count = this.#count++
    const [first] = this.#fleet.instances.get('cart')!
    const pulse = 'traefik.http.routers.pulse'
    const { port } = first!
    await this.#consul.register({
      id: 'pulse-1',
      name: 'pulse',
      address: '127.0.0.1',
      port,
      tags: [
        `${pulse}.rule=Host(\`pulse.test\`)`,
        `${pulse}.middlewares=version`,
        `traefik.http.middlewares.version.headers.customResponseHeaders.Version=${count}`,
        ...(count % 2 === 0 ? [`traefik.http.routers.other.rule=Host(\`other-${count}.test\`)`] : []),
      ],
    })
    await this.#other(count)
  }

  async #other(count: number): Promise<void> {
    const [, changing] = this.#fleet.instances.get('mail')!
    const registration = { id: changing!.name, name: 'mail', address: '127.0.0.1', port: changing!.port }
    if (count % 3 === 0)
      await this.#consul.register({
        ...registration,
        tags: ['v1'],
        weights: { Passing: 1 + (count % 7), Warning: 1 },
      })
    else if (count % 3 === 1) await this.#consul.deregister(changing!.name)
    else await this.#consul.register({ ...registration, tags: ['v1'] })
  }
}
