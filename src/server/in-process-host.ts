import type { DataPlaneHost, HostEvents, ThreadStats, WatchedEndpoint } from './data-plane-host.ts'
import { DataPlaneThread } from './data-plane-thread.ts'
import type { InFlight } from './data-plane/service.ts'
import type { WorkerSettings } from './entry-point-settings.ts'
import type { HeldAddress } from './held-address.ts'
import type { PlanDelta } from './plan.ts'
import { SharedSlots } from './shared-slots.ts'

/** The data plane in this very thread: for tests, and wherever a thread of its own is not worth its memory. */
export class InProcessHost implements DataPlaneHost {
  readonly workers = [0]
  readonly #slots = new SharedSlots(1)
  readonly #thread: DataPlaneThread
  #version = 0
  #last: Promise<void> = Promise.resolve()

  constructor(settings: WorkerSettings, events: HostEvents) {
    this.#thread = new DataPlaneThread(settings, this.#slots.slot(0), {
      // Later, as from a worker: the plan that is being applied is not yet known to whoever listens.
      drained: (service, endpoint, version) =>
        setImmediate(() => events.drained(0, service, endpoint, version)),
      outcomes: (reports) => events.outcomes(reports),
      accessLog: (lines) => events.accessLog(lines),
      failed: (where, message) => events.failed(where, message),
      meters: (news) => events.meters(0, news),
      metricsPage: async () => events.metricsPage(),
    })
  }

  apply(delta: PlanDelta): Promise<void> {
    this.#last = this.#last
      .then(() => this.#thread.apply(delta))
      .then(() => void (this.#version = delta.version))
    return this.#last
  }

  async listen(addresses: readonly HeldAddress[]): Promise<void> {
    for (const held of addresses) {
      const { entryPoint } = held.address
      this.#thread.adopt(await held.open((socket, server) => this.#thread.accept(entryPoint, socket, server)))
    }
  }

  watch(endpoints: readonly WatchedEndpoint[]): void {
    this.#thread.watch(endpoints)
  }

  stats(): readonly ThreadStats[] {
    return [{ ...this.#slots.stats(0), worker: 0, version: this.#version }]
  }

  async inFlight(): Promise<readonly InFlight[]> {
    return [this.#thread.inFlight()]
  }

  announceStop(): void {
    this.#thread.announceStop()
  }

  stop(idleFor: number): Promise<void> {
    return this.#thread.stop(idleFor)
  }

  async close(): Promise<void> {
    this.#thread.close()
  }
}
