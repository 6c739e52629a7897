import { count, list, portOf, record, shown, strings, text, texts } from '../parts/json-shapes.ts'

export type CheckStatus = 'passing' | 'warning' | 'critical'

/** One check of a node (no service) or of a service's instance. */
export interface Check {
  readonly node: string
  readonly id: string
  readonly status: CheckStatus
  /** Empty for a check of the node itself. */
  readonly serviceId: string
  readonly serviceName: string
}

/** One instance of a service, as `/v1/health/service` shows it. */
export interface Entry {
  readonly nodeId: string
  readonly node: string
  readonly nodeAddress: string
  readonly nodeMeta: Readonly<Record<string, string>>
  readonly id: string
  readonly service: string
  /** Empty for an ordinary service; `connect-proxy` and the gateways are Consul's own machinery. */
  readonly kind: string
  readonly tags: readonly string[]
  readonly address: string
  readonly port: number
  readonly meta: Readonly<Record<string, string>>
  readonly passingWeight: number
  readonly warningWeight: number
  readonly createIndex: number
  readonly checks: readonly Check[]
}

/** `/v1/catalog/services`: names, each with all tags of its instances. */
export function parseServices(body: unknown): Map<string, readonly string[]> {
  const services = Object.entries(record(body, 'the list of services'))
  return new Map(services.map(([name, tags]) => [name, strings(tags, `the tags of ${shown(name)}`)]))
}

/** `/v1/health/state/any` */
export function parseChecks(body: unknown): Check[] {
  return list(body, 'the list of checks').map(parseCheck)
}

/** `/v1/health/service/:name` */
export function parseEntries(body: unknown): Entry[] {
  return list(body, 'the list of instances').map(parseEntry)
}

/** `/v1/kv/:prefix?recurse`, its values decoded by the package; nothing at all when there are no keys. */
export function parsePairs(body: unknown): Map<string, string> {
  return new Map(
    list(body ?? [], 'the list of keys').map((item) => {
      const pair = record(item, 'a key')
      return [text(pair['Key'], 'a key'), text(pair['Value'] ?? '', 'the value of a key')]
    }),
  )
}

function parseEntry(value: unknown): Entry {
  const entry = record(value, 'an instance')
  const node = record(entry['Node'], 'the node of an instance')
  const service = record(entry['Service'], 'the service of an instance')
  const weights = service['Weights'] == null ? {} : record(service['Weights'], 'the weights of an instance')
  return {
    nodeId: text(node['ID'] ?? '', 'the ID of a node'),
    node: text(node['Node'], 'the name of a node'),
    nodeAddress: text(node['Address'] ?? '', 'the address of a node'),
    nodeMeta: texts(node['Meta'], 'the meta of a node'),
    id: text(service['ID'], 'the ID of an instance'),
    service: text(service['Service'], 'the name of a service'),
    kind: text(service['Kind'] ?? '', 'the kind of a service'),
    tags: strings(service['Tags'], 'the tags of an instance'),
    address: text(service['Address'] ?? '', 'the address of an instance'),
    port: portOf(service['Port'] ?? 0),
    meta: texts(service['Meta'], 'the meta of an instance'),
    passingWeight: count(weights['Passing'] ?? 1, 'the weight of an instance'),
    warningWeight: count(weights['Warning'] ?? 1, 'the weight of an instance'),
    createIndex: count(service['CreateIndex'] ?? 0, 'the index of an instance'),
    checks: list(entry['Checks'] ?? [], 'the checks of an instance').map(parseCheck),
  }
}

const STATUSES: ReadonlySet<unknown> = new Set(['passing', 'warning', 'critical'])

function parseCheck(value: unknown): Check {
  const check = record(value, 'a check')
  const status = check['Status']
  return {
    node: text(check['Node'], 'the node of a check'),
    id: text(check['CheckID'], 'the ID of a check'),
    // What is no known status speaks for nothing; Consul itself counts it as critical.
    status: STATUSES.has(status) ? (status as CheckStatus) : 'critical',
    serviceId: text(check['ServiceID'] ?? '', 'the service of a check'),
    serviceName: text(check['ServiceName'] ?? '', 'the service of a check'),
  }
}
