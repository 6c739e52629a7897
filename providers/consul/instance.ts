import type { Instance } from '../../src/discovery/provider.ts'
import type { Entry } from './answers.ts'
import type { Health } from './health.ts'
import { worstOf } from './health.ts'

export interface InstanceOptions {
  /** Healths with which an instance gets requests; `any` for all but maintenance. */
  readonly strictChecks: ReadonlySet<Health | 'any'>
  /** Put before the id where several datacenters are read, since ids are unique in one only. */
  readonly idPrefix: string
}

const ZONE_KEYS = ['zone', 'availability_zone', 'availability-zone', 'az']

/**
 * One entry as an instance. Where its health is none of those wanted it is yielded all the same, as one on its way
 * out: it drains rather than being cut, and its route stays.
 */
export function toInstance(entry: Entry, { strictChecks, idPrefix }: InstanceOptions): Instance {
  const health = worstOf(entry.checks)
  const weight = health === 'warning' ? entry.warningWeight : entry.passingWeight
  const zone = zoneOf(entry)
  return {
    id: `${idPrefix}${entry.node}/${entry.id}`,
    name: entry.service,
    address: entry.address === '' ? entry.nodeAddress : entry.address,
    ports: entry.port === 0 ? [] : [{ port: entry.port }],
    tags: entry.tags,
    health: health === 'maintenance' ? 'critical' : health,
    createdAt: entry.createIndex,
    meta: entry.meta,
    ...(weight === 1 ? {} : { weight }),
    ...(zone === undefined ? {} : { zone }),
    ...(isWanted(health, strictChecks) ? {} : { terminating: true }),
  }
}

function isWanted(health: Health, wanted: InstanceOptions['strictChecks']): boolean {
  return wanted.has(health) || (wanted.has('any') && health !== 'maintenance')
}

function zoneOf({ meta, nodeMeta }: Entry): string | undefined {
  for (const source of [meta, nodeMeta]) {
    const key = ZONE_KEYS.find((name) => source[name] !== undefined && source[name] !== '')
    if (key !== undefined) return source[key]
  }
  return undefined
}
