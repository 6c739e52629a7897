import type { Endpoint } from './routing-config.ts'

/**
 * Which endpoints cannot be connected to, as the data plane reports. It matters for unproven ones only: they serve
 * while connections to them succeed (DESIGN §3). One that fails is let go for as long as nothing new is proved; since
 * it then gets no requests, no later success could be seen either.
 */
export class FailingEndpoints {
  readonly #failing = new Set<string>()
  readonly #letGo = new Set<string>()

  /** Connections to the endpoint fail, or succeed again. */
  report(service: string, key: string, failing: boolean): void {
    if (failing) this.#failing.add(nameOf(service, key))
    else this.#failing.delete(nameOf(service, key))
  }

  /** Whether nothing new may be sent to this endpoint, `key` its own or that of one of its addresses. */
  isLetGo(service: string, key: string, { unproven }: Endpoint): boolean {
    const name = nameOf(service, key)
    if (unproven !== true) this.#letGo.delete(name)
    else if (this.#failing.has(name)) this.#letGo.add(name)
    return this.#letGo.has(name)
  }

  /** Forgets endpoints that there are no more. */
  keepOnly(endpoints: ReadonlyMap<string, { readonly endpoints: ReadonlyMap<string, unknown> }>): void {
    for (const names of [this.#failing, this.#letGo]) {
      for (const name of names) {
        const [service = '', key = ''] = name.split('\n')
        if (endpoints.get(service)?.endpoints.has(key) !== true) names.delete(name)
      }
    }
  }
}

function nameOf(service: string, key: string): string {
  return `${service}\n${key}`
}
