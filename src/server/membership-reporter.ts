import type { EndpointStatus, Transition } from '../balancing/life-cycle.ts'
import type { Logger } from '../telemetry/log.ts'
import { membershipLines } from '../telemetry/membership-log.ts'
import type { EndpointView } from '../telemetry/membership-log.ts'

type Views = ReadonlyMap<string, EndpointView>

/** Says in the log what has become of endpoints: one line for each service that changed. */
export class MembershipReporter {
  readonly #log: Logger
  readonly #endpointsOf: (service: string) => readonly EndpointStatus[]
  /** What was said last. */
  readonly #said = new Map<string, Views>()

  constructor(log: Logger, endpointsOf: (service: string) => readonly EndpointStatus[]) {
    this.#log = log
    this.#endpointsOf = endpointsOf
  }

  report(transitions: readonly Transition[]): void {
    const before = new Map<string, Views>()
    const after = new Map<string, Views>()
    const reasons = new Map<string, string>()
    for (const { service, key, reason } of transitions) {
      reasons.set(`${service}\n${key}`, reason)
      if (after.has(service)) continue
      before.set(service, this.#said.get(service) ?? new Map())
      after.set(service, viewsOf(this.#endpointsOf(service)))
    }
    const whyLeft = (service: string, key: string): string | undefined => reasons.get(`${service}\n${key}`)
    for (const { message, fields } of membershipLines(before, after, whyLeft)) this.#log.info(message, fields)
    for (const [service, views] of after) {
      if (views.size > 0) this.#said.set(service, views)
      else this.#said.delete(service)
    }
  }
}

/** What is no longer in the data plane has left, though its source may still know it. */
function viewsOf(endpoints: readonly EndpointStatus[]): Views {
  return new Map(
    endpoints.flatMap(({ key, url, state, reason }) =>
      state === 'gone' ? [] : [[key, { url, state, reason }] as const],
    ),
  )
}
