import { inBatches } from '../aws/batches.ts'
import { Caller } from '../aws/caller.ts'
import { Machines } from '../aws/machines.ts'
import { pollForever } from '../aws/poll.ts'
import type { RegionTools } from '../aws/read-regions.ts'
import { BATCH, EcsApi } from './api.ts'
import { ClusterReader } from './cluster.ts'
import type { RegionParts } from './cluster.ts'
import { TaskDefinitions } from './definitions.ts'

export interface RegionOptions extends RegionTools {
  readonly clusters: readonly string[]
  readonly autoDiscoverClusters: boolean
  readonly refreshSeconds: number
  readonly watch: boolean
  readonly resourceTags: boolean
  readonly healthyTasksOnly: boolean
}

const MOST_PAGES = 200

/** Reads the clusters of one region side by side: those that are named, or all that there are. */
export class RegionReader implements Disposable {
  readonly #options: RegionOptions
  readonly #parts: RegionParts
  /** The clusters that are read, and how to end that. */
  readonly #running = new Map<string, AbortController>()
  readonly #failed = Promise.withResolvers<never>()

  constructor(options: RegionOptions) {
    this.#options = options
    const { settings, tools, publish, toProblem } = options
    const caller = new Caller(tools)
    const api = new EcsApi(settings, caller)
    const machines = new Machines(settings, caller)
    this.#parts = { api, machines, definitions: new TaskDefinitions(api), publish, toProblem }
  }

  /** Works until the signal fires, and then rejects with its reason. */
  async run(): Promise<never> {
    const { clusters, autoDiscoverClusters } = this.#options
    if (autoDiscoverClusters) return await Promise.race([this.#discover(), this.#failed.promise])
    for (const cluster of new Set(clusters.map(nameOf))) this.#start(cluster)
    return await this.#failed.promise
  }

  [Symbol.dispose](): void {
    this.#parts.api[Symbol.dispose]()
    this.#parts.machines[Symbol.dispose]()
  }

  async #discover(): Promise<never> {
    const { refreshSeconds, watch, tools, publish, toProblem } = this.#options
    const part = this.#partOf('*')
    return await pollForever({
      refreshSeconds,
      watch,
      tools,
      read: async () => {
        await this.#readClusters()
        publish({ part, instances: [] })
      },
      onFailure: (error) => publish({ part, failure: toProblem(error) }),
    })
  }

  /** One that is no longer listed is asked for: only when ECS says that it was deleted does it go. */
  async #readClusters(): Promise<void> {
    const listed = await this.#listClusters()
    for (const cluster of listed) if (!this.#running.has(cluster)) this.#start(cluster)
    const unlisted = [...this.#running.keys()].filter((cluster) => !listed.has(cluster))
    for (const batch of inBatches(unlisted, BATCH.clusters)) {
      const { found, missing } = await this.#parts.api.describeClusters(batch)
      const deleted = found
        .filter(({ status }) => status === 'INACTIVE')
        .flatMap(({ clusterArn }) => clusterArn ?? [])
      for (const cluster of [...deleted, ...missing]) this.#end(cluster)
    }
  }

  async #listClusters(): Promise<Set<string>> {
    const found = new Set<string>()
    let next: string | undefined
    for (let page = 0; page < MOST_PAGES; page++) {
      const answer = await this.#parts.api.listClusters(next)
      for (const arn of answer.arns) found.add(arn)
      next = answer.next
      if (!next) return found
    }
    throw new Error(`ecs:ListClusters has more than ${MOST_PAGES} pages`)
  }

  #start(cluster: string): void {
    const { tools, refreshSeconds, watch, resourceTags, healthyTasksOnly } = this.#options
    const ended = new AbortController()
    this.#running.set(cluster, ended)
    const reader = new ClusterReader({
      ...this.#parts,
      cluster: nameOf(cluster),
      part: this.#partOf(cluster),
      tools: { ...tools, signal: AbortSignal.any([tools.signal, ended.signal]) },
      refreshSeconds,
      watch,
      resourceTags,
      healthyTasksOnly,
    })
    reader.run().catch((error: unknown) => {
      if (!ended.signal.aborted) this.#failed.reject(error)
    })
  }

  #end(cluster: string): void {
    this.#running.get(cluster)?.abort(new Error(`cluster ${nameOf(cluster)} was deleted`))
    this.#running.delete(cluster)
    this.#options.publish({ part: this.#partOf(cluster), instances: [] })
  }

  #partOf(cluster: string): string {
    const { amongOthers, settings } = this.#options
    return amongOthers ? `${settings.region}/${nameOf(cluster)}` : nameOf(cluster)
  }
}

/** A cluster may be named by its ARN. */
function nameOf(cluster: string): string {
  return cluster.split('/').at(-1)!
}
