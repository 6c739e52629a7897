import { STATUS_CODES } from 'node:http'
import { Body } from '../body.ts'
import type { BodyProducer } from '../body.ts'
import type { Deadlines, Timed } from '../deadlines.ts'
import { NEVER } from '../deadlines.ts'
import type { HeaderList } from '../header-list.ts'
import { Request } from '../request.ts'
import { Response } from '../response.ts'
import { joinWires } from '../tunnel.ts'
import type { WhyCode } from '../why.ts'
import { Wire } from '../wire.ts'
import type { WireHandler } from '../wire.ts'
import { BodyReader } from './body-reader.ts'
import { HopFields } from './field-section.ts'
import { fieldsText, MessageWriter } from './message-writer.ts'
import { dropNominated } from './nominated.ts'
import { isHopeless, parseRequestHead } from './request-head.ts'
import type { RequestHeadLimits } from './request-head.ts'

/** What connections of one entry point share. */
export interface ConnectionHost {
  readonly deadlines: Deadlines
  readonly limits: ConnectionLimits
  /** The proxy is stopping: every answer closes its connection. */
  stopping(): boolean
  /** Answers a request; never throws and never rejects: failures are responses. `managedSeen`: a forwarded field or a look-alike is among the fields. */
  handle(request: Request, managedSeen: boolean): Response | Promise<Response>
  /** An exchange is over: `bytes` of body went to the client, the request came at `startedAt` (performance clock). */
  finished(request: Request, response: Response, bytes: number, startedAt: number): void
  /** A request was refused; `request` stands for it when its head could not be read. */
  refused(why: WhyCode, request: Request, startedAt: number): void
  /** A request has become a tunnel; `finished` follows when that ends. */
  tunnelled(request: Request): void
  /** The connection is gone. */
  closed(connection: ClientConnection): void
}

export interface MinimumRate {
  /** Bytes; 0: no limit. */
  readonly bytes: number
  /** Milliseconds over which so many bytes must move: a short hole in the network is forgiven. */
  readonly window: number
}

export interface ConnectionLimits extends RequestHeadLimits {
  /** Bytes of a request head. */
  readonly maxHeadBytes: number
  /** Names in lower case that a client may nominate in Connection and that travel on all the same. */
  readonly keptNominated: readonly string[]
  /** A client that closes its side while it waits has gone away; otherwise it still gets its answer. */
  readonly abortOnClose: boolean
  /** Bytes of a request body; Infinity: no limit. */
  readonly maxBodyBytes: number
  /** Milliseconds for a request head to come in, from the connection or from its first byte on; 0: no limit. */
  readonly headersTimeout: number
  /** How fast a request body must come. */
  readonly requestRate: MinimumRate
  /** How fast a client must take an answer that waits for it. */
  readonly responseRate: MinimumRate
  /** Milliseconds for a whole request to come in; 0: no limit. */
  readonly readTimeout: number
  /** Milliseconds for a whole answer to go out; 0: no limit. */
  readonly writeTimeout: number
  /** Milliseconds to wait for the next request; 0: no limit. */
  readonly idleTimeout: number
  /** Milliseconds after which a connection closes with its next answer; 0: never. */
  readonly keepAliveMaxTime: number
  /** Requests after which a connection closes; 0: never. */
  readonly keepAliveMaxRequests: number
}

/** Bytes of pipelined requests that may wait behind the one at hand. */
const MAX_WAITING_BYTES = 64 * 1024
/** Bytes of answers that may wait for a client before its next request is begun. */
const MAX_UNREAD_BYTES = 64 * 1024
/** Bytes of a refused or unwanted body that are read and thrown away rather than resetting the connection. */
const MAX_DISCARDED_BYTES = 64 * 1024
/** Milliseconds that a closing connection waits for its client to take the answer. */
const LINGER_MS = 1_000

