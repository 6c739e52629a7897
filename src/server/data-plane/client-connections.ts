import type { Server, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Deadlines } from '../../proxy/deadlines.ts'
import { ClientConnection } from '../../proxy/http1/client-connection.ts'
import type { ConnectionHost } from '../../proxy/http1/connection-host.ts'
import type { Http2Host, Peer } from '../../proxy/http2/client-session.ts'
import { NewConnection } from '../../proxy/new-connection.ts'
import type { Doorway } from '../../proxy/new-connection.ts'
import { TlsTerminator } from '../../proxy/tls/terminator.ts'
import { tlsTermsOf } from '../../proxy/tls/terms.ts'
import type { WhyCode } from '../../proxy/why.ts'
import { Wire } from '../../proxy/wire.ts'
import type { WireHandler } from '../../proxy/wire.ts'
import type { ConnectionGate } from '../connection-gate.ts'
import { patchedTls } from '../plan-delta.ts'
import type { PlanDelta, TlsPlan } from '../plan.ts'
import type { Counts } from './counts.ts'

/** What answers the connections of an entry point, those in the clear and those over TLS. */
export interface Door {
  readonly gate: ConnectionGate
  readonly plain: ConnectionHost
  readonly secure: ConnectionHost & Http2Host
}

/** The module that speaks HTTP/2. It costs memory in every worker that loads it, and only TLS connections choose it. */
export type Http2 = typeof import('../../proxy/http2/client-session.ts')

/** Refused connections that may be told so at once; beyond that they are reset. */
const MAX_REFUSING = 1_000

/** The client connections of a worker: takes them in, finds out what they speak, and ends them when the proxy stops. */
export class ClientConnections {
  readonly #deadlines: Deadlines
  readonly #counts: Counts
  readonly #open = new Set<Connection>()
  #tls: { readonly plan: TlsPlan; readonly terminator: TlsTerminator; readonly http2: Http2 } | undefined =
    undefined
  #stopping = false
  #idleFor = 0
  /** Connections that are being told that they are too many. */
  #refusing = 0

  constructor(deadlines: Deadlines, counts: Counts) {
    this.#deadlines = deadlines
    this.#counts = counts
  }

  get size(): number {
    return this.#open.size
  }

  /** The proxy stops: every answer is the last one of its connection. */
  get stopping(): boolean {
    return this.#stopping
  }

  /** TLS handshakes by what came of them: `h2`, `http/1.1`, or why they failed. */
  get handshakes(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#tls?.terminator.outcomes ?? [])
  }

  countHandshake(outcome: string): void {
    this.#tls?.terminator.count(outcome)
  }

  /** Takes a change of the plan over; `http2` comes with it when something is served over TLS. */
  useTls(delta: PlanDelta['tls'], http2: Http2 | undefined): void {
    if (delta === undefined) return
    const { tls: plan } = patchedTls(this.#tls?.plan, delta)
    if (!plan || !http2) {
      this.#tls = undefined
      return
    }
    const terminator = this.#tls?.terminator
    terminator?.use(plan)
    this.#tls = { plan, terminator: terminator ?? new TlsTerminator(plan), http2 }
  }

  /** Serves a socket that was accepted with `pauseOnConnect`, by `server` or in another thread. */
  accept(door: Door, socket: Socket, server: Server | undefined, peer: ClientPeer): void {
    socket.setNoDelay(true)
    const refusal = door.gate.enter(peer.address)
    if (refusal !== undefined) {
      this.#refuse(refusal, door.plain, socket, server, peer)
      return
    }
    const open = (handler: WireHandler): Wire =>
      closing(Wire.accepted(socket, server, handler), () => door.gate.leave(peer.address))
    // Where nothing is served over TLS, no first byte is waited for.
    const connection = this.#tls
      ? new NewConnection(open, this.#doorway(door, peer))
      : new ClientConnection(open, peer, door.plain)
    this.#add(connection)
  }

  /** The connection is gone. */
  closed(connection: Connection): void {
    this.#open.delete(connection)
    this.#counts.connections(this.#open.size)
  }

  stop(idleFor: number): void {
    this.#stopping = true
    this.#idleFor = idleFor
    for (const connection of this.#open) connection.stop(idleFor)
  }

  /** Closes all at once. */
  destroy(): void {
    for (const connection of this.#open) connection.destroy()
  }

  #add(connection: Connection): void {
    this.#open.add(connection)
    this.#counts.connections(this.#open.size)
    if (this.#stopping) connection.stop(this.#idleFor)
  }

  /** A flood costs little: so many are told why at a time, the others are reset, as is who expects TLS. */
  #refuse(
    why: WhyCode,
    host: ConnectionHost,
    socket: Socket,
    server: Server | undefined,
    peer: ClientPeer,
  ): void {
    if (this.#tls || this.#refusing >= MAX_REFUSING) {
      this.#counts.why(why)
      socket.resetAndDestroy()
      return
    }
    this.#refusing++
    const connection = new ClientConnection(
      (handler) => closing(Wire.accepted(socket, server, handler), () => this.#refusing--),
      peer,
      host,
    )
    this.#open.add(connection)
    connection.refuse(why)
  }

  #doorway(door: Door, peer: ClientPeer): Doorway {
    return {
      deadlines: this.#deadlines,
      readTimeout: door.plain.limits.headersTimeout,
      plain: (connection, bytes) => this.#enterPlain(connection, bytes, peer, door.plain),
      secure: (connection, bytes) => this.#enterSecure(connection, bytes, peer, door.secure),
      closed: (connection) => this.closed(connection),
    }
  }

  #enterPlain(connection: NewConnection, bytes: Buffer, peer: ClientPeer, host: ConnectionHost): void {
    const { wire } = connection
    const client = new ClientConnection((handler) => swapHandler(wire, handler), peer, host)
    this.#replace(connection, client)
    client.onBytes(bytes)
  }

  #enterSecure(connection: NewConnection, bytes: Buffer, peer: ClientPeer, host: Door['secure']): void {
    const tls = this.#tls
    // TLS was switched off between the connection and its first byte.
    if (!tls) return connection.destroy()
    tls.terminator.accept(connection.wire.release(bytes), (socket) => {
      this.#replace(connection, openSecure(socket, connection.wire, peer, host, tls.http2))
    })
  }

  #replace(before: NewConnection, after: Connection): void {
    this.#open.delete(before)
    this.#add(after)
  }
}

/** A client's, whatever it speaks. */
export type Connection = Pick<ClientConnection, 'stop' | 'destroy'>

/** Where a connection comes from. */
export type ClientPeer = Peer & { readonly secure: boolean }

function openSecure(
  socket: TLSSocket,
  below: Wire,
  peer: ClientPeer,
  host: Door['secure'],
  { ClientSession: Session }: Http2,
): Connection {
  const secured = { ...peer, secure: true, tls: tlsTermsOf(socket) }
  if (socket.alpnProtocol === 'h2') return new Session(socket, below, secured, host)
  return new ClientConnection((handler) => Wire.tls(socket, handler, below), secured, host)
}

function closing(wire: Wire, closed: () => void): Wire {
  wire.socket.once('close', closed)
  return wire
}

function swapHandler(wire: Wire, handler: WireHandler): Wire {
  wire.handler = handler
  return wire
}
