import type { DataPlaneHost, HostEvents } from './data-plane-host.ts'
import { DataPlaneThread } from './data-plane-thread.ts'
import type { DataPlaneStats } from './data-plane.ts'
import type { WorkerSettings } from './entry-point-settings.ts'
import type { ListenAddress } from './listener.ts'
import type { PlanDelta } from './plan.ts'

/** The data plane in this very thread: for tests, and wherever a thread of its own is not worth its memory. */
export class InProcessHost implements DataPlaneHost {
  readonly workers = [0]
  readonly #thread: DataPlaneThread
  #last: Promise<void> = Promise.resolve()

  constructor(settings: WorkerSettings, events: HostEvents) {
    this.#thread = new DataPlaneThread(settings, {
      // Later, as from a worker: the plan that is being applied is not yet known to whoever listens.
      drained: (service, endpoint, version) =>
        setImmediate(() => events.drained(0, service, endpoint, version)),
      accessLog: (lines) => events.accessLog(lines),
      failed: (where, message) => events.failed(where, message),
    })
  }

  apply(delta: PlanDelta): Promise<void> {
    this.#last = this.#last.then(() => this.#thread.apply(delta))
    return this.#last
  }

  listen(addresses: readonly ListenAddress[]): Promise<void> {
    return this.#thread.listen(addresses, false)
  }

  async stats(): Promise<readonly DataPlaneStats[]> {
    return [this.#thread.stats()]
  }

  announceStop(): void {
    this.#thread.announceStop()
  }

  stop(): Promise<void> {
    return this.#thread.stop()
  }

  async close(): Promise<void> {
    this.#thread.close()
  }
}
