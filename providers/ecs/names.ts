import type { ContainerDefinition, Task, TaskDefinition } from '@aws-sdk/client-ecs'

/** The service whose task it is, if it is one's. */
export function serviceOf({ group = '' }: Pick<Task, 'group'>): string | undefined {
  return group.startsWith('service:') ? group.slice('service:'.length) : undefined
}

/** Traefik's name: the group with a hyphen for its colon, and the container. */
export function nameOf(
  { group = '' }: Pick<Task, 'group'>,
  { family = '' }: Pick<TaskDefinition, 'family'>,
  container: string,
): string {
  return `${(group || `family:${family}`).replace(':', '-')}-${container}`
}

/**
 * The name of the application: that of the service, else of the family. Where several containers of a task have
 * ports, that is the one which is called so too; the others have their own name behind it.
 */
export function appOf(
  task: Pick<Task, 'group'>,
  definition: Pick<TaskDefinition, 'family' | 'containerDefinitions'>,
  container: string,
): string {
  const { family = '', containerDefinitions = [] } = definition
  const app = serviceOf(task) ?? family
  const open = containerDefinitions.filter(hasPorts)
  const alone = open.length < 2 && open.every(({ name }) => name === container)
  return alone || container === app || container === family ? app : `${app}-${container}`
}

export function hasPorts({ portMappings = [] }: Pick<ContainerDefinition, 'portMappings'>): boolean {
  return portMappings.some(({ protocol }) => protocol !== 'udp')
}
