import type { OutcomeReport } from '../balancing/outcomes.ts'
import type { SharedLines } from '../telemetry/shared-lines.ts'
import type { HeldAddress } from './held-address.ts'
import type { MeterNews } from './data-plane/request-meters.ts'
import type { InFlight } from './data-plane/service.ts'
import type { Plan, PlanDelta } from './plan.ts'
import type { SlotStats } from './shared-slots.ts'

/** What one thread has done; a thread that takes a dead one's place goes on counting where that one ended. */
export interface ThreadStats extends SlotStats {
  /** Undefined while the thread is being replaced. */
  readonly worker: number | undefined
  /** Version of the plan that it serves. */
  readonly version: number
}

export type WatchedEndpoint = readonly [service: string, endpoint: string]

/** The data plane as the control plane sees it: one or many threads behind one small interface. */
export interface DataPlaneHost {
  /** Threads that serve; changes when one dies, until it is replaced. */
  readonly workers: readonly number[]
  /** Takes a change over; `plan` is what it leads to, for workers that have to begin anew. Never rejects. */
  apply(delta: PlanDelta, plan: Plan): Promise<void>
  /**
   * Starts accepting connections there, too.
   * @throws the system's error when another program has begun to listen there
   */
  listen(addresses: readonly HeldAddress[]): Promise<void>
  /** Workers are to tell the next success of these endpoints, though it was another that saw them fail. */
  watch(endpoints: readonly WatchedEndpoint[]): void
  /** Read from shared memory: costs no message, and works while threads are busy. */
  stats(): readonly ThreadStats[]
  /** Requests on their way, for each thread that answers. */
  inFlight(): Promise<readonly InFlight[]>
  /** The ping page answers 503 from now on. */
  announceStop(): void
  /**
   * Accepts nothing more; every answer closes its connection, and one that is idle may wait for `idleFor`
   * milliseconds for a request that may be on its way. Resolves when no connection is open.
   */
  stop(idleFor: number): Promise<void>
  /** Ends at once whatever is still open. */
  close(): Promise<void>
}

export interface HostEvents {
  /** A draining endpoint has nothing in flight in this worker any more, as of this version of the plan. */
  drained(worker: number, service: string, endpoint: string, version: number): void
  /** How attempts at failing endpoints went in one worker. */
  outcomes(reports: readonly OutcomeReport[]): void
  /** Where a worker counts. */
  meters(worker: number, news: readonly MeterNews[]): void
  /** What the metrics show now, as text for Prometheus; empty when there is no such page. */
  metricsPage(): string
  /** Whole lines of the access log. */
  accessLog(lines: SharedLines): void
  /** Something failed in a worker without stopping it. */
  failed(where: string, message: string): void
  /** A worker died, and with it what it held in its `slot`; another takes its place. */
  died(worker: number, reason: string, slot: number): void
}
