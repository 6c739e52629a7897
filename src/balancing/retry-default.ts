import type { RetryPlan } from '../server/plan.ts'

/** What holds for services that say nothing else (DESIGN §6). */
export const DEFAULT_RETRY: RetryPlan = { attempts: 2, perTryTimeout: 0, maxReplayBytes: 64 * 1024 }
