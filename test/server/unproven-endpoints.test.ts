import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Discovery } from '../../src/discovery/discovery.ts'
import { Preparation } from '../../src/discovery/preparation.ts'
import type { Instance, Snapshot } from '../../src/discovery/provider.ts'
import { SourceBuilder } from '../../src/discovery/source-builder.ts'
import { Watcher } from '../../src/discovery/watcher.ts'
import { ControlPlane } from '../../src/server/control-plane.ts'
import type { DataPlaneHost } from '../../src/server/data-plane-host.ts'
import { createLogger } from '../../src/telemetry/log.ts'
import { FakeClock, turns } from '../discovery/fake-clock.ts'
import { FakeProvider, instance } from '../discovery/fake-provider.ts'
import { context, TAG_OPTIONS } from '../discovery/given-sources.ts'

/** A control plane over a provider that says what it is told, with a data plane that does nothing. */
async function controlling() {
  const provider = new FakeProvider()
  const log = createLogger({ level: 'fatal' })
  const clock = new FakeClock()
  const watcher = new Watcher({ name: 'nomad', create: provider.create, throttle: 0, log, clock })
  const host: DataPlaneHost = {
    workers: [0],
    apply: async () => undefined,
    listen: async () => undefined,
    stats: () => [],
    inFlight: async () => [],
    announceStop: () => undefined,
    stop: async () => undefined,
    close: async () => undefined,
  }
  const discovery = new Discovery([watcher], clock)
  const given = context()
  const control = new ControlPlane({
    discovery,
    sources: new SourceBuilder([{ name: 'nomad', constraints: 'tag', options: TAG_OPTIONS }]),
    internal: { provider: 'internal', fragments: [], routing: [] },
    context: given,
    preparation: new Preparation(given.middlewares, { readText: async () => '' }),
    host,
    log,
    draining: true,
    precedence: [],
  })
  discovery.start(() => control.schedule())
  return {
    control,
    say: async (instances: readonly Instance[], more: Partial<Snapshot> = {}) => {
      provider.yields({ instances, ...more })
      await turns(10)
    },
    report: async (endpoint: string, failing = true) => {
      control.connectionsFail('whoami@nomad', endpoint, failing)
      await turns(10)
    },
    /** `host:port state`, of the service. */
    states: () =>
      [...(control.plan.services.get('whoami@nomad')?.endpoints.values() ?? [])].map(
        ({ authority, state }) => `${authority} ${state}`,
      ),
    hasRouter: () => control.plan.routers.has('whoami@nomad'),
    [Symbol.asyncDispose]: async () => {
      control.close()
      await discovery.stop()
    },
  }
}

const A = instance('a', { address: '10.0.0.1' })
const B = instance('b', { address: '10.0.0.2' })
const KEY_B = '10.0.0.2:80#b'

test('an endpoint that is there and cannot be connected to is none of discovery’s business', async () => {
  await using world = await controlling()
  await world.say([A, B])
  await world.report(KEY_B)
  assert.deepEqual(world.states(), ['10.0.0.1:80 ready', '10.0.0.2:80 ready'])
})

test('an unproven endpoint that cannot be connected to gets nothing more', async () => {
  await using world = await controlling()
  await world.say([A, B])
  await world.say([A], { missing: 'unproven' })
  assert.deepEqual(world.states(), ['10.0.0.1:80 ready', '10.0.0.2:80 ready'])
  await world.report(KEY_B)
  assert.deepEqual(world.states(), ['10.0.0.1:80 ready', '10.0.0.2:80 draining'])
})

test('so does one that failed first and is missing then', async () => {
  await using world = await controlling()
  await world.say([A, B])
  await world.report(KEY_B)
  await world.say([A], { missing: 'unproven' })
  assert.deepEqual(world.states(), ['10.0.0.1:80 ready', '10.0.0.2:80 draining'])
})

test('without requests nobody sees it succeed: it stays out until its source shows it', async () => {
  await using world = await controlling()
  await world.say([A, B])
  await world.say([A], { missing: 'unproven' })
  await world.report(KEY_B)
  await world.report(KEY_B, false)
  await world.say([{ ...A, weight: 2 }], { missing: 'unproven' })
  assert.deepEqual(world.states(), ['10.0.0.1:80 ready', '10.0.0.2:80 draining'])
  await world.say([A, B])
  assert.deepEqual(world.states(), ['10.0.0.1:80 ready', '10.0.0.2:80 ready'])
})

test('the route stays when all are let go: its host answers 503, not 404', async () => {
  await using world = await controlling()
  await world.say([B])
  await world.say([], { missing: 'unproven' })
  await world.report(KEY_B)
  assert.deepEqual([world.states(), world.hasRouter()], [['10.0.0.2:80 draining'], true])
})
