import type { Instance } from '../../src/discovery/provider.ts'
import { count, list, record, strings, text } from '../parts/json-shapes.ts'
import type { Answer } from '../parts/long-poll.ts'
import type { NomadClient } from './client.ts'

/** A job as the list of jobs shows it. */
export interface Job {
  readonly id: string
  readonly namespace: string
  readonly stopped: boolean
  /** Grows when what the job wants becomes another. */
  readonly modifyIndex: number
}

interface ReadJob {
  readonly modifyIndex: number
  readonly instances: readonly Instance[]
}

/** Services of groups that are scaled to zero: nothing of them runs or is registered, and their routes stay. */
export class EmptyServices {
  readonly #client: Pick<NomadClient, 'json'>
  readonly #jobs = new Map<string, ReadJob>()

  constructor(client: Pick<NomadClient, 'json'>) {
    this.#client = client
  }

  get instances(): readonly Instance[] {
    return [...this.#jobs.values()].flatMap(({ instances }) => instances)
  }

  /** Takes over a list of jobs, and reads those that have changed. */
  async take({ value }: Answer<readonly Job[]>): Promise<void> {
    const running = new Map(value.filter(({ stopped }) => !stopped).map((job) => [keyOf(job), job]))
    for (const key of this.#jobs.keys()) if (!running.has(key)) this.#jobs.delete(key)
    for (const [key, job] of running) {
      if (this.#jobs.get(key)?.modifyIndex === job.modifyIndex) continue
      const body = await this.#client.json(`/v1/job/${encodeURIComponent(job.id)}`, {
        namespace: job.namespace,
      })
      this.#jobs.set(key, { modifyIndex: job.modifyIndex, instances: vacancies(body, job) })
    }
  }
}

/** `/v1/jobs` */
export function parseJobs(body: unknown): Job[] {
  return list(body ?? [], 'the list of jobs').map((value) => {
    const job = record(value, 'a job')
    return {
      id: text(job['ID'], 'the ID of a job'),
      namespace: text(job['Namespace'] ?? 'default', 'the namespace of a job'),
      stopped: job['Stop'] === true,
      modifyIndex: count(job['JobModifyIndex'] ?? job['ModifyIndex'] ?? 0, 'the index of a job'),
    }
  })
}

function vacancies(body: unknown, job: Job): Instance[] {
  const groups = list(record(body, 'a job')['TaskGroups'] ?? [], 'the groups of a job')
  return groups.flatMap((value) => {
    const group = record(value, 'a group')
    const scaling = record(group['Scaling'] ?? {}, 'the scaling of a group')
    if (group['Count'] !== 0 || scaling['Enabled'] !== true) return []
    const name = text(group['Name'], 'the name of a group')
    const tasks = list(group['Tasks'] ?? [], 'the tasks of a group').map((task) => record(task, 'a task'))
    return [group, ...tasks]
      .flatMap((holder) => list(holder['Services'] ?? [], 'the services of a group'))
      .flatMap((service) => vacancy(record(service, 'a service'), name, job))
  })
}

function vacancy(service: Record<string, unknown>, group: string, { id, namespace }: Job): Instance[] {
  // The others are registered in Consul.
  if (service['Provider'] !== 'nomad') return []
  const name = text(service['Name'], 'the name of a service')
  return [
    {
      id: `_vacant-${namespace}-${id}-${group}-${name}`,
      name,
      address: '',
      ports: [],
      tags: strings(service['Tags'], 'the tags of a service'),
      health: 'unknown',
      meta: { namespace, job: id },
      vacant: true,
    },
  ]
}

function keyOf({ namespace, id }: Job): string {
  return `${namespace}/${id}`
}
