import { Discovery } from '../../src/discovery/discovery.ts'
import type { Lookup } from '../../src/discovery/name-resolver.ts'
import { Preparation } from '../../src/discovery/preparation.ts'
import type { Instance, Snapshot } from '../../src/discovery/provider.ts'
import { SourceBuilder } from '../../src/discovery/source-builder.ts'
import { Watcher } from '../../src/discovery/watcher.ts'
import { ControlPlane } from '../../src/server/control-plane.ts'
import type { DataPlaneHost } from '../../src/server/data-plane-host.ts'
import { createLogger } from '../../src/telemetry/log.ts'
import { FakeClock, turns } from '../discovery/fake-clock.ts'
import { FakeProvider } from '../discovery/fake-provider.ts'
import { context, TAG_OPTIONS } from '../discovery/given-sources.ts'

/** A control plane over a provider that says what it is told, with a data plane that does nothing. */
export async function controlling(lookup?: Lookup) {
  const provider = new FakeProvider()
  const log = createLogger({ level: 'fatal' })
  const clock = new FakeClock()
  const watcher = new Watcher({ name: 'nomad', create: provider.create, throttle: 0, log, clock })
  const host: DataPlaneHost = {
    workers: [0],
    apply: async () => undefined,
    listen: async () => undefined,
    stats: () => [],
    watch: () => undefined,
    inFlight: async () => [],
    announceStop: () => undefined,
    stop: async () => undefined,
    close: async () => undefined,
  }
  const discovery = new Discovery([watcher], { clock })
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
    workers: 1,
    ...(lookup ? { lookup } : {}),
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
