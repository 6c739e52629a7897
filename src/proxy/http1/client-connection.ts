import { NEVER } from '../deadlines.ts'
import type { Request } from '../request.ts'
import type { WhyCode } from '../why.ts'
import type { TlsTerms } from '../tls/terms.ts'
import type { Wire, WireHandler } from '../wire.ts'
import { ClientExchange } from './client-exchange.ts'
import type { ExchangePlace } from './client-exchange.ts'
import type { ConnectionHost } from './connection-host.ts'
import { endsConnection, refusalOf, upgradeOf } from './connection-terms.ts'
import type { HopFields } from './field-section.ts'
import { Lingering } from './lingering.ts'
import { RequestReader } from './request-reader.ts'
import type { RequestTaker } from './request-reader.ts'

/** Bytes of answers that may wait for a client before its next request is begun. */
const MAX_UNREAD_BYTES = 64 * 1024
/** Milliseconds after which the system asks a client that closed its side whether it is still there. */
const PROBE_IDLE_MS = 10_000
/** Milliseconds between two looks at what the system knows about it. */
const PROBE_LOOK_MS = 1_000

/** A client's HTTP/1.x connection: reads one request at a time, in order, and writes its answer before the next. */
export class ClientConnection implements WireHandler, RequestTaker, ExchangePlace {
  deadline = NEVER
  readonly wire: Wire
  readonly clientAddress: string
  readonly clientPort: number
  readonly localPort: number
  readonly secure: boolean
  readonly #tls: TlsTerms | undefined
  closed = false
  ended = false
  readonly #host: ConnectionHost
  readonly #requests: RequestReader
  readonly #exchange: ClientExchange
  readonly #lingering: Lingering
  readonly #openedAt: number
  /** Requests so far. */
  #count = 0
  /** Why the client is gone when it goes. */
  #lossWhy: WhyCode = 'DC'

  constructor(
    open: (handler: WireHandler) => Wire,
    peer: { address: string; port: number; localPort: number; secure: boolean; tls?: TlsTerms },
    host: ConnectionHost,
  ) {
    const { deadlines, limits } = host
    this.#host = host
    this.clientAddress = peer.address
    this.clientPort = peer.port
    this.localPort = peer.localPort
    this.secure = peer.secure
    this.#tls = peer.tls
    this.wire = open(this)
    this.#requests = new RequestReader(this, limits)
    this.#exchange = new ClientExchange(this, host)
    this.#lingering = new Lingering(this.wire, this, deadlines)
    this.#openedAt = deadlines.now
    deadlines.add(this)
    this.deadline = deadlines.in(limits.headersTimeout)
  }

  /** No request is at hand. */
  get idle(): boolean {
    return this.#exchange.over && !this.#lingering.begun
  }

