import type { WhyCode } from '../proxy/why.ts'
import { ConnectionCounts, connectionMemory } from './connection-counts.ts'

/** How many connections one entry point takes, in all workers together; 0: no limit. Plain data. */
export interface ConnectionCaps {
  readonly maxConnections: number
  /** From one IPv4 address or one IPv6 network of 64 bits, which is what one client has. */
  readonly maxConnectionsPerClient: number
  /** What is open, counted by all workers; undefined when nothing is limited. */
  readonly counts: SharedArrayBuffer | undefined
}

/** Caps for so many workers, with the memory in which they count; `counted`: also when nothing is limited. */
export function connectionCaps(
  { maxConnections = 0, maxConnectionsPerClient = 0 }: Partial<Omit<ConnectionCaps, 'counts'>>,
  workers: number,
  counted = false,
): ConnectionCaps {
  const limited = maxConnections > 0 || maxConnectionsPerClient > 0
  const counts = limited || counted ? connectionMemory(workers, maxConnectionsPerClient > 0) : undefined
  return { maxConnections, maxConnectionsPerClient, counts }
}

/**
 * Counts the connections of an entry point and says which are too many. They are counted first and looked at then,
 * so that no two workers take the last place both; both may find it taken in the same instant.
 */
export class ConnectionGate {
  readonly #caps: ConnectionCaps
  readonly #counts: ConnectionCounts | undefined

  constructor(caps: ConnectionCaps, worker: number) {
    this.#caps = caps
    this.#counts = caps.counts && new ConnectionCounts(caps.counts, worker)
  }

  /** Takes a connection in, to be followed by `leave`; or says why it is refused. */
  enter(address: string): WhyCode | undefined {
    const counts = this.#counts
    if (counts === undefined) return undefined
    const { maxConnections, maxConnectionsPerClient } = this.#caps
    counts.add(1)
    if (maxConnections > 0 && counts.open > maxConnections) {
      counts.add(-1)
      return 'CL'
    }
    if (maxConnectionsPerClient === 0) return undefined
    const client = clientOf(address)
    counts.addOf(client, 1)
    if (counts.openOf(client) <= maxConnectionsPerClient) return undefined
    counts.addOf(client, -1)
    counts.add(-1)
    return 'CI'
  }

  leave(address: string): void {
    this.#counts?.add(-1)
    if (this.#caps.maxConnectionsPerClient > 0) this.#counts?.addOf(clientOf(address), -1)
  }
}

/** A worker has died, and its connections with it. */
export function forgetConnections({ counts }: ConnectionCaps, worker: number): void {
  if (counts) new ConnectionCounts(counts, worker).clear()
}

/** An IPv4 address as it is, of an IPv6 address the first four groups. */
function clientOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const behind = tail === '' ? [] : tail.split(':')
    while (groups.length + behind.length < 8) groups.push('0')
    groups.push(...behind)
  }
  return groups.slice(0, 4).join(':')
}
