import type { Cluster, ContainerInstance, Service, Task, TaskDefinition } from '@aws-sdk/client-ecs'
import type { ClientSettings } from '../aws/access.ts'
import type { Caller } from '../aws/caller.ts'
import { AwsService } from '../aws/service.ts'

/** What some of the asked-for things are: gone, or not told. */
export interface Described<T> {
  readonly found: readonly T[]
  /** ARNs that ECS says it does not know. */
  readonly missing: readonly string[]
}

export interface Page {
  readonly arns: readonly string[]
  readonly next: string | undefined
}

/** How many of each one call describes. */
export const BATCH = { tasks: 100, hosts: 100, clusters: 100, services: 10 }
const PAGE = 100

/** The calls to ECS that are made; one of policies' actions each. They throw CallError. */
export class EcsApi implements Disposable {
  readonly #ecs

  constructor(settings: ClientSettings, caller: Caller) {
    this.#ecs = new AwsService({
      name: 'ecs',
      load: () => import('@aws-sdk/client-ecs'),
      open: (sdk, given) => new sdk.ECSClient(given),
      settings,
      caller,
    })
  }

  async listClusters(next: string | undefined): Promise<Page> {
    const input = { maxResults: PAGE, ...(next ? { nextToken: next } : {}) }
    const answer = await this.#ecs.call('ListClusters', 'all clusters', ({ sdk, client }, options) =>
      client.send(new sdk.ListClustersCommand(input), options),
    )
    return { arns: answer.clusterArns ?? [], next: answer.nextToken }
  }

  async describeClusters(arns: readonly string[]): Promise<Described<Cluster>> {
    const input = { clusters: [...arns] }
    const answer = await this.#ecs.call(
      'DescribeClusters',
      named('cluster', arns),
      ({ sdk, client }, options) => client.send(new sdk.DescribeClustersCommand(input), options),
    )
    return described(answer.clusters, answer.failures)
  }

  /** Tasks that are to run, those that are still starting included. */
  async listTasks(cluster: string, next: string | undefined): Promise<Page> {
    const input = {
      cluster,
      desiredStatus: 'RUNNING' as const,
      maxResults: PAGE,
      ...(next ? { nextToken: next } : {}),
    }
    const answer = await this.#ecs.call('ListTasks', `cluster ${cluster}`, ({ sdk, client }, options) =>
      client.send(new sdk.ListTasksCommand(input), options),
    )
    return { arns: answer.taskArns ?? [], next: answer.nextToken }
  }

  async describeTasks(cluster: string, arns: readonly string[], withTags: boolean): Promise<Described<Task>> {
    const input = { cluster, tasks: [...arns], ...(withTags ? { include: ['TAGS' as const] } : {}) }
    const what = `cluster ${cluster}`
    const answer = await this.#ecs.call('DescribeTasks', what, ({ sdk, client }, options) =>
      client.send(new sdk.DescribeTasksCommand(input), options),
    )
    return described(answer.tasks, answer.failures)
  }

  async describeTaskDefinition(arn: string): Promise<TaskDefinition | undefined> {
    const what = `task definition ${arn.split('/').at(-1)}`
    const answer = await this.#ecs.call('DescribeTaskDefinition', what, ({ sdk, client }, options) =>
      client.send(new sdk.DescribeTaskDefinitionCommand({ taskDefinition: arn }), options),
    )
    return answer.taskDefinition
  }

  async describeHosts(cluster: string, arns: readonly string[]): Promise<Described<ContainerInstance>> {
    const input = { cluster, containerInstances: [...arns] }
    const what = `cluster ${cluster}`
    const answer = await this.#ecs.call('DescribeContainerInstances', what, ({ sdk, client }, options) =>
      client.send(new sdk.DescribeContainerInstancesCommand(input), options),
    )
    return described(answer.containerInstances, answer.failures)
  }

  async describeServices(cluster: string, names: readonly string[]): Promise<Described<Service>> {
    const input = { cluster, services: [...names], include: ['TAGS' as const] }
    const what = `cluster ${cluster}`
    const answer = await this.#ecs.call('DescribeServices', what, ({ sdk, client }, options) =>
      client.send(new sdk.DescribeServicesCommand(input), options),
    )
    return described(answer.services, answer.failures)
  }

  [Symbol.dispose](): void {
    this.#ecs[Symbol.dispose]()
  }
}

/** The region that the SDK finds in variables and shared files. @throws Error when there is none */
export async function chainRegion(): Promise<string> {
  const { ECSClient } = await import('@aws-sdk/client-ecs')
  return await new ECSClient({}).config.region()
}

interface Failure {
  readonly arn?: string | undefined
  readonly reason?: string | undefined
}

function described<T>(found: readonly T[] = [], failures: readonly Failure[] = []): Described<T> {
  const missing = failures.filter(({ reason }) => reason === 'MISSING').flatMap(({ arn }) => arn ?? [])
  return { found, missing }
}

function named(what: string, arns: readonly string[]): string {
  return arns.length === 1 ? `${what} ${arns[0]}` : `${arns.length} ${what}s`
}
