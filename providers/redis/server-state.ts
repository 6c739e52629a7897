import type { RedisConnection } from './connection.ts'
import { RefusedError } from './errors.ts'

/** What a server says of itself; undefined where the user may not ask. */
export interface ServerState {
  readonly role: 'master' | 'replica' | undefined
  /**
   * Ids of the history that its data belong to. They outlive a restart with the data, and a replica that becomes
   * master keeps the old one beside its own; a server that lost its data has a new one.
   */
  readonly histories: readonly string[] | undefined
  /** Whether every change of a key below the root is told. */
  readonly tellsChanges: boolean | undefined
}

export async function readState(connection: RedisConnection): Promise<ServerState> {
  const [info, settings] = await connection.askAll([
    ['INFO', 'replication'],
    ['CONFIG', 'GET', 'notify-keyspace-events'],
  ])
  return { ...replicationOf(info), tellsChanges: tellsChanges(settings) }
}

function replicationOf(info: unknown): Pick<ServerState, 'role' | 'histories'> {
  if (info instanceof RefusedError && info.unready) throw info
  if (typeof info !== 'string') return { role: undefined, histories: undefined }
  const role = /^role:(\w+)/m.exec(info)?.[1]
  const histories = [...info.matchAll(/^master_replid2?:([0-9a-f]{40})/gm)]
    .map((match) => match[1]!)
    .filter((id) => !/^0+$/.test(id))
  return {
    role: role === 'master' ? 'master' : role === undefined ? undefined : 'replica',
    histories: histories.length > 0 ? histories : undefined,
  }
}

/** `K`: by key. `A` stands for all kinds; otherwise those of texts, of all types, and of what expires are needed. */
function tellsChanges(settings: unknown): boolean | undefined {
  const flags = valueOf(settings)
  if (flags === undefined) return undefined
  const kinds = flags.includes('A') ? 'g$x' : flags
  return flags.includes('K') && ['g', '$', 'x'].every((kind) => kinds.includes(kind))
}

/** A map in the server's newer protocol, a list of names and values in the older one. */
function valueOf(settings: unknown): string | undefined {
  if (typeof settings !== 'object' || settings === null || settings instanceof Error) return undefined
  const value: unknown = Array.isArray(settings)
    ? settings[1]
    : (settings as Readonly<Record<string, unknown>>)['notify-keyspace-events']
  return typeof value === 'string' ? value : undefined
}
