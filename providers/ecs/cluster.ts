import type { Tag, Task, TaskDefinition } from '@aws-sdk/client-ecs'
import type { Problem } from '../../src/config/problem.ts'
import type { Instance, ProviderTools, Update } from '../../src/discovery/provider.ts'
import { inBatches } from '../aws/batches.ts'
import type { Machines } from '../aws/machines.ts'
import { pollForever } from '../aws/poll.ts'
import { Reading } from '../aws/reading.ts'
import { Roster } from '../aws/roster.ts'
import type { Described, EcsApi } from './api.ts'
import { BATCH } from './api.ts'
import type { TaskDefinitions } from './definitions.ts'
import { Hosts } from './hosts.ts'
import { serviceOf } from './names.ts'
import { externalTasks, waitingTasks } from './notices.ts'
import { ServiceTags } from './service-tags.ts'
import { instancesOf } from './task-instances.ts'
import { stateOf } from './task-state.ts'

/** What all clusters of one region share. */
export interface RegionParts {
  readonly api: EcsApi
  readonly machines: Machines
  readonly definitions: TaskDefinitions
  readonly publish: (update: Update) => void
  readonly toProblem: (error: unknown) => Problem
}

export interface ClusterOptions extends RegionParts {
  /** As it was configured, or its ARN. */
  readonly cluster: string
  readonly part: string
  readonly tools: ProviderTools
  readonly refreshSeconds: number
  readonly watch: boolean
  readonly resourceTags: boolean
  readonly healthyTasksOnly: boolean
}

interface DescribedTasks extends Described<Task> {
  /** ARNs whose page of descriptions failed. */
  readonly unread: readonly string[]
}

/** More than ECS allows in one cluster; what pages without end is none of its answers. */
const MOST_PAGES = 200

/**
 * Keeps the picture of one cluster. The list of tasks only tells who is new: every task that is known is described
 * in each reading, listed or not, and leaves when ECS itself says that it stops or is gone.
 */
export class ClusterReader {
  readonly #options: ClusterOptions
  readonly #roster = new Roster<Task>()
  readonly #hosts: Hosts
  readonly #serviceTags: ServiceTags

