import type { Instance } from '../../src/discovery/provider.ts'
import type { Allocation, Registration } from './answers.ts'
import type { Verdict } from './health.ts'

/** One registration as an instance, before anything is known of the allocation that it runs in. */
export function toInstance(registration: Registration): Instance {
  const { id, service, namespace, node, datacenter, job, allocation, tags, address, port } = registration
  return {
    id,
    name: service,
    address,
    ports: port === 0 ? [] : [{ port }],
    tags,
    health: 'unknown',
    createdAt: registration.createIndex,
    meta: { namespace, job, allocation, node, datacenter },
    ...(datacenter === '' ? {} : { zone: datacenter }),
  }
}

export function allocationOf({ meta }: Instance): string {
  return meta?.['allocation'] ?? ''
}

/** What a registration tells of its allocation before a list shows it. */
export function placeholder(instance: Instance): Allocation {
  const { namespace = '', job = '' } = instance.meta ?? {}
  return {
    id: allocationOf(instance),
    namespace,
    job,
    jobVersion: 0,
    createIndex: 0,
    modifyIndex: 0,
    desired: 'run',
    client: 'running',
    healthy: undefined,
  }
}

/** What is known of the allocation besides. */
export interface Condition {
  /** Undefined when no list shows it: the registration alone counts then. */
  readonly allocation: Allocation | undefined
  /** It was once told to stop, which is never taken back. */
  readonly stopping: boolean
  readonly verdict: Verdict
}

/**
 * The instance as it is to be served. Where it stops, or its checks do not pass, it is yielded all the same, as one on
 * its way out: it drains rather than being cut, and its route stays.
 */
export function conditioned(instance: Instance, { allocation, stopping, verdict }: Condition): Instance {
  const served = verdict === 'passing' || verdict === 'unknown'
  const health = verdict === 'passing' || verdict === 'critical' ? verdict : 'unknown'
  return {
    ...instance,
    health,
    ...(stopping || !served ? { terminating: true } : {}),
    ...(instance.unproven || isOutOfSight(allocation) ? { unproven: true as const } : {}),
  }
}

/** Whether the allocation is on its way out, or has ended. */
export function isStopping({ desired, client }: Allocation): boolean {
  return (desired !== 'run' && client !== 'lost') || client === 'complete' || client === 'failed'
}

/** Its machine does not answer Nomad; that it does not run any more is not said. */
function isOutOfSight(allocation: Allocation | undefined): boolean {
  return allocation?.client === 'lost' || allocation?.client === 'unknown'
}
