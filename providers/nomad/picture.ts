import type { Instance, ProviderTools } from '../../src/discovery/provider.ts'
import { Presence } from '../parts/presence.ts'
import { AllocationBook } from './allocation-book.ts'
import type { Allocation, Registration } from './answers.ts'
import { keyOf, partsOf } from './answers.ts'
import { CheckReads } from './check-reads.ts'
import type { NomadClient } from './client.ts'
import { allocationOf, conditioned, placeholder, toInstance } from './instance.ts'

export interface PictureOptions {
  readonly client: Pick<NomadClient, 'checks'>
  /** Milliseconds between two reads of an allocation's checks; undefined: they are not read. */
  readonly healthChecks: { readonly interval: number } | undefined
  /** Called when checks have made it another. */
  readonly onChange: () => void
  readonly tools: ProviderTools
}

/** Who is registered, with what is known of the allocation and the checks of each. */
export class Picture {
  readonly presence = new Presence()
  readonly checks: CheckReads
  readonly #book = new AllocationBook()
  readonly #options: PictureOptions
  /** Instances as they were given last, so that those that have not changed stay the same objects. */
  #shown = new Map<string, { readonly text: string; readonly instance: Instance }>()

  constructor(options: PictureOptions) {
    this.#options = options
    const { client, healthChecks, onChange, tools } = options
    this.checks = new CheckReads({
      read: ({ id, namespace }) => client.checks(id, namespace),
      interval: healthChecks?.interval ?? Infinity,
      onChange,
      tools,
    })
  }

  /** A list of allocations has been read. */
  get known(): boolean {
    return this.#book.known
  }

  /** What tells the data of this cluster from those of one that has lost its own. */
  get marks(): readonly string[] {
    return this.#book.marks
  }

  /** Takes over a sound answer about one service. Whoever is not in it has gone. */
  settle(key: string, registrations: readonly Registration[]): void {
    const { namespace, service } = partsOf(key)
    const own = registrations.filter((one) => one.service === service && one.namespace === namespace)
    const shown = own.map((one) => ({ instance: toInstance(one), node: one.node, checked: true }))
    this.presence.settle(key, shown, true, this.#options.tools.monotonic())
  }

  /** Takes over who runs. Where the agent may have become another, allocations tell whether its data are the same. */
  meet(allocations: ReadonlyMap<string, Allocation>, doubtful: boolean): void {
    const same = this.#book.take(allocations, this.#options.tools.monotonic(), doubtful)
    if (!same) this.presence.startEpoch()
    this.examine()
  }

  /** Has the checks of all read that are registered and do not stop. */
  examine(): void {
    const instances = this.presence.instances()
    this.#book.forgetAllBut(new Set(instances.map(allocationOf)))
    if (!this.#options.healthChecks) return
    const running = instances.flatMap((instance) => {
      const { stopping, allocation = placeholder(instance) } = this.#book.of(allocationOf(instance))
      return stopping ? [] : [allocation]
    })
    this.checks.examine(running)
  }

  /** Keys of services whose jobs have had changes among their allocations of late. */
  get movedServices(): string[] {
    const jobs = this.#book.movedJobs
    const keys = this.presence.instances().flatMap(({ name, meta }) => {
      const { namespace = '', job = '' } = meta ?? {}
      return jobs.has(keyOf(namespace, job)) ? [keyOf(namespace, name)] : []
    })
    return [...new Set(keys)]
  }

  /** Everyone as they are to be served. */
  instances(): Instance[] {
    const before = this.#shown
    this.#shown = new Map()
    return this.presence.instances().map((base) => {
      const allocation = allocationOf(base)
      const verdict = this.#options.healthChecks ? this.checks.verdict(allocation, base.name) : 'unknown'
      const instance = conditioned(base, { ...this.#book.of(allocation), verdict })
      const text = JSON.stringify(instance)
      const known = before.get(base.id)
      const shown = known?.text === text ? known : { text, instance }
      this.#shown.set(base.id, shown)
      return shown.instance
    })
  }
}
