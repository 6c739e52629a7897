import type { Container, Task } from '@aws-sdk/client-ecs'
import type { Instance } from '../../src/discovery/provider.ts'

/** `starting`: not to be served yet. `leaving`: it drains. `gone`: its address may soon be somebody else's. */
export type TaskState = 'starting' | 'running' | 'leaving' | 'gone'

const LEAVING = new Set(['DEACTIVATING', 'STOPPING', 'DEPROVISIONING'])
const GONE = new Set(['STOPPED', 'DELETED'])

/** Where in its life a task is. That it is to stop counts from the moment that ECS has decided it. */
export function stateOf({
  lastStatus = '',
  desiredStatus = '',
}: Pick<Task, 'lastStatus' | 'desiredStatus'>): TaskState {
  if (GONE.has(lastStatus)) return 'gone'
  if (LEAVING.has(lastStatus) || GONE.has(desiredStatus)) return 'leaving'
  return lastStatus === 'RUNNING' ? 'running' : 'starting'
}

/** The worse of what the container and its task say: a task is only as healthy as its essential containers. */
export function healthOf(
  task: Pick<Task, 'healthStatus'>,
  container: Pick<Container, 'healthStatus'>,
): Instance['health'] {
  const said = new Set([task.healthStatus, container.healthStatus])
  if (said.has('UNHEALTHY')) return 'critical'
  return said.has('HEALTHY') ? 'passing' : 'unknown'
}
