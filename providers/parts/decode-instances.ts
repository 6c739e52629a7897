import { decode } from '../../src/config/decode.ts'
import type { Fields, OptionsOf } from '../../src/config/fields.ts'
import { fields } from '../../src/config/fields.ts'
import type { Problem } from '../../src/config/problem.ts'
import type { SourceNode } from '../../src/config/source-tree.ts'
import type { Instance } from '../../src/discovery/provider.ts'

/** One entry of the list `instances` in a file. */
export const instanceOptions = (field: Fields) => ({
  name: field.string('The service that it is a copy of.'),
  address: field.string('IP address or host name.'),
  port: field.integer('Port to connect to.', { min: 1, max: 65_535 }).optional(),
  ports: field
    .list('Further ports.', field.integer('Port to connect to.', { min: 1, max: 65_535 }))
    .default([]),
  id: field.string('Unique among all instances; left out: `name@address:port`.').optional(),
  tags: field
    .list('Tags as a service has them elsewhere: `tidegate.enable=true`, `v1`.', field.string('One tag.'))
    .default([]),
  weight: field.integer('Its share of the requests; 0 takes it out.', { min: 0, max: 1_000_000 }).optional(),
  zone: field.string('Where it runs; the near is preferred to the far.').optional(),
  meta: field.record('What else is known about it.', field.string('Any text.')).optional(),
  health: field
    .choice('What its health checks say.', ['passing', 'warning', 'critical', 'unknown'])
    .default('unknown'),
  terminating: field.boolean('On its way out: it gets no new requests and drains.').default(false),
})
type InstanceOptions = OptionsOf<ReturnType<typeof instanceOptions>>

export interface DecodedInstances {
  readonly instances: readonly Instance[]
  readonly problems: readonly Problem[]
}

/** The instances that a file lists. A wrong one costs only itself. */
export function decodeInstances(node: SourceNode): DecodedInstances {
  if (node.kind !== 'list') return { instances: [], problems: [] }
  const instances = new Map<string, Instance>()
  const problems: Problem[] = []
  const shape = instanceOptions(fields)
  for (const [i, item] of node.items.entries()) {
    const decoded = decode(shape, item, { resource: `instances[${i}]` })
    problems.push(...decoded.problems)
    if (!decoded.value) continue
    const instance = toInstance(decoded.value)
    const wrong = complaint(instance, instances, item)
    if (wrong) problems.push({ ...wrong, resource: `instances[${i}]` })
    else instances.set(instance.id, instance)
  }
  return { instances: [...instances.values()], problems }
}

function toInstance(options: InstanceOptions): Instance {
  const { name, tags, health, weight, zone, meta, terminating } = options
  const address = options.address.replace(/^\[(.*)\]$/, '$1')
  const ports = [...new Set([...(options.port === undefined ? [] : [options.port]), ...options.ports])]
  const host = address.includes(':') ? `[${address}]` : address
  return {
    id: options.id ?? `${name}@${host}${ports[0] === undefined ? '' : `:${ports[0]}`}`,
    name,
    address,
    ports: ports.map((port) => ({ port })),
    tags,
    health,
    ...(weight === undefined ? {} : { weight }),
    ...(zone === undefined ? {} : { zone }),
    ...(meta === undefined ? {} : { meta }),
    ...(terminating ? { terminating } : {}),
  }
}

const ADDRESS = /^[A-Za-z0-9._:%-]{1,253}$/

function complaint(
  instance: Instance,
  others: ReadonlyMap<string, Instance>,
  { origin }: SourceNode,
): Problem | undefined {
  const { id, name, address } = instance
  if (name.trim() === '') return { code: 'E102', severity: 'error', message: '`name` is empty', origin }
  if (!ADDRESS.test(address)) {
    const remedy = 'write only the host; the port stands in `port`'
    return {
      code: 'E102',
      severity: 'error',
      message: '`address` is neither an IP address nor a host name',
      remedy,
      origin,
    }
  }
  if (!others.has(id)) return undefined
  const remedy = 'remove one, or give them different `id`s'
  return {
    code: 'E109',
    severity: 'error',
    message: `an instance \`${id}\` stands in this file already`,
    remedy,
    origin,
  }
}

/** The complaint about `instances:` that is neither a list nor left empty. */
export function notAList(node: SourceNode): Problem | undefined {
  if (node.kind === 'list' || (node.kind === 'scalar' && node.value === null)) return undefined
  const { origin } = node
  const remedy = 'write one instance per item, each with `name`, `address` and `port`'
  return { code: 'E102', severity: 'error', message: '`instances` is not a list', remedy, origin }
}
