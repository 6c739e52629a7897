/** A task as ECS describes it; what is left out has the value of an ordinary running task. */
export interface TaskShape {
  readonly [key: string]: unknown
  readonly taskArn: string
  readonly lastStatus: string
  readonly desiredStatus: string
}

export interface DefinitionShape {
  readonly family: string
  readonly networkMode?: 'awsvpc' | 'bridge' | 'host' | 'none'
  readonly containers: readonly {
    readonly name: string
    readonly image?: string
    readonly ports?: readonly object[]
    readonly labels?: Readonly<Record<string, string>>
  }[]
}

interface Cluster {
  readonly tasks: Map<string, TaskShape>
  readonly hosts: Map<string, object>
  readonly services: Map<string, object>
  status: 'ACTIVE' | 'INACTIVE'
}

type Answer = { json: object } | { status: number; code: string; message: string }

const ACCOUNT = 'arn:aws:ecs:eu-west-1:123456789012'

/** The clusters of one account. */
export class EcsModel {
  readonly clusters = new Map<string, Cluster>()
  readonly #definitions = new Map<string, object>()

  /** ARNs of all revisions. */
  get definitions(): string[] {
    return [...this.#definitions.keys()]
  }
  /** ARNs that lists leave out without a word, as a list does that lags behind. */
  readonly unlisted = new Set<string>()
  /** ARNs that answers leave out, neither found nor missing. */
  readonly untold = new Set<string>()
  pageSize = 100
  #born = 0

  addCluster(name: string): void {
    this.clusters.set(name, { tasks: new Map(), hosts: new Map(), services: new Map(), status: 'ACTIVE' })
  }

  /** Gives the ARN of its next revision. */
  define({ family, networkMode, containers }: DefinitionShape): string {
    const revision = [...this.#definitions.keys()].filter((arn) => arn.includes(`/${family}:`)).length + 1
    const taskDefinitionArn = `${ACCOUNT}:task-definition/${family}:${revision}`
    this.#definitions.set(taskDefinitionArn, {
      taskDefinitionArn,
      family,
      revision,
      ...(networkMode ? { networkMode } : {}),
      containerDefinitions: containers.map(({ name, image, ports = [], labels = {} }) => ({
        name,
        image: image ?? `registry.example/${name}:v1`,
        portMappings: ports,
        dockerLabels: labels,
      })),
    })
    return taskDefinitionArn
  }

