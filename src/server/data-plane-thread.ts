import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import type { OutcomeReport } from '../balancing/outcomes.ts'
import type { SharedLines } from '../telemetry/shared-lines.ts'
import { AccessRecorder } from './access-recorder.ts'
import { DataPlane } from './data-plane.ts'
import type { WatchedEndpoint } from './data-plane-host.ts'
import type { MeterNews } from './data-plane/request-meters.ts'
import type { InFlight } from './data-plane/service.ts'
import type { WorkerSettings } from './entry-point-settings.ts'
import { BACKLOG, SERVER_OPTIONS } from './listener.ts'
import { PasswordVerifier } from './password-verifier.ts'
import { PlanReceiver } from './plan-receiver.ts'
import type { WholeSlice } from './plan-sender.ts'
import type { PlanDelta } from './plan.ts'
import { quietTurn } from './quiet-turn.ts'
import type { Slot } from './shared-slots.ts'

export interface ThreadEvents {
  drained(service: string, endpoint: string, version: number): void
  outcomes(reports: readonly OutcomeReport[]): void
  accessLog(lines: SharedLines): void
  meters(news: readonly MeterNews[]): void
  /** What the metrics show now. */
  metricsPage(): Promise<string>
  failed(where: string, message: string): void
}

/** Milliseconds between two looks at whether the last connection has closed. */
const CLOSING_POLL_MS = 20

/** A data plane with its listeners and its access log: what one thread holds, in a worker or in the test's own process. */
export class DataPlaneThread {
  readonly #plane: DataPlane
  readonly #passwords: PasswordVerifier
  readonly #recorder: AccessRecorder | undefined
  readonly #plans: PlanReceiver
  readonly #servers: Server[] = []

  constructor(settings: WorkerSettings, slot: Slot, events: ThreadEvents) {
    const { accessLog } = settings
    this.#passwords = new PasswordVerifier({
      onFailure: (error) => events.failed('password thread', error.message),
    })
    this.#recorder = accessLog && new AccessRecorder(accessLog, (lines) => events.accessLog(lines))
    this.#plane = new DataPlane(
      settings,
      {
        drained: (service, endpoint, version) => events.drained(service, endpoint, version),
        outcomes: (reports) => events.outcomes(reports),
        begun: this.#recorder ? (request) => this.#recorder!.begin(request) : undefined,
        finished: (request, response, bytes, startedAt, duration) => {
          this.#recorder?.finish(request, response, bytes, startedAt, duration)
        },
        meters: (news) => events.meters(news),
        metricsPage: () => events.metricsPage(),
        failed: (where, error) =>
          events.failed(where, error instanceof Error ? (error.stack ?? error.message) : String(error)),
      },
      { verifyPassword: (password, hash) => this.#passwords.verify(password, hash) },
      slot,
    )
    this.#plans = new PlanReceiver(this.#plane)
  }

  apply(delta: PlanDelta, whole?: WholeSlice): Promise<void> {
    return this.#plans.apply(delta, whole)
  }

  /** Accepts on a listening socket that came from another thread. It has a backlog of Node's own until then. */
  async listen(entryPoint: string, arrived: Server): Promise<void> {
    const server = createServer(SERVER_OPTIONS, (socket) => this.accept(entryPoint, socket, server))
    server.listen(arrived, BACKLOG)
    await once(server, 'listening')
    this.adopt(server)
  }

  /** The server's connections come by `accept`; it is closed with this thread. */
  adopt(server: Server): void {
    this.#servers.push(server)
  }

  /** Serves a connection of this `server`, or one that came from another thread. */
  accept(entryPoint: string, socket: Socket, server?: Server): void {
    this.#plane.accept(entryPoint, socket, server)
  }

  watch(endpoints: readonly WatchedEndpoint[]): void {
    this.#plane.watch(endpoints)
  }

  inFlight(): InFlight {
    return this.#plane.inFlight()
  }

  announceStop(): void {
    this.#plane.announceStop()
  }

  /**
   * Accepts nothing more and resolves when the last connection has closed; one that is idle may wait for a request
   * for `idleFor` milliseconds.
   */
  async stop(idleFor: number): Promise<void> {
    await quietTurn()
    const closed = this.#servers.map((server) => once(server.close(), 'close'))
    this.#plane.stop(idleFor)
    await Promise.all(closed)
    while (this.#plane.connections > 0) await new Promise((resolve) => setTimeout(resolve, CLOSING_POLL_MS))
    this.#recorder?.flush()
  }

  /** Takes an error that nobody has caught in this thread. False when it is of no plug-in. */
  strayError(error: unknown): boolean {
    return this.#plane.strayError(error)
  }

  close(): void {
    for (const server of this.#servers) server.close()
    this.#plane.close()
    this.#recorder?.flush()
    void this.#passwords.close()
  }
}
