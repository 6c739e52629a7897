import { once } from 'node:events'
import type { Server } from 'node:net'
import { AccessRecorder } from './access-recorder.ts'
import { DataPlane } from './data-plane.ts'
import type { DataPlaneStats } from './data-plane.ts'
import type { WorkerSettings } from './entry-point-settings.ts'
import { listen } from './listener.ts'
import type { ListenAddress } from './listener.ts'
import { PasswordVerifier } from './password-verifier.ts'
import type { PlanDelta } from './plan.ts'

export interface ThreadEvents {
  drained(service: string, endpoint: string, version: number): void
  accessLog(lines: string): void
  failed(where: string, message: string): void
}

/** Milliseconds between two looks at whether the last connection has closed. */
const CLOSING_POLL_MS = 20

/** A data plane with its listeners and its access log: what one thread holds, in a worker or in the test's own process. */
export class DataPlaneThread {
  readonly #plane: DataPlane
  readonly #passwords: PasswordVerifier
  readonly #recorder: AccessRecorder | undefined
  #servers: Server[] = []

  constructor(settings: WorkerSettings, events: ThreadEvents) {
    const { accessLog } = settings
    this.#passwords = new PasswordVerifier({
      onFailure: (error) => events.failed('password thread', error.message),
    })
    this.#recorder = accessLog && new AccessRecorder(accessLog, (lines) => events.accessLog(lines))
    this.#plane = new DataPlane(
      settings,
      {
        drained: (service, endpoint, version) => events.drained(service, endpoint, version),
        begun: this.#recorder ? (request) => this.#recorder!.begin(request) : undefined,
        finished: (request, response, bytes, startedAt) => {
          this.#recorder?.finish(request, response, bytes, performance.now() - startedAt)
        },
        failed: (where, error) =>
          events.failed(where, error instanceof Error ? (error.stack ?? error.message) : String(error)),
      },
      { verifyPassword: (password, hash) => this.#passwords.verify(password, hash) },
    )
  }

  apply(delta: PlanDelta): Promise<void> {
    return this.#plane.apply(delta)
  }

  async listen(addresses: readonly ListenAddress[], reusePort: boolean): Promise<void> {
    this.#servers = await Promise.all(addresses.map((address) => listen(address, this.#plane, reusePort)))
  }

  stats(): DataPlaneStats {
    return this.#plane.stats()
  }

  announceStop(): void {
    this.#plane.announceStop()
  }

  /** Accepts nothing more and resolves when the last connection has closed. */
  async stop(): Promise<void> {
    this.#plane.stop()
    const closed = this.#servers.map((server) => once(server.close(), 'close'))
    await Promise.all(closed)
    while (this.#plane.connections > 0) await new Promise((resolve) => setTimeout(resolve, CLOSING_POLL_MS))
    this.#recorder?.flush()
  }

  close(): void {
    for (const server of this.#servers) server.close()
    this.#plane.close()
    this.#recorder?.flush()
    void this.#passwords.close()
  }
}
