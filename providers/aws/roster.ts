import type { Instance } from '../../src/discovery/provider.ts'

interface Entry<T> {
  /** As AWS has last described it. */
  facts: T
  /** As they were last yielded. */
  instances: readonly Instance[]
  /** In how many readings in a row AWS has said that it is gone. */
  gone: number
}

/** For so many readings what is gone is asked for again, so that who doubts it hears it twice. */
const GONE_READINGS = 3

/** The tasks of a cluster, or machines of a region, that are to be served or were of late. */
export class Roster<T> {
  readonly #entries = new Map<string, Entry<T>>()

  /** Also those that are gone. */
  get keys(): string[] {
    return [...this.#entries.keys()]
  }

  knows(key: string): boolean {
    return this.#entries.has(key)
  }

  /** What is not gone. */
  get present(): (readonly [key: string, facts: T])[] {
    return [...this.#entries].filter(([, { gone }]) => gone === 0).map(([key, { facts }]) => [key, facts])
  }

  /** Takes over what AWS says of one that is not gone. */
  describe(key: string, facts: T): void {
    const known = this.#entries.get(key)
    if (known) {
      known.facts = facts
      known.gone = 0
    } else this.#entries.set(key, { facts, instances: [], gone: 0 })
  }

  /** AWS says that it has stopped, or knows it no longer. */
  release(key: string): void {
    const known = this.#entries.get(key)
    if (known && ++known.gone > GONE_READINGS) this.#entries.delete(key)
  }

  /** Its instances as they are now; those that have not changed stay the same objects. Undefined: as before. */
  settle(key: string, instances: readonly Instance[] | undefined): void {
    const known = this.#entries.get(key)
    if (!known || instances === undefined) return
    const before = new Map(known.instances.map((instance) => [instance.id, instance]))
    known.instances = instances.map((instance) => {
      const same = before.get(instance.id)
      return same && JSON.stringify(same) === JSON.stringify(instance) ? same : instance
    })
  }

  /** As they were last yielded. */
  instancesOf(key: string): readonly Instance[] {
    return this.#entries.get(key)?.instances ?? []
  }

  /** Instances of those that are not gone and of which `test` is true, in a lasting order. */
  instances(test: (key: string) => boolean): Instance[] {
    return [...this.#entries]
      .filter(([key, { gone }]) => gone === 0 && test(key))
      .flatMap(([, { instances }]) => instances)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** Ids of the instances of those that are gone. */
  released(): string[] {
    return [...this.#entries.values()]
      .filter(({ gone }) => gone > 0)
      .flatMap(({ instances }) => instances.map(({ id }) => id))
  }
}
