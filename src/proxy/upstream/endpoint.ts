import type { Balanced } from '../../balancing/load-balancer.ts'
import type { EndpointPlan } from '../../server/plan.ts'
import type { Deadlines } from '../deadlines.ts'
import type { Transport } from './transport.ts'
import { UpstreamConnection } from './connection.ts'

/** Milliseconds between two reports of one reason. */
const TLS_FAILURE_EVERY = 60_000

/** One endpoint of a service as one worker sees it: its connections and what is on its way to it. */
export class Endpoint implements Balanced {
  readonly key: string
  plan: EndpointPlan
  /** Written by the balancer, as is the other. */
  weight: number
  hashName: string
  /** Requests and tunnels on their way. */
  inFlight = 0
  /** Requests and tunnels that may be on their way at once, and so connections that may be open. */
  maxConnections = Number.POSITIVE_INFINITY
  transport: Transport
  /** What the last TLS connection can be resumed by. */
  tlsSession: Buffer | undefined = undefined
  /** Told why a connection is not secure, each reason once in a while. */
  onTlsFailure: ((reason: string) => void) | undefined = undefined
  readonly deadlines: Deadlines
  /** Last in, first out: what was used last is least likely to have been closed by the peer. */
  readonly #idle: UpstreamConnection[] = []
  readonly #open = new Set<UpstreamConnection>()
  /** Of these, those that were opened with an earlier transport: they finish what they carry, and no more. */
  readonly #outdated = new Set<UpstreamConnection>()
  #lastTlsFailure = ''
  #lastTlsFailureAt = 0
  readonly #drained: (endpoint: Endpoint) => void
  readonly #freed: () => void

  /** `drained` is called whenever nothing is in flight any more while the endpoint drains, `freed` when an exchange is over. */
  constructor(
    key: string,
    plan: EndpointPlan,
    transport: Transport,
    deadlines: Deadlines,
    drained: (endpoint: Endpoint) => void,
    freed: () => void = () => {},
  ) {
    this.key = key
    this.plan = plan
    this.weight = plan.weight
    this.hashName = plan.url
    this.transport = transport
    this.deadlines = deadlines
    this.#drained = drained
    this.#freed = freed
  }

  get draining(): boolean {
    return this.plan.state === 'draining'
  }

  get full(): boolean {
    return this.inFlight >= this.maxConnections
  }

  /** Connections open to it, idle ones included. */
  get connections(): number {
    return this.#open.size
  }

  /**
   * A connection that is free to carry a request, or a new one that is still connecting. `fresh`: a new one in any
   * case, since the peer that closed one idle connection has often closed them all.
   */
  acquire(fresh: boolean): UpstreamConnection {
    this.inFlight++
    const idle = fresh ? undefined : this.#idle.pop()
    if (idle) return idle
    if (this.#open.size >= this.maxConnections) this.#idle.shift()?.close()
    const connection = new UpstreamConnection(this)
    this.#open.add(connection)
    return connection
  }

  /** Takes a new plan over. A draining endpoint keeps no idle connection: its process may stop at any moment. */
  update(plan: EndpointPlan): void {
    this.plan = plan
    if (!this.draining) return
    for (const connection of this.#idle.splice(0)) connection.close()
    if (this.inFlight === 0) this.#drained(this)
  }

  /** New connections are opened so from now on; idle ones are closed, and others when they have finished. */
  useTransport(transport: Transport): void {
    if (transport === this.transport) return
    this.transport = transport
    this.tlsSession = undefined
    for (const connection of this.#idle.splice(0)) connection.close()
    for (const connection of this.#open) this.#outdated.add(connection)
  }

  /** A connection to it is not secure. Whoever asks all the time is told the same all the time, but its operator is not. */
  tlsFailed(reason: string): void {
    this.tlsSession = undefined
    const now = performance.now()
    if (reason === this.#lastTlsFailure && now - this.#lastTlsFailureAt < TLS_FAILURE_EVERY) return
    this.#lastTlsFailure = reason
    this.#lastTlsFailureAt = now
    this.onTlsFailure?.(reason)
  }

  /** Ends everything that is still going on with it. */
  close(): void {
    for (const connection of this.#open) connection.close()
    this.#idle.length = 0
  }

  // ---- for its connections ----------------------------------------------------------------------------------

  /** An exchange is over, however it went. */
  exchangeEnded(): void {
    this.inFlight--
    this.#freed()
    if (this.inFlight === 0 && this.draining) this.#drained(this)
  }

  /** True when the connection is kept for the next request. */
  keep(connection: UpstreamConnection): boolean {
    if (this.draining || this.#idle.length >= this.transport.maxIdleConnections) return false
    if (this.#outdated.size > 0 && this.#outdated.has(connection)) return false
    this.#idle.push(connection)
    return true
  }

  /** The connection is of no more use. */
  forget(connection: UpstreamConnection): void {
    this.#open.delete(connection)
    this.#outdated.delete(connection)
    const at = this.#idle.lastIndexOf(connection)
    if (at >= 0) this.#idle.splice(at, 1)
  }
}
