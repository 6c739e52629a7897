import type { Container, NetworkMode, Task } from '@aws-sdk/client-ecs'
import type { Host } from './hosts.ts'

/**
 * The address of a container: with `awsvpc` the task's own, IPv4 before IPv6, else its machine's. Undefined while
 * it is not known.
 */
export function addressOf(
  mode: NetworkMode | undefined,
  task: Pick<Task, 'attachments'>,
  container: Pick<Container, 'networkInterfaces'>,
  host: Host | undefined,
): string | undefined {
  if (mode === 'awsvpc') return ownAddress(task, container)
  return host?.machine?.privateAddress ?? host?.machine?.ipv6Address
}

function ownAddress(
  { attachments = [] }: Pick<Task, 'attachments'>,
  { networkInterfaces = [] }: Pick<Container, 'networkInterfaces'>,
): string | undefined {
  const details = attachments
    .filter(({ type }) => type === 'ElasticNetworkInterface' || type === 'eni')
    .flatMap(({ details: all = [] }) => all)
  const detail = (name: string): string | undefined =>
    details.find((one) => one.name?.toLowerCase() === name)?.value
  const inContainer = networkInterfaces[0]
  const candidates = [
    inContainer?.privateIpv4Address,
    detail('privateipv4address'),
    inContainer?.ipv6Address,
    detail('ipv6address'),
  ]
  return candidates.find((address) => address !== undefined && address !== '')
}
