import type { Problem, ProblemCode } from '../../src/config/problem.ts'

/** Whom a notice is about. */
export interface About {
  readonly source: string
  readonly address: string
  readonly datacenter: string | undefined
}

const READ_RIGHTS =
  'give endpoint.token a policy with service_prefix "" { policy = "read" } and node_prefix "" { policy = "read" }'

/** Even an empty Consul lists its own servers; who sees nothing has no rights. */
export function noServices(about: About, listed: number): Problem[] {
  return listed > 0 ? [] : [warning(about, 'E402', 'lists no service at all, not even itself', READ_RIGHTS)]
}

/** Services without a single instance that may be seen. */
export function hiddenInstances(about: About, listed: number, visible: number, unread: number): Problem[] {
  if (listed === 0 || visible > 0 || unread > 0) return []
  return [
    warning(about, 'E402', `lists ${plural(listed, 'service')}, but shows no instance of them`, READ_RIGHTS),
  ]
}

/** Sidecars and gateways of Consul's own mesh. */
export function leftOutProxies(about: About, count: number): Problem[] {
  if (count === 0) return []
  return [
    warning(
      about,
      'E105',
      `has ${plural(count, 'mesh proxy', 'mesh proxies')}, left out since Connect is not built yet`,
    ),
  ]
}

function warning(
  { source, address, datacenter }: About,
  code: ProblemCode,
  says: string,
  remedy?: string,
): Problem {
  const place = datacenter === undefined ? '' : ` for datacenter ${datacenter}`
  return {
    code,
    severity: 'warning',
    message: `Consul at ${address}${place} ${says}`,
    ...(remedy === undefined ? {} : { remedy }),
    origin: { source, key: 'endpoint.address' },
  }
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
