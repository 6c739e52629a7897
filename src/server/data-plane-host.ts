import type { DataPlaneStats } from './data-plane.ts'
import type { ListenAddress } from './listener.ts'
import type { Plan, PlanDelta } from './plan.ts'

/** The data plane as the control plane sees it: one or many threads behind one small interface. */
export interface DataPlaneHost {
  /** Threads that serve; changes when one dies, until it is replaced. */
  readonly workers: readonly number[]
  /** Takes a change over; `plan` is what it leads to, for workers that have to begin anew. */
  apply(delta: PlanDelta, plan: Plan): Promise<void>
  /** Starts accepting connections. */
  listen(addresses: readonly ListenAddress[]): Promise<void>
  stats(): Promise<readonly DataPlaneStats[]>
  /** The ping page answers 503 from now on. */
  announceStop(): void
  /** Accepts nothing more; every answer closes its connection. Resolves when no connection is open. */
  stop(): Promise<void>
  /** Ends at once whatever is still open. */
  close(): Promise<void>
}

export interface HostEvents {
  /** A draining endpoint has nothing in flight in this worker any more, as of this version of the plan. */
  drained(worker: number, service: string, endpoint: string, version: number): void
  /** Whole lines of the access log. */
  accessLog(lines: string): void
  /** Something failed in a worker without stopping it. */
  failed(where: string, message: string): void
  /** A worker died; another takes its place. */
  died(worker: number, reason: string): void
}
