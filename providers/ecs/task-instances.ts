import type { Container, ContainerDefinition, Tag, Task, TaskDefinition } from '@aws-sdk/client-ecs'
import type { Instance } from '../../src/discovery/provider.ts'
import { addressOf } from './address.ts'
import type { Host } from './hosts.ts'
import { appOf, nameOf, serviceOf } from './names.ts'
import { portsOf } from './ports.ts'
import { healthOf, stateOf } from './task-state.ts'

/** Everything that is known of one task. */
export interface TaskFacts {
  readonly cluster: string
  readonly task: Task
  readonly definition: TaskDefinition
  /** Undefined for a task with an address of its own. */
  readonly host: Host | undefined
  readonly serviceTags: readonly Tag[]
  readonly healthyTasksOnly: boolean
}

/** States of a machine in which what runs on it will not run for long. */
const LEAVING_MACHINE = new Set(['shutting-down', 'terminated', 'stopping', 'stopped'])

/**
 * The containers of a task as instances, those which have neither ports nor a label that names one left out. Who is
 * unhealthy, or stops, is yielded as one on its way out: it drains, and its route stays. Empty while the address is
 * not known.
 */
export function instancesOf(facts: TaskFacts): Instance[] {
  const { task, definition } = facts
  if (definition.networkMode === 'none') return []
  return (definition.containerDefinitions ?? []).flatMap((written) => {
    const running = task.containers?.find(({ name }) => name === written.name)
    return running ? (instanceOf(facts, written, running) ?? []) : []
  })
}

function instanceOf(
  facts: TaskFacts,
  written: ContainerDefinition,
  running: Container,
): Instance | undefined {
  const { cluster, task, definition, host } = facts
  const ports = portsOf(definition.networkMode, running, written)
  const tags = tagsOf(facts, written)
  if (ports.length === 0 && !tags.some((tag) => NAMES_A_PORT.test(tag))) return undefined
  const address = addressOf(definition.networkMode, task, running, host)
  if (address === undefined) return undefined
  const container = written.name ?? ''
  const { family = '', revision } = definition
  const zone = task.availabilityZone ?? host?.machine?.zone
  const started = (task.startedAt ?? task.createdAt)?.getTime()
  return {
    id: `${idOf(task)}/${container}`,
    name: nameOf(task, definition, container),
    app: appOf(task, definition, container),
    address,
    ports,
    tags,
    health: healthOf(task, running),
    meta: {
      cluster,
      ...(serviceOf(task) === undefined ? {} : { service: serviceOf(task)! }),
      family,
      revision: String(revision ?? ''),
      container,
      image: running.image ?? written.image ?? '',
    },
    ...(zone ? { zone } : {}),
    ...(started === undefined ? {} : { createdAt: started }),
    ...(isServed(facts, running) ? {} : { terminating: true }),
  }
}

const NAMES_A_PORT = /^[^=]*\bport=/i

/** Tags of the service before those of the task, which may be copies that were made when it started; labels last. */
function tagsOf({ task, serviceTags }: TaskFacts, { dockerLabels = {} }: ContainerDefinition): string[] {
  const all = new Map(Object.entries(dockerLabels))
  for (const { key, value = '' } of [...(task.tags ?? []), ...serviceTags]) if (key) all.set(key, value)
  return [...all].map(([key, value]) => `${key}=${value}`).toSorted()
}

function isServed({ task, host, healthyTasksOnly }: TaskFacts, container: Container): boolean {
  if (stateOf(task) !== 'running' || container.lastStatus === 'STOPPED') return false
  if (LEAVING_MACHINE.has(host?.machine?.state ?? '')) return false
  const health = healthOf(task, container)
  return health !== 'critical' && (health === 'passing' || !healthyTasksOnly)
}

function idOf({ taskArn = '' }: Task): string {
  return taskArn.split('/').at(-1)!
}
