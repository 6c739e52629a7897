import type { Server, Socket } from 'node:net'
import { quietTurn } from './quiet-turn.ts'
import { COUNTER, GAUGE } from './shared-slots.ts'
import type { SharedSlots } from './shared-slots.ts'
import type { WorkerThread } from './worker-thread.ts'

/** Connections that may wait while there is no worker: what a listening socket's own queue would hold. */
const MAX_WAITING = 4_096

interface Accepted {
  readonly entryPoint: string
  readonly socket: Socket
}

/**
 * Accepts connections in this thread and hands each to the worker with the fewest: for sockets that cannot be
 * divided among workers. About 12 µs for each connection, none for its requests.
 */
export class ConnectionSharer {
  readonly #slots: SharedSlots
  readonly #servers: Server[] = []
  readonly #threads = new Set<WorkerThread>()
  #waiting: Accepted[] = []

  constructor(slots: SharedSlots) {
    this.#slots = slots
  }

  /** Closed with this. */
  add(server: Server): void {
    this.#servers.push(server)
  }

  /** From now on the worker gets connections. */
  serve(thread: WorkerThread): void {
    this.#threads.add(thread)
    const waiting = this.#waiting
    this.#waiting = []
    for (const { entryPoint, socket } of waiting) this.share(entryPoint, socket)
  }

  delete(thread: WorkerThread): void {
    this.#threads.delete(thread)
  }

  share(entryPoint: string, socket: Socket): void {
    const thread = this.#leastBusy()
    if (thread) {
      try {
        thread.handOver(entryPoint, socket)
      } catch {
        // Its client is gone already.
        socket.destroy()
      }
    } else if (this.#waiting.length < MAX_WAITING) this.#waiting.push({ entryPoint, socket })
    else socket.destroy()
  }

  /** Accepts nothing more. What has been accepted is handed over still. */
  async close(): Promise<void> {
    if (this.#servers.length > 0) await quietTurn()
    for (const server of this.#servers.splice(0)) server.close()
    for (const { socket } of this.#waiting.splice(0)) socket.destroy()
  }

  #leastBusy(): WorkerThread | undefined {
    let best: WorkerThread | undefined
    let fewest = Number.POSITIVE_INFINITY
    for (const thread of this.#threads) {
      const open = this.#openOf(thread)
      if (open >= fewest) continue
      best = thread
      fewest = open
    }
    return best
  }

  /** Connections that a worker has, those included that are on their way to it. */
  #openOf({ slot, handedOver, acceptedBefore }: WorkerThread): number {
    const { counters, gauges } = this.#slots.slot(slot)
    const closed = counters[COUNTER.accepted]! - acceptedBefore - Atomics.load(gauges, GAUGE.connections)
    return handedOver - closed
  }
}
