import type { RedisConnection } from './connection.ts'
import { NoServerError } from './errors.ts'

export interface Place {
  readonly host: string
  readonly port: number
}

/** What a sentinel knows of one group of servers. */
export interface Group {
  readonly master: Place
  /** Only where replicas are wanted. */
  readonly replicas: readonly Replica[]
}

export interface Replica extends Place {
  /** False: the sentinel holds it for down, or its master has lost it. */
  readonly connected: boolean
}

/** @throws NoServerError when the sentinel knows no such group */
export async function askSentinel(
  sentinel: RedisConnection,
  masterName: string,
  withReplicas: boolean,
): Promise<Group> {
  const answer = await sentinel.ask('SENTINEL', 'get-master-addr-by-name', masterName)
  const master = Array.isArray(answer) ? placeOf(answer[0], answer[1]) : undefined
  if (!master) throw new NoServerError(`the sentinel knows no master named ${masterName}`)
  if (!withReplicas) return { master, replicas: [] }
  const replicas = await sentinel.ask('SENTINEL', 'replicas', masterName)
  return { master, replicas: Array.isArray(replicas) ? replicas.flatMap(replicaOf) : [] }
}

function replicaOf(value: unknown): Replica[] {
  const { ip, port, flags, 'master-link-status': link } = fieldsOf(value)
  const place = placeOf(ip, port)
  if (!place || typeof flags !== 'string') return []
  return [{ ...place, connected: link === 'ok' && !/s_down|o_down|disconnected/.test(flags) }]
}

/** A map in the newer protocol, a list of names and values in the older one. */
function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (!Array.isArray(value)) return typeof value === 'object' && value !== null ? { ...value } : {}
  const pairs = Array.from({ length: value.length >> 1 }, (_, i): [string, unknown] => [
    String(value[2 * i]),
    value[2 * i + 1],
  ])
  return Object.fromEntries(pairs)
}

function placeOf(host: unknown, port: unknown): Place | undefined {
  const number = Number(port)
  if (typeof host !== 'string' || host === '' || !Number.isInteger(number)) return undefined
  return number > 0 && number <= 65_535 ? { host, port: number } : undefined
}
