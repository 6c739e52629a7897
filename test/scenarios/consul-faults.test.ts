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
import { scaled } from './scale.ts'

/** How long the fault lasts, in milliseconds. */
const LASTS = scaled(20_000, 2_000)
const HEALED_WITHIN = 5_000

interface Scene {
  readonly consul: ConsulAgent
  readonly relay: ConsulRelay
  readonly fleet: Fleet
}

interface Fault {
  readonly name: string
  begin(scene: Scene): void | Promise<void>
  end(scene: Scene): void | Promise<void>
}

const answering = (fault: RelayFault): Fault => ({
  name: `answers: ${fault}`,
  begin: ({ relay }) => void (relay.fault = fault),
  end: ({ relay }) => void (relay.fault = undefined),
})

const FAULTS: readonly Fault[] = [
  {
    name: 'stopped',
    begin: ({ consul }) => consul.stop(),
    async end({ consul, fleet }) {
      await consul.start()
      await fleet.registerAll()
    },
  },
  { name: 'hung', begin: ({ consul }) => consul.suspend(), end: ({ consul }) => consul.resume() },
  answering('error 500'),
  answering('no leader'),
  answering('index gone back'),
  {
    name: 'restarted empty, and refilled',
    begin: ({ consul }) => consul.restartEmpty(),
    end: ({ fleet }) => fleet.registerAll(),
  },
]

for (const fault of FAULTS) {
  test(`Consul ${fault.name}: nothing is lost, routes stay, healed within 5 s`, async (t) => {
    await using consul = await startConsul()
    await using relay = await startConsulRelay(consul.address)
    await using fleet = await startFleet(consul, ['cart', 'shop'], 3)
    await using tidegate = await startTidegate({ flags: discoveryFlags(relay.address) })
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
    for (const line of [`healed in ${healed.toFixed()} ms`, ...String(tally).split('\n')]) t.diagnostic(line)
    assert.equal(tally.failed, 0, String(tally))
    assert.doesNotMatch(during, /"(?:draining|left)":/, 'an instance was taken out without proof')
    if (fault.name.startsWith('answers')) assert.ok(relay.wronged > 0, 'the fault was never met')
  })
}
