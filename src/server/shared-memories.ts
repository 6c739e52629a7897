import type { MiddlewareDefinition } from '../middleware.ts'
import type { MiddlewarePlan, Plan, RouterPlan } from './plan.ts'

interface Held {
  readonly type: string
  readonly key: string
  readonly memory: SharedArrayBuffer
}

/**
 * The memory that workers share for middlewares whose state is the whole process's: one piece for each router that
 * uses such a one. It outlives changes of the configuration as long as the router, the middleware and the `key` of
 * its options stay.
 */
export class SharedMemories {
  readonly #definitions: ReadonlyMap<string, MiddlewareDefinition>
  readonly #workers: number
  /** By router and middleware. */
  #held = new Map<string, Held>()
  /** Plans with their memories, by the plan without: what has not changed stays the same object. */
  readonly #lent = new WeakMap<RouterPlan, RouterPlan>()

  constructor(definitions: ReadonlyMap<string, MiddlewareDefinition>, workers: number) {
    this.#definitions = definitions
    this.#workers = workers
  }

  /** The plan in which each router has the memories that its middlewares need; the same object when none does. */
  lend(plan: Plan): Plan {
    const sharing = new Set<string>()
    for (const [name, { type }] of plan.middlewares)
      if (this.#definitions.get(type)?.shared) sharing.add(name)
    const held = this.#held
    this.#held = new Map()
    if (sharing.size === 0) return plan
    const routers = new Map(plan.routers)
    for (const [name, router] of plan.routers) {
      const uses = router.middlewares.filter((middleware) => sharing.has(middleware))
      if (uses.length > 0) routers.set(name, this.#withMemories(name, router, uses, plan.middlewares, held))
    }
    return { ...plan, routers }
  }

  /** The worker of this slot has died: whatever it held is let go. */
  release(worker: number): void {
    for (const { type, memory } of this.#held.values())
      this.#definitions.get(type)?.shared?.release?.({ memory, worker, workers: this.#workers })
  }

  #withMemories(
    name: string,
    router: RouterPlan,
    uses: readonly string[],
    middlewares: ReadonlyMap<string, MiddlewarePlan>,
    held: ReadonlyMap<string, Held>,
  ): RouterPlan {
    const memories = new Map(
      uses.map((use) => [use, this.#memory(`${name}\n${use}`, middlewares.get(use)!, held)]),
    )
    const before = this.#lent.get(router)
    if (before && uses.every((use) => before.memories?.get(use) === memories.get(use))) return before
    const lent = { ...router, memories }
    this.#lent.set(router, lent)
    return lent
  }

  #memory(
    use: string,
    { type, options }: MiddlewarePlan,
    held: ReadonlyMap<string, Held>,
  ): SharedArrayBuffer {
    const { shared } = this.#definitions.get(type)!
    const key = shared!.key(options as never)
    const before = held.get(use)
    const kept = before?.type === type && before.key === key ? before : undefined
    const memory = kept?.memory ?? shared!.create(options as never, this.#workers)
    this.#held.set(use, kept ?? { type, key, memory })
    return memory
  }
}
