import { DEFAULT_TRANSPORT_NAME } from '../plan.ts'
import { compileTransport, DEFAULT_TRANSPORT, TRUSTING_NOBODY } from '../../proxy/upstream/transport.ts'
import type { Transport } from '../../proxy/upstream/transport.ts'
import type { PlanDelta } from '../plan.ts'

/** How a worker connects to endpoints, by full name. */
export class Transports {
  readonly #transports = new Map<string, Transport>()

  /** Takes a change of the plan over. */
  apply(changes: PlanDelta['transports']): void {
    for (const [name, plan] of changes) {
      if (plan) this.#transports.set(name, compileTransport(plan))
      else this.#transports.delete(name)
    }
  }

  get names(): Iterable<string> {
    return this.#transports.keys()
  }

  /** The one of a name, which the plan holds as long as a service uses it; without a name the default one. */
  get(name: string = DEFAULT_TRANSPORT_NAME): Transport {
    return (
      this.#transports.get(name) ?? (name === DEFAULT_TRANSPORT_NAME ? DEFAULT_TRANSPORT : TRUSTING_NOBODY)
    )
  }
}
