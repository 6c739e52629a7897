import type { Machine } from '../aws/machines.ts'
import { eachBatch } from '../aws/batches.ts'
import type { EcsApi } from './api.ts'
import { BATCH } from './api.ts'

/** Where tasks without an address of their own run. */
export interface Host {
  /** ECS Anywhere: a machine outside of EC2. */
  readonly external: boolean
  readonly machine: Machine | undefined
}

interface Reader {
  readonly describeHosts: EcsApi['describeHosts']
  readonly machines: (ids: readonly string[]) => Promise<Machine[]>
}

/** Machines whose state is looked at again in one reading: one call, however large the cluster is. */
const MOST_REVISITED = 100

/**
 * The machines of one cluster's container instances. Which machine a container instance is never changes, nor does
 * a machine's private address; its state does, and is read again in turn.
 */
export class Hosts {
  readonly #cluster: string
  readonly #reader: Reader
  readonly #ids = new Map<string, string>()
  /** In the order in which they were read. */
  readonly #machines = new Map<string, Machine>()

  constructor(cluster: string, reader: Reader) {
    this.#cluster = cluster
    this.#reader = reader
  }

  /** Undefined for a container instance that has not been read yet, or is gone. */
  get(arn: string): Host | undefined {
    const id = this.#ids.get(arn)
    if (id === undefined) return undefined
    return isExternal(id) ? EXTERNAL : { external: false, machine: this.#machines.get(id) }
  }

  /**
   * Reads what is not known of these container instances, and forgets all others. What could be read is kept even
   * when it throws.
   * @throws CallError
   */
  async look(arns: ReadonlySet<string>): Promise<void> {
    for (const arn of this.#ids.keys()) if (!arns.has(arn)) this.#ids.delete(arn)
    const unknown = [...arns].filter((arn) => !this.#ids.has(arn))
    await eachBatch(unknown, BATCH.hosts, (batch) => this.#readIds(batch))
    const wanted = new Set([...this.#ids.values()].filter((id) => !isExternal(id)))
    for (const id of this.#machines.keys()) if (!wanted.has(id)) this.#machines.delete(id)
    await this.#readMachines(wanted)
  }

  async #readIds(arns: readonly string[]): Promise<void> {
    const { found } = await this.#reader.describeHosts(this.#cluster, arns)
    for (const { containerInstanceArn: arn, ec2InstanceId: id } of found)
      if (arn && id) this.#ids.set(arn, id)
  }

  async #readMachines(wanted: ReadonlySet<string>): Promise<void> {
    const unknown = [...wanted].filter((id) => !this.#machines.has(id))
    const room = MOST_REVISITED - (unknown.length % MOST_REVISITED)
    const ids = [...unknown, ...[...this.#machines.keys()].slice(0, room)]
    if (ids.length === 0) return
    for (const machine of await this.#reader.machines(ids)) {
      this.#machines.delete(machine.id)
      this.#machines.set(machine.id, machine)
    }
  }
}

const EXTERNAL: Host = { external: true, machine: undefined }

/** Machines that Systems Manager knows, and EC2 does not. */
function isExternal(id: string): boolean {
  return id.startsWith('mi-')
}
