import type { DataPlaneStats } from './data-plane.ts'
import type { WorkerSettings } from './entry-point-settings.ts'
import type { ListenAddress } from './listener.ts'
import type { PlanDelta } from './plan.ts'

/** From the control plane to a worker. Those with an `id` are answered by `done` with the same one. */
export type ToWorker =
  | { readonly type: 'apply'; readonly id: number; readonly delta: PlanDelta }
  | { readonly type: 'listen'; readonly id: number; readonly addresses: readonly ListenAddress[] }
  | { readonly type: 'stats'; readonly id: number }
  | { readonly type: 'announceStop' }
  | { readonly type: 'stop'; readonly id: number }

/** From a worker to the control plane. */
export type FromWorker =
  | { readonly type: 'done'; readonly id: number; readonly error?: string; readonly stats?: DataPlaneStats }
  | {
      readonly type: 'drained'
      readonly service: string
      readonly endpoint: string
      readonly version: number
    }
  | { readonly type: 'accessLog'; readonly lines: string }
  | { readonly type: 'failed'; readonly where: string; readonly message: string }

export interface WorkerData {
  readonly settings: WorkerSettings
}
