import type { ConnectionOptions } from './connection.ts'
import { RedisConnection } from './connection.ts'
import { NoServerError } from './errors.ts'
import type { RedisOptions } from './options.ts'
import type { Group, Place } from './sentinel.ts'
import { askSentinel } from './sentinel.ts'

export type SentinelOptions = NonNullable<RedisOptions['sentinel']>

/** All but the place, for servers and for sentinels. */
export interface Access {
  readonly server: Omit<ConnectionOptions, 'host' | 'port' | 'signal'>
  readonly sentinel: Omit<ConnectionOptions, 'host' | 'port' | 'signal'>
}

/**
 * Asks one sentinel which servers there are, and opens a connection to the one that the options want.
 * @throws NoServerError, or what happened to the connections
 */
export async function findServer(
  place: Place,
  options: SentinelOptions,
  access: Access,
  tools: { readonly signal: AbortSignal; readonly random: () => number },
): Promise<RedisConnection> {
  const { signal } = tools
  const sentinel = await RedisConnection.open({ ...access.sentinel, ...place, signal })
  try {
    const group = await askSentinel(sentinel, options.masterName, readsReplicas(options))
    const open = (server: Place): Promise<RedisConnection> =>
      RedisConnection.open({ ...access.server, ...server, signal })
    const candidates = candidatesOf(group, options)
    return options.latencyStrategy
      ? await firstToAnswer(candidates, open)
      : await open(candidates[Math.floor(tools.random() * candidates.length)]!)
  } finally {
    sentinel.close()
  }
}

/** Whether another server than the master may be read. */
export function readsReplicas(options: SentinelOptions): boolean {
  return options.latencyStrategy || options.randomStrategy || options.replicaStrategy
}

function candidatesOf({ master, replicas }: Group, options: SentinelOptions): readonly Place[] {
  const connected = replicas.filter((replica) => replica.connected)
  const usable = connected.length > 0 || !options.useDisconnectedReplicas ? connected : replicas
  if (options.replicaStrategy) return usable.length > 0 ? usable : [master]
  return readsReplicas(options) ? [master, ...usable] : [master]
}

async function firstToAnswer(
  places: readonly Place[],
  open: (place: Place) => Promise<RedisConnection>,
): Promise<RedisConnection> {
  const opening = places.map(open)
  const first = await Promise.any(opening).catch((error: unknown) => {
    const [reason] = error instanceof AggregateError ? (error.errors as unknown[]) : []
    throw reason ?? new NoServerError('the sentinel names no server')
  })
  for (const each of opening)
    void each.then((other) => other !== first && other.close()).catch(() => undefined)
  return first
}
