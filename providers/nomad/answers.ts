import { count, list, portOf, record, shown, strings, text } from '../parts/json-shapes.ts'

/** Services of all namespaces in one map: the key of each is `namespace/name`. */
export type ServiceList = ReadonlyMap<string, readonly string[]>

/** One instance of a service, as `/v1/service` shows it. */
export interface Registration {
  readonly id: string
  readonly service: string
  readonly namespace: string
  readonly node: string
  readonly datacenter: string
  readonly job: string
  readonly allocation: string
  readonly tags: readonly string[]
  readonly address: string
  readonly port: number
  readonly createIndex: number
}

/** What a service instance runs in, as the list of allocations shows it. */
export interface Allocation {
  readonly id: string
  readonly namespace: string
  readonly job: string
  readonly jobVersion: number
  readonly createIndex: number
  readonly modifyIndex: number
  /** `run`, `stop` or `evict`. */
  readonly desired: string
  /** `pending`, `running`, `complete`, `failed`, `lost` or `unknown`. */
  readonly client: string
  /** What its deployment found once: undefined while it has not. */
  readonly healthy: boolean | undefined
}

/** One check of an allocation. */
export interface Check {
  readonly service: string
  readonly status: 'success' | 'failure' | 'pending'
}

/** `/v1/services`: a list for each namespace, of names, each with all tags of its instances. */
export function parseServices(body: unknown): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  for (const item of list(body ?? [], 'the list of services')) {
    const group = record(item, 'the services of a namespace')
    const namespace = text(group['Namespace'], 'the name of a namespace')
    for (const stub of list(group['Services'] ?? [], 'the services of a namespace')) {
      const service = record(stub, 'a service')
      const name = text(service['ServiceName'], 'the name of a service')
      found.set(keyOf(namespace, name), strings(service['Tags'], `the tags of ${shown(name)}`))
    }
  }
  return found
}

/** `/v1/service/:name` */
export function parseRegistrations(body: unknown): Registration[] {
  return list(body ?? [], 'the list of instances').map((value) => {
    const entry = record(value, 'an instance')
    return {
      id: text(entry['ID'], 'the ID of an instance'),
      service: text(entry['ServiceName'], 'the name of a service'),
      namespace: text(entry['Namespace'], 'the namespace of an instance'),
      node: text(entry['NodeID'] ?? '', 'the node of an instance'),
      datacenter: text(entry['Datacenter'] ?? '', 'the datacenter of an instance'),
      job: text(entry['JobID'] ?? '', 'the job of an instance'),
      allocation: text(entry['AllocID'] ?? '', 'the allocation of an instance'),
      tags: strings(entry['Tags'], 'the tags of an instance'),
      address: text(entry['Address'] ?? '', 'the address of an instance'),
      port: portOf(entry['Port'] ?? 0),
      createIndex: count(entry['CreateIndex'] ?? 0, 'the index of an instance'),
    }
  })
}

/** `/v1/allocations`, by id. */
export function parseAllocations(body: unknown): Map<string, Allocation> {
  const all = list(body ?? [], 'the list of allocations').map(parseAllocation)
  return new Map(all.map((allocation) => [allocation.id, allocation]))
}

function parseAllocation(value: unknown): Allocation {
  const entry = record(value, 'an allocation')
  const deployment = record(entry['DeploymentStatus'] ?? {}, 'the deployment of an allocation')
  const healthy = deployment['Healthy']
  return {
    id: text(entry['ID'], 'the ID of an allocation'),
    namespace: text(entry['Namespace'] ?? '', 'the namespace of an allocation'),
    job: text(entry['JobID'] ?? '', 'the job of an allocation'),
    jobVersion: count(entry['JobVersion'] ?? 0, 'the job version of an allocation'),
    createIndex: count(entry['CreateIndex'] ?? 0, 'the index of an allocation'),
    modifyIndex: count(entry['ModifyIndex'] ?? 0, 'the index of an allocation'),
    desired: text(entry['DesiredStatus'], 'the desired status of an allocation'),
    client: text(entry['ClientStatus'], 'the status of an allocation'),
    healthy: typeof healthy === 'boolean' ? healthy : undefined,
  }
}

/** `/v1/client/allocation/:id/checks`: an object of checks by their ids; without any, an empty one. */
export function parseChecks(body: unknown): Check[] {
  return Object.values(record(body ?? {}, 'the checks of an allocation')).map((value) => {
    const check = record(value, 'a check')
    const status = check['Status']
    return {
      service: text(check['Service'] ?? '', 'the service of a check'),
      // What is no known status speaks for nothing.
      status: status === 'success' || status === 'pending' ? status : 'failure',
    }
  })
}

export function keyOf(namespace: string, service: string): string {
  return `${namespace}/${service}`
}

/** A namespace's name holds no slash. */
export function partsOf(key: string): { readonly namespace: string; readonly service: string } {
  const at = key.indexOf('/')
  return { namespace: key.slice(0, at), service: key.slice(at + 1) }
}
