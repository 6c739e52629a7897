import type { WholeSlice } from './plan-sender.ts'
import type { PlanDelta, ServiceDelta } from './plan.ts'

/** What a plan names: keys of endpoints by service. */
export interface PlanNames {
  readonly routers: Iterable<string>
  readonly middlewares: Iterable<string>
  readonly services: Iterable<readonly [name: string, endpoints: Iterable<string>]>
  readonly transports: Iterable<string>
}

/** The data plane as far as plans go. */
export interface Planned {
  readonly version: number
  readonly names: PlanNames
  apply(delta: PlanDelta): Promise<void>
}

/** Takes slices of plans over. Behind the last slice of a whole plan it removes whatever that did not name. */
export class PlanReceiver {
  readonly #plane: Planned
  #named = new Named()

  constructor(plane: Planned) {
    this.#plane = plane
  }

  /** @throws Error when the difference was made from another version than the data plane has */
  async apply(delta: PlanDelta, whole?: WholeSlice): Promise<void> {
    if (!whole) return this.#plane.apply(delta)
    if (whole.first) this.#named = new Named()
    this.#named.add(delta)
    await this.#plane.apply({ ...delta, base: this.#plane.version })
    if (!whole.last) return
    await this.#plane.apply(this.#named.leftovers(this.#plane))
    this.#named = new Named()
  }
}

class Named {
  readonly #routers = new Set<string>()
  readonly #middlewares = new Set<string>()
  readonly #transports = new Set<string>()
  readonly #services = new Map<string, { readonly delta: ServiceDelta; readonly keys: Set<string> }>()

  add({ routers, middlewares, services, transports }: PlanDelta): void {
    for (const name of transports.keys()) this.#transports.add(name)
    for (const name of routers.keys()) this.#routers.add(name)
    for (const name of middlewares.keys()) this.#middlewares.add(name)
    for (const [name, delta] of services) {
      if (!delta) continue
      const { keys } = this.#services.getOrInsertComputed(name, () => ({ delta, keys: new Set() }))
      for (const key of delta.endpoints.keys()) keys.add(key)
    }
  }

  /** The change that deletes everything that was not named. */
  leftovers({ version, names }: Planned): PlanDelta {
    const services = new Map<string, ServiceDelta | null>()
    for (const [name, present] of names.services) {
      const named = this.#services.get(name)
      if (!named) services.set(name, null)
      else {
        const endpoints = deletions(present, named.keys)
        if (endpoints.size > 0) services.set(name, { ...named.delta, endpoints })
      }
    }
    return {
      base: version,
      version,
      routers: deletions(names.routers, this.#routers),
      middlewares: deletions(names.middlewares, this.#middlewares),
      services,
      transports: deletions(names.transports, this.#transports),
    }
  }
}

function deletions(names: Iterable<string>, kept: ReadonlySet<string>): Map<string, null> {
  return new Map([...names].filter((name) => !kept.has(name)).map((name) => [name, null]))
}