  /**
   * The proxy stops: a busy connection closes after its answer. An idle one may wait for `idleFor` milliseconds,
   * since a request may be on its way already, the first of a new connection above all: closing would lose it.
   */
  stop(idleFor: number): void {
    if (!this.idle || this.#requests.withinHead) return
    if (idleFor === 0) this.#close()
    else this.deadline = Math.min(this.deadline, this.#host.deadlines.in(idleFor))
  }

  /** Closes at once, whatever is at hand. */
  destroy(): void {
    this.wire.reset()
  }

  // ---- wire -------------------------------------------------------------------------------------------------

  onBytes(bytes: Buffer): void {
    if (this.closed) return
    if (this.#lingering.begun) this.#lingering.discard(bytes.length)
    else if (this.#exchange.readsBody) {
      const next = this.#exchange.readBody(bytes, 0)
      if (next >= 0 && next < bytes.length) this.#keep(bytes.subarray(next))
    } else if (this.ready) this.#read(bytes)
    else this.#keep(bytes)
  }

  onEnd(): void {
    this.ended = true
    if (this.#exchange.readsBody) this.#exchange.cutOff()
    else if (this.#exchange.over && !this.#congested) this.#close()
    // A client may close its side behind complete requests and still read their answers. If it is gone instead, its
    // system says so to a probe, once it has forgotten the connection (docs/decisions/0003).
    else if (!this.#exchange.over) {
      if (this.#host.limits.abortOnClose) this.wire.destroy()
      else this.wire.probe(PROBE_IDLE_MS)
      this.lookAt(this.deadline)
    }
  }

  onDrain(): void {
    this.#exchange.drained()
    if (this.idle) this.#readOn()
  }

  onClose(): void {
    if (this.closed) return
    this.closed = true
    this.deadline = NEVER
    this.#host.deadlines.remove(this)
    this.#exchange.lost(this.#lossWhy)
    this.#host.closed(this)
  }

  // ---- requests ---------------------------------------------------------------------------------------------

  get ready(): boolean {
    return this.#exchange.over && !this.#lingering.begun && !this.closed && !this.#congested
  }

  begin(request: Request, hop: HopFields, bytes: Buffer, at: number): Buffer | null {
    this.#count++
    const last = endsConnection(request, hop) || this.#host.stopping() || this.#outlived
    const refusal = refusalOf(request, hop, this.#host.limits)
    if (refusal !== undefined) {
      this.refuse(refusal)
      return null
    }
    request.clientAddress = this.clientAddress
    request.clientPort = this.clientPort
    request.localPort = this.localPort
    if (this.secure) {
      request.scheme = 'https'
      request.tls = this.#tls
    }
    request.trailers = hop.trailers
    request.upgrade = upgradeOf(request, hop)
    this.lookAt(NEVER)
    const next = this.#exchange.begin(request, hop, bytes, at, last)
    return next >= 0 && next < bytes.length ? bytes.subarray(next) : null
  }

  awaitHead(): void {
    this.deadline = this.#host.deadlines.in(this.#host.limits.headersTimeout)
  }

  /** Answers what is no acceptable request, or that there is no room for this connection, and closes. */
  refuse(why: WhyCode): void {
    this.#exchange.refuse(why)
  }

  /** Reads what can be read of `borrowed`, behind what was kept, and keeps the rest. */
  #read(borrowed: Buffer): void {
    const rest = this.#requests.read(borrowed)
    if (rest !== null && !this.#lingering.begun) this.#keep(rest)
    else if (this.ended && this.idle && !this.closed) this.#close()
  }

  #keep(borrowed: Buffer): void {
    this.#requests.keep(borrowed)
    if (this.#requests.full) this.pause()
  }

  /** Goes on with what waits behind the last answer. */
  #readOn(): void {
    if (this.#requests.empty) {
      if (this.ended) this.#close()
    } else if (!this.#congested) {
      if (this.#requests.full) this.wire.resume()
      this.#read(this.#requests.take()!)
    }
  }

  /** The client does not take its answers: no further request is begun, or they would pile up (CVE-2013-4450). */
  get #congested(): boolean {
    return this.wire.backlog > MAX_UNREAD_BYTES
  }

  /** It has lasted as long, or carried as many requests, as it may. */
  get #outlived(): boolean {
    const { keepAliveMaxRequests, keepAliveMaxTime } = this.#host.limits
    return (
      (keepAliveMaxRequests > 0 && this.#count >= keepAliveMaxRequests) ||
      (keepAliveMaxTime > 0 && this.#host.deadlines.now - this.#openedAt >= keepAliveMaxTime)
    )
  }

  // ---- for the exchange -------------------------------------------------------------------------------------

  pause(): void {
    this.wire.pause()
    if (!this.#exchange.over) this.lookAt(this.deadline)
  }

  /** Who is not read, or has closed its side, is gone without a word when it is gone: it is asked for again and again. */
  lookAt(deadline: number): void {
    this.deadline = this.#deaf ? Math.min(deadline, this.#host.deadlines.in(PROBE_LOOK_MS)) : deadline
  }

  answered(): void {
    this.deadline = this.#host.deadlines.in(this.#host.limits.idleTimeout)
    if (!this.#requests.reading) this.#readOn()
  }

  dismiss(): void {
    this.#requests.drop()
    this.wire.resume()
    this.#close()
  }

  discarded(bytes: number): void {
    this.#lingering.discard(bytes)
  }

  takeUnread(): Buffer | null {
    return this.#requests.take()
  }

  // ---- time-outs and ends -----------------------------------------------------------------------------------

  expired(): void {
    if (this.#deaf && !this.#exchange.over && !this.wire.connected) this.wire.destroy()
    else if (this.#exchange.awaitsAnswer) this.lookAt(NEVER)
    else if (this.#exchange.keepsPace()) return
    // An answer that takes too long to leave is reset, so that it is not taken for complete.
    else if (this.#exchange.answers || (this.#lingering.begun && this.wire.backlog > 0)) {
      this.#lossWhy = 'SR'
      this.wire.reset()
    } else if (this.#lingering.begun) this.wire.destroy()
    else if (this.idle && !this.#requests.withinHead) this.#closeUnlessAsked()
    else this.#exchange.timeOut()
  }

  /** Nothing is read any more, or for now. */
  get #deaf(): boolean {
    return this.ended || this.wire.deaf
  }

  /** Time-outs run before the sockets are read: a request that has come by now is answered, not thrown away. */
  #closeUnlessAsked(): void {
    setImmediate(() => {
      if (this.idle && !this.#requests.withinHead && !this.closed) this.wire.destroy()
    })
  }

  #close(): void {
    this.#lingering.begin(this.#host.limits.writeTimeout)
  }
}
