import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startConsul } from '../peers/consul.ts'
import type { ConsulAgent } from '../peers/consul.ts'
import { startConsulRelay } from '../support/consul-relay.ts'
import type { ConsulRelay, RelayFault } from '../support/consul-relay.ts'
import { startLoad } from '../support/load.ts'
import { startTidegate } from '../support/tidegate.ts'
import { until } from '../support/until.ts'
import { discoveryFlags, startFleet } from './fleet.ts'
import type { Fleet } from './fleet.ts'
import { FULL, scaled } from './scale.ts'
import { enter } from './table.ts'

/** How long the fault lasts, in milliseconds. */
const LASTS = scaled(60_000, 2_000)
const HEALED_WITHIN = 5_000
const WAIT_TIME = '--providers.consulCatalog.endpoint.endpointWaitTime'

interface Scene {
  readonly consul: ConsulAgent
  readonly relay: ConsulRelay
  readonly fleet: Fleet
}

interface Fault {
  readonly name: string
  /** What the log says of it; staleness must be seen. */
  readonly told: RegExp
  begin(scene: Scene): void | Promise<void>
  end(scene: Scene): void | Promise<void>
}

const answering = (fault: RelayFault, told: RegExp): Fault => ({
  name: `answers: ${fault}`,
  told,
  begin: ({ relay }) => void (relay.fault = fault),
  end: ({ relay }) => void (relay.fault = undefined),
})

const FAULTS: readonly Fault[] = [
  {
    name: 'stopped',
    told: /cannot be reached.*its last good picture keeps serving/,
    begin: ({ consul }) => consul.stop(),
    async end({ consul, fleet }) {
      await consul.start()
      await fleet.registerAll()
    },
  },
  {
    name: 'hung',
    // A long poll that hangs cannot be told from one that has nothing to say before its time is over: 5 s here.
    told: FULL ? /did not answer in time.*its last good picture keeps serving/ : /^/,
    begin: ({ consul }) => consul.suspend(),
    end: ({ consul }) => consul.resume(),
  },
  answering('error 500', /answered with an error \(500.*its last good picture keeps serving/),
  answering('no leader', /no leader is known.*its last good picture keeps serving/),
  answering('index gone back', /no longer shows 7 instances, but has not said that they are gone/),
  answering('empty, without proof', /lists no service at all/),
  answering('half', /answered with an error \(500.*asked for the instances of/),
  {
    name: 'restarted empty, and refilled',
    told: /no longer shows 6 instances, but has not said that they are gone/,
    begin: ({ consul }) => consul.restartEmpty(),
    end: ({ fleet }) => fleet.registerAll(),
  },
]

for (const fault of FAULTS) {
  test(`Consul ${fault.name}: nothing is lost, routes stay, healed within 5 s`, async (t) => {
    await using consul = await startConsul()
    await using relay = await startConsulRelay(consul.address)
    await using fleet = await startFleet(consul, ['cart', 'shop'], 3)
    const flags = [...discoveryFlags(relay.address), `${WAIT_TIME}=5s`]
    await using tidegate = await startTidegate({ flags })
    await using load = startLoad({ port: tidegate.port, hosts: fleet.hosts, rate: scaled(500, 120) })
    await fleet.served(load)
    const before = tidegate.output.length

    await fault.begin({ consul, relay, fleet })
    await sleep(LASTS)
    const during = tidegate.output.slice(before)
    await fault.end({ consul, relay, fleet })
    const ended = performance.now()
    const joined = await fleet.add('shop')
    await until('a new instance to be served', () => joined.answered > 0, HEALED_WITHIN)
    const healed = performance.now() - ended

    const tally = await load.stop()
    enter(t, t.name, tally, `healed in ${healed.toFixed()} ms`)
    assert.equal(tally.failed, 0, String(tally))
    assert.doesNotMatch(during, /"(?:draining|left)":/, 'an instance was taken out without proof')
    assert.match(during, fault.told)
    if (fault.name.startsWith('answers')) assert.ok(relay.wronged > 0, 'the fault was never met')
  })
}

test('contrast: whoever believes every answer loses requests', async (t) => {
  await using consul = await startConsul()
  await using relay = await startConsulRelay(consul.address)
  await using fleet = await startFleet(consul, ['cart', 'shop'], 3)
  const flags = [...discoveryFlags(relay.address), '--experiments.proofs=false']
  await using tidegate = await startTidegate({ flags })
  await using load = startLoad({ port: tidegate.port, hosts: fleet.hosts, rate: scaled(500, 120) })
  await fleet.served(load)
  relay.fault = 'empty, without proof'
  await until('a loss', () => load.tally.failed > 0)
  const tally = await load.stop()
  enter(t, t.name, tally)
})
