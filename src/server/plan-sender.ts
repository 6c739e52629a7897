import { EMPTY_PLAN, fullDelta, planDelta } from './plan-delta.ts'
import { slicesOf } from './plan-slices.ts'
import type { Plan, PlanDelta } from './plan.ts'

/** Where a slice stands in a whole plan that replaces whatever the worker has. */
export interface WholeSlice {
  readonly first: boolean
  readonly last: boolean
}

/** Hands one slice to the worker; `gone` when it is dead, and then nothing more is sent. */
export type SendSlice = (
  delta: PlanDelta,
  whole?: WholeSlice,
) => Promise<{ readonly error?: string; readonly gone?: boolean }>

/**
 * Brings one worker from plan to plan. It knows what the worker has acknowledged, and sends the difference from
 * there to the newest plan, slice by slice, each when the one before is acknowledged: the worker serves in between.
 * Plans that come meanwhile are sent as one difference. A worker that could not follow gets the whole plan.
 */
export class PlanSender {
  readonly #send: SendSlice
  readonly #failed: (message: string) => void
  /** Undefined: what the worker has is not known. */
  #acknowledged: Plan | undefined = EMPTY_PLAN
  #newest: Plan = EMPTY_PLAN
  /** The last step to the newest plan, which spares comparing plans in the ordinary case. */
  #step: PlanDelta | undefined = undefined
  #running: Promise<void> | undefined = undefined

  constructor(send: SendSlice, failed: (message: string) => void) {
    this.#send = send
    this.#failed = failed
  }

  /** Version of the plan that the worker has taken over last. */
  get version(): number {
    return this.#acknowledged?.version ?? 0
  }

  /** Resolves when the worker has this plan or a newer one, cannot take it over, or is dead. Never rejects. */
  send(plan: Plan, step?: PlanDelta): Promise<void> {
    this.#newest = plan
    this.#step = step
    this.#running ??= this.#run().finally(() => (this.#running = undefined))
    return this.#running
  }

  async #run(): Promise<void> {
    let wholeFailed = false
    while (this.#acknowledged !== this.#newest && !wholeFailed) {
      const plan = this.#newest
      const from = this.#acknowledged
      const { error, gone } = from ? await this.#sendChange(from, plan) : await this.#sendWhole(plan)
      if (gone) return
      if (error === undefined) {
        this.#acknowledged = plan
        // A first step holds as much as the plan itself.
        if (plan === this.#newest) this.#step = undefined
      } else {
        this.#acknowledged = undefined
        this.#failed(
          from ? `${error}; it gets the whole plan` : `${error}; it stays as it is until the next change`,
        )
        wholeFailed = from === undefined
      }
    }
  }

  async #sendChange(from: Plan, plan: Plan): ReturnType<SendSlice> {
    const step = this.#step
    const fits = step?.base === from.version && step.version === plan.version
    for (const slice of slicesOf(fits ? step : planDelta(from, plan))) {
      const answer = await this.#send(slice)
      if (answer.gone || answer.error !== undefined) return answer
    }
    return {}
  }

  async #sendWhole(plan: Plan): ReturnType<SendSlice> {
    const slices = [...slicesOf(fullDelta(plan))]
    for (const [index, slice] of slices.entries()) {
      const answer = await this.#send(slice, { first: index === 0, last: index === slices.length - 1 })
      if (answer.gone || answer.error !== undefined) return answer
    }
    return {}
  }
}