  constructor(options: ClusterOptions) {
    this.#options = options
    const { cluster, api, machines, tools } = options
    this.#hosts = new Hosts(cluster, {
      describeHosts: api.describeHosts.bind(api),
      machines: machines.byId.bind(machines),
    })
    this.#serviceTags = new ServiceTags(cluster, api, tools)
  }

  /** Works until the signal fires, and then rejects with its reason. */
  async run(): Promise<never> {
    const { part, refreshSeconds, watch, tools, publish, toProblem } = this.#options
    return await pollForever({
      refreshSeconds,
      watch,
      tools,
      read: () => this.#read(),
      onFailure: (error) => publish({ part, failure: toProblem(error) }),
    })
  }

  async #read(): Promise<void> {
    const reading = new Reading(this.#options.toProblem)
    const listed = await this.#list(reading)
    const described = await this.#describe(new Set([...this.#roster.keys, ...listed.arns]), reading)
    this.#takeOver(described, reading)
    await this.#settle(reading)
    // The cluster may have been deleted, and its picture emptied, while it was read.
    this.#options.tools.signal.throwIfAborted()
    // Of whom nothing could be read, nothing is known. Whom a whole list leaves out is missing, if not more.
    const seen = new Set([
      ...listed.arns,
      ...described.found.flatMap(({ taskArn }) => taskArn ?? []),
      ...(listed.whole ? [] : described.unread),
    ])
    const { part, publish, tools, cluster } = this.#options
    const about = { source: tools.name, cluster }
    publish({
      part,
      instances: this.#roster.instances((arn) => seen.has(arn)),
      missing: 'unproven',
      released: this.#roster.released(),
      problems: [
        ...reading.problems,
        ...externalTasks(about, reading.external),
        ...waitingTasks(about, reading.waiting),
      ],
    })
  }

  /** @throws CallError when not even the first page could be read */
  async #list(reading: Reading): Promise<{ readonly arns: readonly string[]; readonly whole: boolean }> {
    const { api, cluster } = this.#options
    const arns: string[] = []
    let next: string | undefined
    for (let page = 0; page < MOST_PAGES; page++) {
      try {
        const answer = await api.listTasks(cluster, next)
        arns.push(...answer.arns)
        next = answer.next
      } catch (error) {
        if (page === 0) throw error
        reading.failed(error)
        return { arns, whole: false }
      }
      if (!next) return { arns, whole: true }
    }
    throw new Error(`ecs:ListTasks has more than ${MOST_PAGES} pages`)
  }

  /** @throws CallError when nobody could be described */
  async #describe(arns: ReadonlySet<string>, reading: Reading): Promise<DescribedTasks> {
    const { api, cluster, resourceTags } = this.#options
    const batches = inBatches(arns, BATCH.tasks)
    const results = await Promise.allSettled(
      batches.map((batch) => api.describeTasks(cluster, batch, resourceTags)),
    )
    const answers = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    for (const result of results) {
      if (result.status !== 'rejected') continue
      if (answers.length === 0) throw result.reason
      reading.failed(result.reason)
    }
    return {
      found: answers.flatMap(({ found }) => found),
      missing: answers.flatMap(({ missing }) => missing),
      unread: batches.filter((_, index) => results[index]!.status === 'rejected').flat(),
    }
  }

  #takeOver({ found, missing }: Described<Task>, reading: Reading): void {
    for (const arn of missing) this.#roster.release(arn)
    for (const task of found) {
      const { taskArn: arn, launchType } = task
      const state = stateOf(task)
      if (!arn || state === 'starting') continue
      if (state === 'gone') this.#roster.release(arn)
      else if (launchType === 'EXTERNAL') reading.external++
      else if (state === 'running' || this.#roster.knows(arn)) this.#roster.describe(arn, task)
    }
  }

  /** Reads what the tasks' instances need besides the tasks themselves, and makes them. */
  async #settle(reading: Reading): Promise<void> {
    const tasks = this.#roster.present.map(([, task]) => task)
    const definitions = await this.#definitionsOf(tasks, reading)
    const onHosts = tasks.filter(({ taskDefinitionArn = '' }) =>
      needsHost(definitions.get(taskDefinitionArn)),
    )
    const hosts = new Set(onHosts.flatMap(({ containerInstanceArn }) => containerInstanceArn ?? []))
    const services = new Set(this.#options.resourceTags ? tasks.flatMap((task) => serviceOf(task) ?? []) : [])
    await Promise.all([
      this.#hosts.look(hosts).catch((error: unknown) => reading.failed(error)),
      this.#serviceTags.look(services).catch((error: unknown) => reading.failed(error)),
    ])
    for (const task of tasks) {
      const instances = this.#instancesOf(task, definitions.get(task.taskDefinitionArn ?? ''))
      if (instances === undefined) reading[this.#isExternal(task) ? 'external' : 'waiting']++
      this.#roster.settle(task.taskArn!, instances)
    }
  }

  async #definitionsOf(tasks: readonly Task[], reading: Reading): Promise<Map<string, TaskDefinition>> {
    const arns = [...new Set(tasks.flatMap(({ taskDefinitionArn }) => taskDefinitionArn ?? []))]
    const found = new Map<string, TaskDefinition>()
    const read = async (arn: string): Promise<void> => {
      found.set(arn, await this.#options.definitions.get(arn))
    }
    await Promise.all(arns.map((arn) => read(arn).catch((error: unknown) => reading.failed(error))))
    return found
  }

  /** Undefined while something is not known that could change where they are, or whether they are served. */
  #instancesOf(task: Task, definition: TaskDefinition | undefined): Instance[] | undefined {
    if (!definition) return undefined
    const host = needsHost(definition) ? this.#hosts.get(task.containerInstanceArn ?? '') : undefined
    if (needsHost(definition) && !host?.machine) return undefined
    const serviceTags = this.#tagsOf(task)
    if (!serviceTags) return undefined
    const { cluster, healthyTasksOnly } = this.#options
    return instancesOf({ cluster, task, definition, host, serviceTags, healthyTasksOnly })
  }

  #isExternal({ containerInstanceArn = '' }: Task): boolean {
    return this.#hosts.get(containerInstanceArn)?.external === true
  }

  #tagsOf(task: Task): readonly Tag[] | undefined {
    const service = serviceOf(task)
    if (!this.#options.resourceTags || service === undefined) return []
    return this.#serviceTags.get(service)
  }
}

function needsHost(definition: TaskDefinition | undefined): boolean {
  return definition !== undefined && definition.networkMode !== 'awsvpc' && definition.networkMode !== 'none'
}
