import type { WhyCode } from '../proxy/why.ts'

/** How many connections one worker takes on one entry point; 0: no limit. Plain data. */
export interface ConnectionCaps {
  readonly maxConnections: number
  /** From one IPv4 address or one IPv6 network of 64 bits, which is what one client has. */
  readonly maxConnectionsPerClient: number
}

/** Counts the connections of an entry point and says which are too many. */
export class ConnectionGate {
  readonly #caps: ConnectionCaps
  readonly #clients = new Map<string, number>()
  #open = 0

  constructor(caps: ConnectionCaps) {
    this.#caps = caps
  }

  /** Takes a connection in, to be followed by `leave`; or says why it is refused. */
  enter(address: string): WhyCode | undefined {
    const { maxConnections, maxConnectionsPerClient } = this.#caps
    if (maxConnections > 0 && this.#open >= maxConnections) return 'CL'
    if (maxConnectionsPerClient > 0) {
      const client = clientOf(address)
      const open = this.#clients.get(client) ?? 0
      if (open >= maxConnectionsPerClient) return 'CI'
      this.#clients.set(client, open + 1)
    }
    this.#open++
    return undefined
  }

  leave(address: string): void {
    this.#open--
    if (this.#caps.maxConnectionsPerClient === 0) return
    const client = clientOf(address)
    const open = this.#clients.get(client) ?? 0
    if (open > 1) this.#clients.set(client, open - 1)
    else this.#clients.delete(client)
  }
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
