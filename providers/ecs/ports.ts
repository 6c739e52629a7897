import type { Container, ContainerDefinition, NetworkMode } from '@aws-sdk/client-ecs'
import type { InstancePort } from '../../src/discovery/provider.ts'

/**
 * The ports at which a container is reached, the lowest first: that is the one which is used when nothing else is
 * said. In bridge mode they are chosen when the task starts, and only the task tells them.
 */
export function portsOf(
  mode: NetworkMode | undefined,
  container: Pick<Container, 'networkBindings'>,
  definition: Pick<ContainerDefinition, 'portMappings'>,
): InstancePort[] {
  const bound = mode === 'awsvpc' ? [] : boundPorts(container)
  const ports = bound.length > 0 ? bound : mappedPorts(mode, definition)
  // IPv4 and IPv6 are bound apart, and to the same port.
  const distinct = new Map(ports.map((port) => [`${port.port} ${port.containerPort}`, port]))
  return [...distinct.values()].toSorted((a, b) => a.port - b.port)
}

function boundPorts({ networkBindings = [] }: Pick<Container, 'networkBindings'>): InstancePort[] {
  return networkBindings.flatMap(({ hostPort, containerPort, protocol }) =>
    protocol === 'udp' ? [] : port(hostPort, containerPort),
  )
}

/** With an address of its own a task has no other ports than those of its containers. */
function mappedPorts(
  mode: NetworkMode | undefined,
  { portMappings = [] }: Pick<ContainerDefinition, 'portMappings'>,
): InstancePort[] {
  const own = mode === 'awsvpc' || mode === 'host'
  return portMappings.flatMap(({ hostPort, containerPort, containerPortRange, protocol }) => {
    if (protocol === 'udp') return []
    const first = containerPort ?? (own ? Number(containerPortRange?.split('-', 1)[0]) : undefined)
    return port(own ? first : hostPort, first)
  })
}

function port(hostPort: number | undefined, containerPort: number | undefined): InstancePort[] {
  if (!hostPort || !(hostPort > 0)) return []
  return [{ port: hostPort, ...(containerPort ? { containerPort } : {}) }]
}
