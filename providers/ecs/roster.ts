import type { Task } from '@aws-sdk/client-ecs'
import type { Instance } from '../../src/discovery/provider.ts'

interface Entry {
  /** As ECS has last described it. */
  task: Task
  /** As they were last yielded. */
  instances: readonly Instance[]
  /** In how many readings in a row ECS has said that it is gone. */
  gone: number
}

/** For so many readings a task that is gone is asked for again, so that who doubts it hears it twice. */
const GONE_READINGS = 3

/** The tasks of one cluster that are, or were of late, to be served. */
export class Roster {
  readonly #entries = new Map<string, Entry>()

  get arns(): string[] {
    return [...this.#entries.keys()]
  }

  knows(arn: string): boolean {
    return this.#entries.has(arn)
  }

  /** Tasks that are not gone. */
  get tasks(): Task[] {
    return [...this.#entries.values()].filter(({ gone }) => gone === 0).map(({ task }) => task)
  }

  /** Takes over what ECS says of a task that is not gone. */
  describe(arn: string, task: Task): void {
    const known = this.#entries.get(arn)
    if (known) {
      known.task = task
      known.gone = 0
    } else this.#entries.set(arn, { task, instances: [], gone: 0 })
  }

  /** ECS says that it has stopped, or knows it no longer. */
  release(arn: string): void {
    const known = this.#entries.get(arn)
    if (known && ++known.gone > GONE_READINGS) this.#entries.delete(arn)
  }

  /** The task's instances as they are now; those that have not changed stay the same objects. Undefined: as before. */
  settle(arn: string, instances: readonly Instance[] | undefined): void {
    const known = this.#entries.get(arn)
    if (!known || instances === undefined) return
    const before = new Map(known.instances.map((instance) => [instance.id, instance]))
    known.instances = instances.map((instance) => {
      const same = before.get(instance.id)
      return same && JSON.stringify(same) === JSON.stringify(instance) ? same : instance
    })
  }

  /** Instances of the tasks that are not gone and of which `test` is true, in a lasting order. */
  instances(test: (arn: string) => boolean): Instance[] {
    return [...this.#entries]
      .filter(([arn, { gone }]) => gone === 0 && test(arn))
      .flatMap(([, { instances }]) => instances)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** Ids of the instances whose tasks are gone. */
  released(): string[] {
    return [...this.#entries.values()]
      .filter(({ gone }) => gone > 0)
      .flatMap(({ instances }) => instances.map(({ id }) => id))
  }
}