  /** Gives the ARN of a new task of the definition. */
  addTask(cluster: string, definition: string, more: Readonly<Record<string, unknown>> = {}): string {
    const id = String(++this.#born).padStart(32, '0')
    const taskArn = `${ACCOUNT}:task/${cluster}/${id}`
    const family = definition.split('/')[1]!.split(':')[0]!
    const { containerDefinitions } = this.#definitions.get(definition) as {
      containerDefinitions: { name: string; image: string }[]
    }
    this.#cluster(cluster).tasks.set(taskArn, {
      taskArn,
      clusterArn: `${ACCOUNT}:cluster/${cluster}`,
      taskDefinitionArn: definition,
      group: `family:${family}`,
      launchType: 'FARGATE',
      lastStatus: 'RUNNING',
      desiredStatus: 'RUNNING',
      healthStatus: 'UNKNOWN',
      startedAt: 1_700_000_000 + this.#born,
      containers: containerDefinitions.map(({ name, image }) => ({ name, image, lastStatus: 'RUNNING' })),
      ...more,
    })
    return taskArn
  }

  change(cluster: string, arn: string, more: Readonly<Record<string, unknown>>): void {
    const { tasks } = this.#cluster(cluster)
    tasks.set(arn, { ...tasks.get(arn)!, ...more })
  }

  /** Forgets it, as ECS does an hour after it has stopped. */
  forget(cluster: string, arn: string): void {
    this.#cluster(cluster).tasks.delete(arn)
  }

  /** Gives the ARN of a container instance on that machine. */
  addHost(cluster: string, ec2InstanceId: string): string {
    const containerInstanceArn = `${ACCOUNT}:container-instance/${cluster}/${ec2InstanceId}`
    this.#cluster(cluster).hosts.set(containerInstanceArn, {
      containerInstanceArn,
      ec2InstanceId,
      status: 'ACTIVE',
    })
    return containerInstanceArn
  }

  tagService(cluster: string, serviceName: string, tags: Readonly<Record<string, string>>): void {
    const list = Object.entries(tags).map(([key, value]) => ({ key, value }))
    this.#cluster(cluster).services.set(serviceName, { serviceName, status: 'ACTIVE', tags: list })
  }

  answer(operation: string, input: Readonly<Record<string, unknown>>): Answer {
    const list = (key: string): string[] => (input[key] as string[] | undefined) ?? []
    if (operation === 'ListClusters') return this.#listClusters(input)
    if (operation === 'DescribeClusters') return this.#describeClusters(list('clusters'))
    if (operation === 'DescribeTaskDefinition')
      return this.#describeDefinition(String(input['taskDefinition']))
    const cluster = this.clusters.get((input['cluster'] as string | undefined) ?? 'default')
    if (!cluster || cluster.status !== 'ACTIVE')
      return { status: 400, code: 'ClusterNotFoundException', message: 'Cluster not found.' }
    if (operation === 'ListTasks') return this.#listTasks(cluster, input)
    if (operation === 'DescribeTasks') {
      const tasks = list('include').includes('TAGS') ? cluster.tasks : withoutTags(cluster.tasks)
      return this.#describe('tasks', list('tasks'), tasks, 100)
    }
    if (operation === 'DescribeContainerInstances')
      return this.#describe('containerInstances', list('containerInstances'), cluster.hosts, 100)
    if (operation === 'DescribeServices')
      return this.#describe('services', list('services'), cluster.services, 10)
    return { status: 400, code: 'UnknownOperationException', message: operation }
  }

  #listClusters(input: Readonly<Record<string, unknown>>): Answer {
    const active = [...this.clusters].filter(([, { status }]) => status === 'ACTIVE')
    const arns = active.map(([name]) => `${ACCOUNT}:cluster/${name}`)
    return { json: this.#page('clusterArns', arns, input) }
  }

  #describeClusters(arns: readonly string[]): Answer {
    const found = arns.flatMap((arn) => {
      const status = this.clusters.get(arn.split('/')[1] ?? arn)?.status
      return status ? [{ clusterArn: arn, status }] : []
    })
    const known = new Set(found.map(({ clusterArn }) => clusterArn))
    const failures = arns.filter((arn) => !known.has(arn)).map((arn) => ({ arn, reason: 'MISSING' }))
    return { json: { clusters: found, failures } }
  }

  #describeDefinition(arn: string): Answer {
    const taskDefinition = this.#definitions.get(arn)
    if (!taskDefinition)
      return { status: 400, code: 'ClientException', message: 'Unable to describe task definition.' }
    return { json: { taskDefinition } }
  }

  #listTasks({ tasks }: Cluster, input: Readonly<Record<string, unknown>>): Answer {
    const arns = [...tasks.values()]
      .filter(({ taskArn, desiredStatus }) => desiredStatus === 'RUNNING' && !this.unlisted.has(taskArn))
      .map(({ taskArn }) => taskArn)
    return { json: this.#page('taskArns', arns, input) }
  }

  #page(
    key: string,
    arns: readonly string[],
    { nextToken, maxResults }: Readonly<Record<string, unknown>>,
  ): object {
    const start = Number(nextToken ?? 0)
    const end = start + Math.min(this.pageSize, Number(maxResults ?? 100))
    return { [key]: arns.slice(start, end), ...(end < arns.length ? { nextToken: String(end) } : {}) }
  }

  #describe(key: string, asked: readonly string[], all: ReadonlyMap<string, object>, most: number): Answer {
    if (asked.length === 0 || asked.length > most)
      return { status: 400, code: 'InvalidParameterException', message: `${asked.length} of at most ${most}` }
    const told = asked.filter((arn) => !this.untold.has(arn))
    const failures = told.filter((arn) => !all.has(arn)).map((arn) => ({ arn, reason: 'MISSING' }))
    return { json: { [key]: told.flatMap((arn) => all.get(arn) ?? []), failures } }
  }

  #cluster(name: string): Cluster {
    const cluster = this.clusters.get(name)
    if (!cluster) throw new Error(`no cluster ${name}`)
    return cluster
  }
}

/** Tags are told only to whom asks for them. */
function withoutTags(tasks: ReadonlyMap<string, TaskShape>): ReadonlyMap<string, TaskShape> {
  return new Map([...tasks].map(([arn, task]) => [arn, { ...task, tags: [] }]))
}
