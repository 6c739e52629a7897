import type { Tag } from '@aws-sdk/client-ecs'
import type { ProviderTools } from '../../src/discovery/provider.ts'
import { eachBatch } from '../aws/batches.ts'
import type { EcsApi } from './api.ts'
import { BATCH } from './api.ts'

/** Milliseconds for which the tags of a service count without being read again. */
const FRESH = 60_000

interface Known {
  readonly tags: readonly Tag[]
  readonly read: number
}

/** Tags of one cluster's services. */
export class ServiceTags {
  readonly #cluster: string
  readonly #api: Pick<EcsApi, 'describeServices'>
  readonly #tools: Pick<ProviderTools, 'monotonic'>
  readonly #known = new Map<string, Known>()

  constructor(
    cluster: string,
    api: Pick<EcsApi, 'describeServices'>,
    tools: Pick<ProviderTools, 'monotonic'>,
  ) {
    this.#cluster = cluster
    this.#api = api
    this.#tools = tools
  }

  /** Undefined while they are not known: they may say that a task is not to be served. */
  get(service: string): readonly Tag[] | undefined {
    return this.#known.get(service)?.tags
  }

  /**
   * Reads the tags that are not known or have become old, and forgets other services.
   * @throws CallError
   */
  async look(services: ReadonlySet<string>): Promise<void> {
    for (const name of this.#known.keys()) if (!services.has(name)) this.#known.delete(name)
    const now = this.#tools.monotonic()
    const due = [...services].filter((name) => now - (this.#known.get(name)?.read ?? -Infinity) >= FRESH)
    await eachBatch(due, BATCH.services, (names) => this.#read(names))
  }

  async #read(names: readonly string[]): Promise<void> {
    const { found, missing } = await this.#api.describeServices(this.#cluster, names)
    const read = this.#tools.monotonic()
    for (const { serviceName, tags = [] } of found)
      if (serviceName) this.#known.set(serviceName, { tags, read })
    // Tasks outlive a service that is deleted by force.
    for (const arn of missing) {
      const name = arn.split('/').at(-1)!
      this.#known.set(name, { tags: this.get(name) ?? [], read })
    }
  }
}
