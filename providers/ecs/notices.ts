import type { Problem } from '../../src/config/problem.ts'

interface About {
  readonly source: string
  readonly cluster: string
}

/** ECS Anywhere: AWS does not know where such machines can be reached. */
export function externalTasks({ source, cluster }: About, count: number): Problem[] {
  if (count === 0) return []
  return [
    {
      code: 'E105',
      severity: 'error',
      message: `cluster ${cluster} has ${plural(count, 'task')} outside of AWS (ECS Anywhere, launch type EXTERNAL), which is not built: left out`,
      remedy:
        'list their addresses as `instances` in a file of the file provider, or register them in Consul',
      origin: { source },
    },
  ]
}

/** Of running tasks it is not known yet where they are, or what they want. */
export function waitingTasks({ source, cluster }: About, count: number): Problem[] {
  if (count === 0) return []
  return [
    {
      code: 'E404',
      severity: 'warning',
      message: `of ${plural(count, 'task')} in cluster ${cluster} the definition, the machine or the service could not be read: they are as they were, or not served yet`,
      origin: { source },
    },
  ]
}

function plural(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`
}
