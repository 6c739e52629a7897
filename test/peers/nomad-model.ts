import { randomUUID } from 'node:crypto'

/** One answer; a body that is text is an error's. */
export interface Page {
  readonly status?: number
  readonly index?: number
  readonly body: unknown
}

export interface NewAllocation {
  readonly job?: string
  readonly namespace?: string
  readonly client?: string
  readonly healthy?: boolean
}

export interface NewService {
  readonly name: string
  readonly port: number
  readonly address?: string
  readonly tags?: readonly string[]
}

export type CheckStatus = 'success' | 'failure' | 'pending'

interface Allocation {
  readonly ID: string
  readonly Namespace: string
  readonly JobID: string
  readonly [key: string]: unknown
}

interface Registration {
  readonly ID: string
  readonly ServiceName: string
  readonly Namespace: string
  readonly AllocID: string
  readonly Tags: readonly string[]
  readonly [key: string]: unknown
}

type Table = 'services' | 'allocations' | 'jobs'

const FIRST_INDEX = 10

/** What the servers of one region know, in Nomad's own shapes. */
export class NomadModel {
  readonly #allocations = new Map<string, Allocation>()
  readonly #registrations = new Map<string, Registration>()
  readonly #checks = new Map<string, Record<string, object>>()
  readonly #jobs = new Map<string, Record<string, unknown>>()
  #index = FIRST_INDEX
  /** Nomad gives 0 for a table that nothing was written to, but at least 1 for that of services. */
  #tables: Record<Table, number> = { services: 1, allocations: 0, jobs: 0 }
  #change = Promise.withResolvers<void>()

