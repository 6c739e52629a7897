import type { Balanced } from '../../balancing/load-balancer.ts'
import type { EndpointPlan } from '../../server/plan.ts'
import type { Deadlines } from '../deadlines.ts'
import type { Transport } from './transport.ts'
import { UpstreamConnection } from './connection.ts'

/** The service that endpoints belong to: what they all have in common is kept there, once. */
export interface EndpointOwner {
  readonly transport: Transport
  readonly deadlines: Deadlines
  /** Requests and tunnels that may be on their way to each endpoint at once, and so connections that may be open. */
  readonly maxConnections: number
  /** Nothing is in flight any more while the endpoint drains. */
  drained(endpoint: Endpoint): void
  /** An exchange is over. */
  freed(): void
  /** A connection to the endpoint is not secure; each reason is told once in a while. */
  tlsFailed(endpoint: Endpoint, reason: string): void
}

/** Milliseconds between two reports of one reason. */
const TLS_FAILURE_EVERY = 60_000

/**
 * One endpoint of a service as one worker sees it: its connections and what is on its way to it. Most endpoints of a
 * large plan are idle most of the time, so what only connections need is made with the first one.
 */
export class Endpoint implements Balanced {
  readonly key: string
  plan: EndpointPlan
  /** Written by the balancer, as is the other. */
  weight: number
  hashName: string
  /** Requests and tunnels on their way. */
  inFlight = 0
  readonly #owner: EndpointOwner
  /** It has failed lately, here or in another worker, so that its next success is news. */
  suspect = false
  /** What the last TLS connection can be resumed by. */
  tlsSession: Buffer | undefined = undefined
  /** Last in, first out: what was used last is least likely to have been closed by the peer. */
  #idle: UpstreamConnection[] | undefined = undefined
  #open: Set<UpstreamConnection> | undefined = undefined
  /** Of these, those that were opened with an earlier transport: they finish what they carry, and no more. */
  #outdated: Set<UpstreamConnection> | undefined = undefined
  #lastTlsFailure: { readonly reason: string; readonly at: number } | undefined = undefined

  constructor(key: string, plan: EndpointPlan, owner: EndpointOwner) {
    this.key = key
    this.plan = plan
    this.weight = plan.weight
    this.hashName = plan.url
    this.#owner = owner
  }

  get draining(): boolean {
    return this.plan.state === 'draining'
  }

  get full(): boolean {
    return this.inFlight >= this.#owner.maxConnections
  }

  get transport(): Transport {
    return this.#owner.transport
  }

  get deadlines(): Deadlines {
    return this.#owner.deadlines
  }

  /** Connections open to it, idle ones included. */
  get connections(): number {
    return this.#open?.size ?? 0
  }

  /**
   * A connection that is free to carry a request, or a new one that is still connecting. `fresh`: a new one in any
   * case, since the peer that closed one idle connection has often closed them all.
   */
  acquire(fresh: boolean): UpstreamConnection {
    this.inFlight++
    const idle = fresh ? undefined : this.#idle?.pop()
    if (idle) return idle
    if (this.connections >= this.#owner.maxConnections) this.#idle?.shift()?.close()
    const connection = new UpstreamConnection(this)
    this.#open ??= new Set()
    this.#open.add(connection)
    return connection
  }

  /** Takes a new plan over. A draining endpoint keeps no idle connection: its process may stop at any moment. */
  update(plan: EndpointPlan): void {
    this.plan = plan
    if (!this.draining) return
    for (const connection of this.#idle?.splice(0) ?? []) connection.close()
    if (this.inFlight === 0) this.#owner.drained(this)
  }

  /** New connections are opened so from now on; idle ones are closed, and others when they have finished. */
  transportChanged(): void {
    this.tlsSession = undefined
    for (const connection of this.#idle?.splice(0) ?? []) connection.close()
    if (this.#open) this.#outdated = new Set(this.#open)
  }

  /** A connection to it is not secure. Whoever asks all the time is told the same all the time, but its operator is not. */
  tlsFailed(reason: string): void {
    this.tlsSession = undefined
    const now = performance.now()
    const last = this.#lastTlsFailure
    if (last?.reason === reason && now - last.at < TLS_FAILURE_EVERY) return
    this.#lastTlsFailure = { reason, at: now }
    this.#owner.tlsFailed(this, reason)
  }

  /** Ends everything that is still going on with it. */
  close(): void {
    for (const connection of this.#open ?? []) connection.close()
    this.#idle = undefined
  }

  // ---- for its connections ----------------------------------------------------------------------------------

  /** An exchange is over, however it went. */
  exchangeEnded(): void {
    this.inFlight--
    this.#owner.freed()
    if (this.inFlight === 0 && this.draining) this.#owner.drained(this)
  }

  /** True when the connection is kept for the next request. */
  keep(connection: UpstreamConnection): boolean {
    this.#idle ??= []
    if (this.draining || this.#idle.length >= this.transport.maxIdleConnections) return false
    if (this.#outdated?.has(connection)) return false
    this.#idle.push(connection)
    return true
  }

  /** The connection is of no more use. */
  forget(connection: UpstreamConnection): void {
    this.#open?.delete(connection)
    this.#outdated?.delete(connection)
    const at = this.#idle?.lastIndexOf(connection) ?? -1
    if (at >= 0) this.#idle?.splice(at, 1)
  }
}
