import type { Transition } from '../balancing/life-cycle.ts'
import type { Logger } from '../telemetry/log.ts'
import { membershipLines } from '../telemetry/membership-log.ts'
import type { EndpointView } from '../telemetry/membership-log.ts'
import type { LiveEndpoints } from './plan-builder.ts'

/** Says in the log what has become of endpoints: one line for each service that changed. */
export class MembershipReporter {
  readonly #log: Logger
  /** What was live when something was said last. */
  #before: LiveEndpoints = new Map()

  constructor(log: Logger) {
    this.#log = log
  }

  /** `live`: what the transitions have led to. */
  report(transitions: readonly Transition[], live: LiveEndpoints): void {
    if (transitions.length === 0) return
    const reasons = new Map(transitions.map(({ service, key, reason }) => [`${service}\n${key}`, reason]))
    const reasonOf = (service: string, key: string): string | undefined => reasons.get(`${service}\n${key}`)
    const touched = new Set(transitions.map(({ service }) => service))
    const before = new Map([...touched].map((service) => [service, this.#before.get(service) ?? NONE]))
    const after = new Map([...touched].map((service) => [service, viewsOf(service, live, reasonOf)]))
    for (const { message, fields } of membershipLines(before, after, reasonOf))
      this.#log.info(message, fields)
    this.#before = live
  }
}

const NONE: ReadonlyMap<string, EndpointView> = new Map()

function viewsOf(
  service: string,
  live: LiveEndpoints,
  reasonOf: (service: string, key: string) => string | undefined,
): ReadonlyMap<string, EndpointView> {
  return new Map(
    [...(live.get(service) ?? [])].map(([key, { url, state }]) => {
      const reason = reasonOf(service, key)
      return [key, { url, state, ...(reason === undefined ? {} : { reason }) }]
    }),
  )
}