  /** Places an allocation, and gives its id. */
  place({ job = 'web', namespace = 'default', client = 'running', healthy }: NewAllocation = {}): string {
    const id = randomUUID()
    this.#allocate(id, {
      ID: id,
      Namespace: namespace,
      JobID: job,
      JobType: 'service',
      JobVersion: 0,
      Name: `${job}.group[0]`,
      TaskGroup: 'group',
      NodeID: NODE,
      NodeName: 'node-1',
      DesiredStatus: 'run',
      DesiredTransition: { Migrate: null, Reschedule: null, ForceReschedule: null },
      ClientStatus: client,
      ClientDescription: '',
      DeploymentStatus: healthy === undefined ? null : { Healthy: healthy, Canary: false },
      CreateIndex: this.#index + 1,
    })
    return id
  }

  /** Has fields of an allocation say something else. */
  change(id: string, fields: Readonly<Record<string, unknown>>): void {
    this.#allocate(id, { ...this.#allocation(id), ...fields })
  }

  /** Registers a service of the allocation, and gives the registration's id. */
  register(allocation: string, { name, port, address = '127.0.0.1', tags = [] }: NewService): string {
    const { Namespace, JobID } = this.#allocation(allocation)
    const id = `_nomad-task-${allocation}-group-group-${name}-http`
    const index = this.#touch('services')
    this.#registrations.set(id, {
      ID: id,
      ServiceName: name,
      Namespace,
      NodeID: NODE,
      Datacenter: 'dc1',
      JobID,
      AllocID: allocation,
      Tags: tags,
      Address: address,
      Port: port,
      CreateIndex: (this.#registrations.get(id)?.['CreateIndex'] as number | undefined) ?? index,
      ModifyIndex: index,
    })
    return id
  }

  deregister(id: string): void {
    this.#registrations.delete(id)
    this.#touch('services')
  }

  /** As the machine of the allocation has found them; Nomad's servers are told nothing of it. */
  check(allocation: string, service: string, ...statuses: readonly CheckStatus[]): void {
    const entries = statuses.map((Status, i) => [
      `${service}${i}`,
      {
        ID: `${service}${i}`,
        Check: `check ${i}`,
        Group: 'web.group[0]',
        Mode: 'healthiness',
        Output: '',
        Service: service,
        Status,
        Timestamp: 1_700_000_000,
      },
    ])
    this.#checks.set(allocation, Object.fromEntries(entries) as Record<string, object>)
  }

  /** Registers a job; only what tells of services is of interest. */
  submit(id: string, groups: readonly object[], more: Readonly<Record<string, unknown>> = {}): void {
    const index = this.#touch('jobs')
    const job = { ID: id, Name: id, Namespace: 'default', Stop: false, Type: 'service', Status: 'running' }
    this.#jobs.set(id, { ...job, TaskGroups: groups, JobModifyIndex: index, ModifyIndex: index, ...more })
  }

  /** The servers come back without anything, and count from the beginning. */
  loseData(): void {
    for (const all of [this.#allocations, this.#registrations, this.#checks, this.#jobs]) all.clear()
    this.#index = FIRST_INDEX
    this.#tables = { services: 1, allocations: 0, jobs: 0 }
    this.#wake()
  }

  /** The index of the table that a path reads. */
  indexOf(path: string): number {
    return this.#tables[tableOf(path)]
  }

  /** Waits until something changes, or the signal fires. */
  async changed(over: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<void>()
    const end = (): void => aborted.resolve()
    over.addEventListener('abort', end, { once: true })
    await Promise.race([this.#change.promise, aborted.promise])
    over.removeEventListener('abort', end)
  }

  page(path: string, query: URLSearchParams, readable: readonly string[] | 'all'): Page {
    const namespace = query.get('namespace') ?? 'default'
    const reads = (one: string): boolean =>
      (namespace === '*' || namespace === one) && (readable === 'all' || readable.includes(one))
    const [, , kind = '', id = '', allocation = '', page = ''] = path.split('/')
    if (namespace === '*' && readable !== 'all' && readable.length === 0) return { index: 0, body: [] }
    if (kind === 'services') return this.#servicesPage(reads)
    if (kind === 'service') return this.#servicePage(path.slice('/v1/service/'.length), namespace)
    if (kind === 'allocations') return this.#allocationsPage(reads, query.get('filter') ?? '')
    if (kind === 'client' && id === 'allocation' && page === 'checks') return this.#checksPage(allocation)
    if (kind === 'jobs') {
      const jobs = [...this.#jobs.values()].filter((job) => reads(String(job['Namespace'])))
      return { index: this.#tables.jobs, body: jobs.map((job) => ({ ...job, TaskGroups: undefined })) }
    }
    if (kind === 'job' && this.#jobs.has(id)) return { index: this.#tables.jobs, body: this.#jobs.get(id) }
    return { status: 404, body: 'resource not found' }
  }

  #servicesPage(reads: (namespace: string) => boolean): Page {
    const seen = [...this.#registrations.values()].filter(({ Namespace }) => reads(Namespace))
    const body = [...Map.groupBy(seen, (one) => one.Namespace)].map(([Namespace, all]) => ({
      Namespace,
      Services: [...Map.groupBy(all, (one) => one.ServiceName)].map(([ServiceName, group]) => ({
        ServiceName,
        Tags: [...new Set(group.flatMap(({ Tags }) => Tags))],
      })),
    }))
    return { index: this.#tables.services, body }
  }

  #servicePage(name: string, namespace: string): Page {
    const found = [...this.#registrations.values()].filter(
      (one) => one.ServiceName === name && one.Namespace === namespace,
    )
    return { index: this.#tables.services, body: found }
  }

  #allocationsPage(reads: (namespace: string) => boolean, filter: string): Page {
    const without = filter === '' ? [] : filter.split(' and ').map(excluded)
    if (without.includes(undefined)) return { status: 400, body: 'failed to read filter expression' }
    const found = [...this.#allocations.values()].filter(
      (one) => reads(one.Namespace) && !without.includes(String(one['ClientStatus'])),
    )
    return { index: this.#tables.allocations, body: found }
  }

  #checksPage(id: string): Page {
    if (!this.#allocations.has(id)) return { status: 404, body: `Unknown allocation "${id}"` }
    return { body: this.#checks.get(id) ?? {} }
  }

  #allocation(id: string): Allocation {
    const found = this.#allocations.get(id)
    if (!found) throw new Error(`no allocation ${id}`)
    return found
  }

  #allocate(id: string, fields: Allocation): void {
    this.#allocations.set(id, { ...fields, ModifyIndex: this.#touch('allocations') })
  }

  #touch(table: Table): number {
    this.#tables[table] = ++this.#index
    this.#wake()
    return this.#index
  }

  #wake(): void {
    this.#change.resolve()
    this.#change = Promise.withResolvers()
  }
}

const NODE = '7406e90b-de16-d118-80fe-60d0f2730cb3'

function tableOf(path: string): Table {
  if (path.startsWith('/v1/allocations')) return 'allocations'
  return path.startsWith('/v1/job') ? 'jobs' : 'services'
}

/** As much of Nomad's filter language as discovery writes: `ClientStatus != "complete"`. */
function excluded(term: string): string | undefined {
  return /^ClientStatus != "(\w+)"$/.exec(term.trim())?.[1]
}
