import type { Server, Socket } from 'node:net'
import type { OutcomeReport } from '../balancing/outcomes.ts'
import type { SharedLines } from '../telemetry/shared-lines.ts'
import type { WatchedEndpoint } from './data-plane-host.ts'
import type { WorkerSettings } from './entry-point-settings.ts'
import type { MeterNews } from './data-plane/request-meters.ts'
import type { InFlight } from './data-plane/service.ts'
import type { WholeSlice } from './plan-sender.ts'
import type { PlanDelta } from './plan.ts'

/** From the control plane to a worker. Those with an `id` are answered by `done` with the same one. */
export type ToWorker =
  | { readonly type: 'apply'; readonly id: number; readonly delta: PlanDelta; readonly whole?: WholeSlice }
  /** A listening socket that is the worker's from now on. */
  | { readonly type: 'listen'; readonly id: number; readonly entryPoint: string; readonly server: Server }
  /** A connection that was accepted elsewhere. */
  | { readonly type: 'connection'; readonly entryPoint: string; readonly socket: Socket }
  | { readonly type: 'inFlight'; readonly id: number }
  /** The next success of these endpoints is to be told. */
  | { readonly type: 'watch'; readonly endpoints: readonly WatchedEndpoint[] }
  | { readonly type: 'announceStop' }
  /** What the page shows that the worker has asked for. */
  | { readonly type: 'page'; readonly id: number; readonly text: string }
  /** Idle connections may wait for so many milliseconds for one more request. */
  | { readonly type: 'stop'; readonly id: number; readonly idleFor: number }

/** From a worker to the control plane. */
export type FromWorker =
  | { readonly type: 'done'; readonly id: number; readonly error?: string; readonly inFlight?: InFlight }
  | {
      readonly type: 'drained'
      readonly service: string
      readonly endpoint: string
      readonly version: number
    }
  | { readonly type: 'outcomes'; readonly reports: readonly OutcomeReport[] }
  | { readonly type: 'accessLog'; readonly lines: SharedLines }
  /** Where it counts. */
  | { readonly type: 'meters'; readonly news: readonly MeterNews[] }
  /** A client asks for the metrics; answered by `page` with the same `id`. */
  | { readonly type: 'page'; readonly id: number }
  | { readonly type: 'failed'; readonly where: string; readonly message: string }

export interface WorkerData {
  readonly settings: WorkerSettings
  /** Memory of `SharedSlots`, and the worker's own slot in it. */
  readonly slots: SharedArrayBuffer
  readonly slot: number
}