/** Milliseconds after which the system asks a client that closed its side whether it is still there. */
const PROBE_IDLE_MS = 10_000
/** Milliseconds between two looks at what the system knows about it. */
const PROBE_LOOK_MS = 1_000

const hop = new HopFields()

/** A client's HTTP/1.x connection: reads one request at a time, in order, and writes its answer before the next. */
export class ClientConnection implements WireHandler, Timed, BodyProducer {
  deadline = NEVER
  readonly wire: Wire
  readonly clientAddress: string
  readonly clientPort: number
  readonly localPort: number
  readonly secure: boolean
  readonly #host: ConnectionHost
  readonly #writer: MessageWriter
  readonly #openedAt: number
  /** Bytes that came and wait: an unfinished head, or requests behind the one at hand. */
  #waiting: Buffer | null = null
  #request: Request | null = null
  #response: Response | null = null
  #reader: BodyReader | null = null
  #startedAt = 0
  #requests = 0
  /** The answer at hand is the last one. */
  #last = false
  #ended = false
  #closed = false
  /** Everything is answered; what still comes is thrown away until the client closes. */
  #lingering = false
  #discarded = 0
  #expectsContinue = false
  /** When what is under way must be over, whatever its rate; `deadline` is the next look at it. */
  #phaseEnd = NEVER
  /** When its rate is looked at next. */
  #windowEnd = NEVER
  /** Bytes that had come, or left, at the last look. */
  #mark = 0
  /** Since the last look it was we who did not read. */
  #heldUp = false
  /** Why the client is gone when it goes. */
  #lossWhy: WhyCode = 'DC'
  #readingHead = false
  #consuming = false
  readonly #onAnswer = (response: Response): void => this.#respond(response)

  constructor(
    open: (handler: WireHandler) => Wire,
    peer: { address: string; port: number; localPort: number; secure: boolean },
    host: ConnectionHost,
  ) {
    this.#host = host
    this.clientAddress = peer.address
    this.clientPort = peer.port
    this.localPort = peer.localPort
    this.secure = peer.secure
    this.wire = open(this)
    this.#writer = new MessageWriter(this.wire, {
      written: () => this.#onWritten(),
      broken: () => this.#onBroken(),
    })
    this.#openedAt = host.deadlines.now
    host.deadlines.add(this)
    this.deadline = host.deadlines.in(host.limits.headersTimeout)
  }

  /** Answers before anything was asked, and closes: there is no room for this connection. */
  refuse(why: WhyCode): void {
    this.#refuse(why)
  }

  /** No request is at hand. */
  get idle(): boolean {
    return this.#request === null && !this.#lingering
  }

  /**
   * The proxy stops: a busy connection closes after its answer. An idle one may wait for `idleFor` milliseconds,
   * since a request may be on its way already, the first of a new connection above all: closing would lose it.
   */
  stop(idleFor: number): void {
    if (!this.idle || this.#readingHead) return
    if (idleFor === 0) this.#close()
    else this.deadline = Math.min(this.deadline, this.#host.deadlines.in(idleFor))
  }

  /** Closes at once, whatever is at hand. */
  destroy(): void {
    this.wire.reset()
  }

  // ---- wire -------------------------------------------------------------------------------------------------

  onBytes(bytes: Buffer): void {
    if (this.#closed) return
    if (this.#lingering) return this.#discard(bytes.length)
    if (this.#reader !== null) {
      const next = this.#readBody(bytes, 0)
      if (next >= 0 && next < bytes.length) this.#wait(bytes.subarray(next))
    } else if (this.#request !== null || this.#congested) this.#wait(bytes)
    else this.#consume(bytes)
  }

  onEnd(): void {
    this.#ended = true
    if (this.#reader !== null) {
      // The body can never be complete: nobody shall take it for whole. An answer under way may break off with it, and
      // then the request is over when `fail` returns.
      const answering = this.#response !== null
      this.#reader.body.fail(new Error('client closed within the request body'))
      this.#reader = null
      this.#last = true
      if (!answering) {
        this.#abort()
        this.#refuse('BR')
      }
    } else if (this.#request === null && !this.#congested) this.#close()
    // A client may close its side behind complete requests and still read their answers. If it is gone instead, its
    // system says so to a probe, once it has forgotten the connection (docs/decisions/0003).
    else if (this.#request !== null) {
      if (this.#host.limits.abortOnClose) this.wire.destroy()
      else this.wire.probe(PROBE_IDLE_MS)
      this.deadline = Math.min(this.deadline, this.#host.deadlines.in(PROBE_LOOK_MS))
    }
  }

  onDrain(): void {
    this.#writer.drained()
    if (this.#request === null && !this.#lingering) this.#readOn()
  }

  onClose(): void {
    if (this.#closed) return
    this.#closed = true
    this.deadline = NEVER
    this.#host.deadlines.remove(this)
    const request = this.#request
    if (request !== null) {
      // The answer first: otherwise it would break off with the body, and end the exchange for that.
      this.#writer.abandon()?.cancel()
      this.#reader?.body.fail(new Error('client is gone'))
      if (this.#response === null) this.#abort()
      else {
        request.why = this.#lossWhy
        this.#finish(request, this.#response)
      }
    }
    this.#host.closed(this)
  }

  expired(): void {
    if (this.#request !== null && this.#response === null && this.#reader === null) return this.#lookForPeer()
    if (this.#deaf && !this.wire.connected) return this.wire.destroy()
    if (this.#request !== null && this.#host.deadlines.now < this.#phaseEnd && this.#keepsPace())
      return this.#lookLater()
    // An answer that takes too long to leave is reset, so that it is not taken for complete.
    if (this.#response !== null || (this.#lingering && this.wire.backlog > 0)) {
      this.#lossWhy = 'SR'
      this.wire.reset()
    } else if (this.#lingering) this.wire.destroy()
    else if (this.idle && !this.#readingHead) this.#closeUnlessAsked()
    else if (this.#request === null) this.#refuse('RT')
    else this.#timeOutBody()
  }

  /** Time-outs run before the sockets are read: a request that has come by now is answered, not thrown away. */
  #closeUnlessAsked(): void {
    setImmediate(() => {
      if (this.idle && !this.#readingHead && !this.#closed) this.wire.destroy()
    })
  }

  // ---- request body's producer ------------------------------------------------------------------------------

  resume(): void {
    if (!this.#closed) this.wire.resume()
  }

  /** Nobody wants the rest of the request body. What follows it cannot be read as a request before it has come. */
  cancel(): void {
    this.#last = true
    if (!this.#closed) this.wire.resume()
  }

  /** RFC 9110 §10.1.1: the client is asked for its body only when somebody wants it. */
  demand(): void {
    if (!this.#expectsContinue) return
    this.#expectsContinue = false
    if (!this.#closed && this.#response === null) this.wire.write('HTTP/1.1 100 Continue\r\n\r\n')
  }

  // ---- reading ----------------------------------------------------------------------------------------------

  /** Reads requests until one is under way or the bytes are not enough. A loop, since answers may come at once. */
  #consume(borrowed: Buffer): void {
    if (this.#consuming) return
    this.#consuming = true
    let bytes: Buffer | null = this.#waiting === null ? borrowed : Buffer.concat([this.#waiting, borrowed])
    this.#waiting = null
    while (
      bytes !== null &&
      this.#request === null &&
      !this.#lingering &&
      !this.#closed &&
      !this.#congested
    ) {
      bytes = this.#readRequest(bytes)
    }
    this.#consuming = false
    if (bytes !== null && !this.#lingering) this.#wait(bytes)
    else if (this.#ended && this.idle && !this.#closed) this.#close()
  }

  /** Reads one request from the start of `bytes`; gives what is behind it, or null when nothing is left to do. */
  #readRequest(bytes: Buffer): Buffer | null {
    // An empty line in front of a request is forgiven (RFC 9112 §2.2): some clients send one behind a body.
    const start = bytes[0] === 13 && bytes[1] === 10 ? 2 : 0
    const end = bytes.indexOf('\r\n\r\n', start, 'latin1')
    if (end < 0 || end - start > this.#host.limits.maxHeadBytes) return this.#awaitHead(bytes, start)
    this.#readingHead = false
    this.#startedAt = performance.now()
    const request = parseRequestHead(bytes, start, end + 2, hop, this.#host.limits)
    if (!(request instanceof Request)) {
      this.#refuse(request)
      return null
    }
    const refusal = this.#accept(request)
    if (refusal !== undefined) {
      this.#refuse(refusal)
      return null
    }
    return this.#begin(request, bytes, end + 4)
  }

  #awaitHead(bytes: Buffer, start: number): null {
    const { maxHeadBytes, maxTargetLength, headersTimeout } = this.#host.limits
    const lineEnd = bytes.indexOf(13, start)
    if (bytes.length - start > maxHeadBytes)
      this.#refuse(lineEnd < 0 || lineEnd > maxTargetLength + 64 ? 'UL' : 'HL')
    else if (bytes.length > start && isHopeless(bytes, start)) this.#refuse('BR')
    else if (bytes.length > start) {
      if (!this.#readingHead) this.deadline = this.#host.deadlines.in(headersTimeout)
      this.#readingHead = true
      this.#waiting = Buffer.from(bytes)
    }
    return null
  }

  /** What the head says about this connection; the why-code when it must not be. */
  #accept(request: Request): WhyCode | undefined {
    this.#requests++
    const { limits, deadlines } = this.#host
    const { keepAliveMaxRequests, keepAliveMaxTime } = limits
    this.#last =
      hop.close ||
      this.#host.stopping() ||
      (request.version === '1.0' && !hop.keepAlive) ||
      (keepAliveMaxRequests > 0 && this.#requests >= keepAliveMaxRequests) ||
      (keepAliveMaxTime > 0 && deadlines.now - this.#openedAt >= keepAliveMaxTime)
    if (hop.nominated !== undefined && !dropNominated(request.headers, hop.nominated, limits.keptNominated))
      return 'BR'
    if (hop.contentLength > limits.maxBodyBytes) return 'BL'
    this.#expectsContinue = false
    if (hop.expect !== undefined) {
      if (hop.expect.toLowerCase() !== '100-continue') return 'EX'
      this.#expectsContinue = request.version === '1.1'
    }
    return undefined
  }

  /** Hands a request on; gives the bytes behind it, or null when its body needs more than there is. */
  #begin(request: Request, bytes: Buffer, at: number): Buffer | null {
    request.clientAddress = this.clientAddress
    request.clientPort = this.clientPort
    request.localPort = this.localPort
    if (this.secure) request.scheme = 'https'
    request.trailers = hop.trailers
    const hasBody = hop.chunked || hop.contentLength > 0
    // An upgrade has no body: what follows would be read by one side as a body and by the other as a request.
    if (
      hop.upgrade !== undefined &&
      hop.connectionUpgrade &&
      request.method === 'GET' &&
      !hasBody &&
      request.version === '1.1'
    ) {
      if (hop.upgrade.toLowerCase() === 'websocket') request.upgrade = hop.upgrade
    }
    if (request.version === '1.1')
      request.onInformation = (status, headers) => this.#inform(request, status, headers)
    const managed = hop.managed
    this.#request = request
    this.deadline = this.#ended ? this.#host.deadlines.in(PROBE_LOOK_MS) : NEVER
    let next = at
    if (hasBody) {
      const { maxBodyBytes, readTimeout, requestRate } = this.#host.limits
      this.#reader = new BodyReader(hop.chunked, hop.contentLength, this, maxBodyBytes)
      request.body = this.#reader.body
      this.#watch(readTimeout, requestRate)
      // What came with the head is in the body before the request is handed on.
      if (at < bytes.length) next = this.#readBody(bytes, at)
      if (next < 0) return null
    }
    const rest = next < bytes.length ? bytes.subarray(next) : null
    const answer = this.#host.handle(request, managed)
    if (answer instanceof Promise) void answer.then(this.#onAnswer)
    else this.#respond(answer)
    return rest
  }

  /** Takes body bytes; the offset behind them, or -1 when the body is malformed or too long: the request has then failed. */
  #readBody(bytes: Buffer, at: number): number {
    const reader = this.#reader!
    const next = reader.write(bytes, at)
    if (next < 0) {
      this.#reader = null
      this.#last = true
      const answering = this.#response !== null
      reader.body.fail(new Error('request body is malformed'))
      if (!answering) {
        this.#abort()
        this.#refuse(reader.tooLong ? 'BL' : 'BR')
      } else this.wire.reset()
      return -1
    }
    if (reader.done) {
      this.#reader = null
      if (this.#response === null) this.deadline = NEVER
    } else if (reader.body.full) {
      this.#heldUp = true
      this.#pause()
    } else if (reader.body.cancelled) this.#discard(next - at)
    return next
  }

  #wait(bytes: Buffer): void {
    this.#waiting = this.#waiting === null ? Buffer.from(bytes) : Buffer.concat([this.#waiting, bytes])
    if (this.#waiting.length >= MAX_WAITING_BYTES) this.#pause()
  }

  /** Who does not read is not told of a reset, and the request would go on for nobody: from now on it is asked for. */
  #pause(): void {
    this.wire.pause()
    if (this.#request !== null)
      this.deadline = Math.min(this.deadline, this.#host.deadlines.in(PROBE_LOOK_MS))
  }

  /**
   * Sets the time-out of what begins now, and the time of the first look at its rate. What a connection has sent for
   * earlier requests counts at the first look, so that a request costs no call into the system.
   */
  #watch(timeout: number, { bytes, window }: MinimumRate): void {
    const { deadlines } = this.#host
    this.#phaseEnd = deadlines.in(timeout)
    this.#mark = 0
    this.#heldUp = false
    this.#windowEnd = bytes === 0 ? NEVER : deadlines.now + window
    this.#lookLater()
  }

  /** Nothing is read any more, or for now. */
  get #deaf(): boolean {
    return this.#ended || this.wire.deaf
  }

  #lookLater(): void {
    this.deadline = Math.min(this.#phaseEnd, this.#windowEnd)
    if (this.#deaf) this.deadline = Math.min(this.deadline, this.#host.deadlines.in(PROBE_LOOK_MS))
  }

  /** Whether the client sends, or takes, as fast as it must, as far as it is time to say so. */
  #keepsPace(): boolean {
    const { deadlines, limits } = this.#host
    if (deadlines.now < this.#windowEnd) return true
    const answering = this.#response !== null
    const { bytes, window } = answering ? limits.responseRate : limits.requestRate
    const count = answering ? this.wire.sent : (this.#reader?.body.received ?? 0)
    const moved = count - this.#mark
    this.#mark = count
    if (moved < bytes && !this.#excused(answering)) return false
    this.#heldUp = this.#reader?.body.full ?? false
    this.#windowEnd = deadlines.now + window
    return true
  }

  /** Its side is closed, and it waits for an answer; or it is gone, and nobody does. */
  #lookForPeer(): void {
    if (this.wire.connected) this.deadline = this.#host.deadlines.in(PROBE_LOOK_MS)
    else this.wire.destroy()
  }

  /** It is not the client that is waited for. */
  #excused(answering: boolean): boolean {
    if (answering) return this.wire.backlog === 0
    return this.#heldUp || this.#expectsContinue
  }

  #timeOutBody(): void {
    this.#reader?.body.fail(new Error('client was too slow to send its body'))
    this.#reader = null
    this.#abort()
    this.#refuse('RT')
  }

  /** Tells whoever works on the request that nobody waits for it. */
  #abort(): void {
    const request = this.#request!
    request.aborted = true
    request.body?.cancel()
    request.onAbort?.()
  }

  // ---- answering --------------------------------------------------------------------------------------------

  #inform(request: Request, status: number, headers: HeaderList): void {
    if (this.#request === request && this.#response === null && !this.#closed) {
      this.wire.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${fieldsText(headers)}\r\n`)
    }
  }

  #respond(response: Response): void {
    const request = this.#request
    if (request === null || this.#response !== null) {
      // The request was refused meanwhile (its body broke off): the answer has nobody to go to.
      response.discard()
      return
    }
    this.#response = response
    request.why = response.why
    if (this.#closed) {
      response.discard()
      request.why = 'DC'
      this.#finish(request, response)
      return
    }
    const { writeTimeout, responseRate } = this.#host.limits
    this.#watch(writeTimeout, responseRate)
    if (response.tunnel) this.#openTunnel(request, response)
    else this.#write(request, response)
  }

  #write(request: Request, response: Response): void {
    const { body, status } = response
    // The client still sends: the connection cannot be used again unless the rest is short enough to be thrown away.
    if (this.#reader !== null || this.#host.stopping()) this.#last = true
    const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${fieldsText(response.headers)}${whyField(response.why)}`
    const bodiless = request.method === 'HEAD' || status === 204 || status === 304
    if (typeof body === 'string' && Buffer.byteLength(body) !== body.length) {
      response.body = Body.of(Buffer.from(body))
      this.#write(request, response)
      return
    }
    if (typeof body === 'string' || body === null) {
      const length = bodiless
        ? bodilessLength(request, response, body)
        : `Content-Length: ${body === null ? 0 : body.length}\r\n`
      this.#writer.writeWhole(
        head + length + this.#persistence(request) + '\r\n',
        bodiless || body === null ? '' : body,
      )
      return
    }
    if (bodiless) {
      body.cancel()
      this.#writer.writeWhole(head + this.#persistence(request) + '\r\n', '')
      return
    }
    this.#writeBody(request, head, body)
  }

  #writeBody(request: Request, head: string, body: Body): void {
    const chunked = body.length === undefined && request.version === '1.1'
    // HTTP/1.0 knows no chunks: the end of the connection is the end of the body.
    if (body.length === undefined && !chunked) this.#last = true
    const framing = chunked
      ? 'Transfer-Encoding: chunked\r\n'
      : body.length === undefined
        ? ''
        : `Content-Length: ${body.length}\r\n`
    this.#writer.writeBody(
      head + framing + this.#persistence(request) + '\r\n',
      body,
      chunked,
      request.trailers,
    )
  }

  #persistence(request: Request): string {
    if (this.#last) return 'Connection: close\r\n'
    return request.version === '1.0' ? 'Connection: keep-alive\r\n' : ''
  }

  #onWritten(): void {
    const request = this.#request
    const response = this.#response
    if (request === null || response === null) return
    this.#finish(request, response)
    if (this.#closed) return
    if (this.#last) {
      this.#linger()
      return
    }
    this.deadline = this.#host.deadlines.in(this.#host.limits.idleTimeout)
    if (!this.#consuming) this.#readOn()
  }

  /** Goes on with what waits behind the last answer. */
  #readOn(): void {
    const waiting = this.#waiting
    if (waiting === null) {
      if (this.#ended) this.#close()
      return
    }
    if (this.#congested) return
    this.#waiting = null
    if (waiting.length >= MAX_WAITING_BYTES) this.wire.resume()
    this.#consume(waiting)
  }

  /** The client does not take its answers: no further request is begun, or they would pile up (CVE-2013-4450). */
  get #congested(): boolean {
    return this.wire.backlog > MAX_UNREAD_BYTES
  }

  /** The response broke off: the client must see that, and never a clean end. */
  #onBroken(): void {
    const request = this.#request!
    request.why ??= 'UC'
    this.#finish(request, this.#response!)
    this.wire.reset()
  }

  #finish(request: Request, response: Response): void {
    this.#request = null
    this.#response = null
    this.#host.finished(request, response, this.#writer.bodyBytes, this.#startedAt)
  }

  /** Refuses what is no acceptable request, and closes: where the next one would begin is not known. */
  #refuse(why: WhyCode): void {
    const request = this.#request ?? Request.unread(this.clientAddress, this.clientPort, this.localPort)
    const startedAt = this.#request === null ? performance.now() : this.#startedAt
    this.#readingHead = false
    this.#request = null
    this.#response = null
    this.#waiting = null
    this.#last = true
    this.#host.refused(why, request, startedAt)
    if (this.#closed) return
    const { status, headers, body } = Response.because(why)
    const length = `Content-Length: ${Buffer.byteLength(body as string)}\r\n`
    this.wire.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${fieldsText(headers)}${whyField(why)}${length}Connection: close\r\n\r\n${body as string}`,
    )
    this.#linger()
  }

  // ---- ends -------------------------------------------------------------------------------------------------

  /** Closes our side and waits for the client's: closing both with bytes unread would reset the answer away. */
  #linger(): void {
    this.#lingering = true
    this.#waiting = null
    this.#reader = null
    this.wire.resume()
    this.#close()
  }

  /** Bytes that nobody wants: read to a limit, since unread ones turn the end into a reset; then left lying. */
  #discard(length: number): void {
    this.#discarded += length
    if (this.#discarded > MAX_DISCARDED_BYTES) this.wire.pause()
  }

  #close(): void {
    this.#lingering = true
    this.wire.end()
    const { deadlines, limits } = this.#host
    if (this.wire.backlog === 0) {
      this.deadline = deadlines.in(LINGER_MS)
      return
    }
    // While a slow client still takes its answer, only the write time-out counts.
    this.deadline = Math.min(this.deadline, deadlines.in(limits.writeTimeout))
    this.wire.socket.once('finish', () => (this.deadline = deadlines.in(LINGER_MS)))
  }

  // ---- tunnel -----------------------------------------------------------------------------------------------

  #openTunnel(request: Request, response: Response): void {
    const tunnel = response.tunnel!
    this.#host.tunnelled(request)
    this.deadline = NEVER
    this.wire.write(`HTTP/1.1 101 ${STATUS_CODES[101]}\r\n${fieldsText(response.headers)}\r\n`)
    if (tunnel.head.length > 0) this.wire.write(tunnel.head)
    // Bytes that the client sent ahead belong to the tunnel now.
    const early = this.#waiting
    this.#waiting = null
    joinWires(this.wire, tunnel.wire, (bytesToClient) => {
      tunnel.onEnd()
      this.#request = null
      this.#host.finished(request, response, bytesToClient, this.#startedAt)
      this.onClose()
    })
    if (early) tunnel.wire.write(early)
    if (this.#ended) tunnel.wire.end()
    tunnel.wire.resume()
    this.wire.resume()
  }
}

function whyField(why: WhyCode | undefined): string {
  // RFC 9110 §6.6.1: who makes an answer dates it.
  return why === undefined ? '' : `Date: ${httpDate()}\r\nTidegate-Why: ${why}\r\n`
}

/** HEAD of an answer of our own says how long it would have been; an endpoint's says so in its own field. */
function bodilessLength(request: Request, response: Response, body: string | null): string {
  if (body === null || request.method !== 'HEAD' || response.headers.has('Content-Length')) return ''
  return `Content-Length: ${Buffer.byteLength(body)}\r\n`
}

let dateSecond = 0
let dateText = ''

/** The current second as an HTTP date, made once per second. */
function httpDate(): string {
  const second = Math.floor(Date.now() / 1_000)
  if (second !== dateSecond) {
    dateSecond = second
    dateText = new Date(second * 1_000).toUTCString()
  }
  return dateText
}
