import { Body } from '../body.ts'
import type { BodyProducer } from '../body.ts'
import type { Timed } from '../deadlines.ts'
import { NEVER } from '../deadlines.ts'
import { BodyReader } from '../http1/body-reader.ts'
import { endOfHead, latin1 } from '../http1/bytes.ts'
import { HopFields } from '../http1/field-section.ts'
import { MessageWriter } from '../http1/message-writer.ts'
import { isHopelessAnswer, parseResponseHead } from '../http1/response-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { Request } from '../request.ts'
import { Response } from '../response.ts'
import type { Wire, WireHandler } from '../wire.ts'
import type { Endpoint } from './endpoint.ts'
import type { Exchange, FailureKind } from './exchange.ts'
import { openWire } from './open-wire.ts'
import { requestHead } from './request-head.ts'
import { tlsFailure } from './tls-failure.ts'

/** Bytes that a response head may have. */
const MAX_HEAD_BYTES = 64 * 1024
/**
 * Bytes of a body that, when it came with its head, is handed on as text: from there to its write 148 ns for 202 at
 * 100 bytes, but 381 for 310 at 2,048.
 */
const SHORT_BODY = 512
/** Interim answers to one request; more is an endpoint gone wrong. */
const MAX_INFORMATION = 32

/** What the last head said about its connection; read before the next head is parsed. */
const hop = new HopFields()

/**
 * One HTTP/1.1 connection to an endpoint: carries one exchange at a time, and is used again only after a response
 * that ended exactly where it should, on a connection on which nothing odd ever happened.
 */
export class UpstreamConnection implements WireHandler, Timed, BodyProducer {
  deadline = NEVER
  readonly #endpoint: Endpoint
  readonly #wire: Wire
  readonly #writer: MessageWriter
  #connected = false
  #closed = false
  /** The request at hand: from `send` until its response is complete. */
  #request: Request | null = null
  /** Who waits for the head of the response. */
  #exchange: Exchange | null = null
  #passHostHeader = true
  #sent = false
  #partial: Buffer | null = null
  #reader: BodyReader | null = null
  #reusable = true
  /** Milliseconds that the connection may wait for its next request. */
  #idleTimeout = 0
  #tunnelled = false
  #information = 0

  /** Starts connecting. */
  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint
    this.#wire = openWire(endpoint, this, () => this.#onConnected())
    this.#writer = new MessageWriter(this.#wire, {
      written: () => this.#onWritten(),
      broken: () => this.#onRequestBroken(),
    })
    endpoint.deadlines.add(this)
    this.deadline = endpoint.deadlines.in(endpoint.transport.dialTimeout)
  }

  /** Sends a request, as soon as the connection is there. */
  send(request: Request, passHostHeader: boolean, exchange: Exchange): void {
    this.#request = request
    this.#exchange = exchange
    this.#passHostHeader = passHostHeader
    this.#sent = false
    this.#information = 0
    if (!this.#connected) return
    // It waited for this request until now.
    this.deadline = NEVER
    this.#write()
  }

  /** Gives the exchange up: the client is gone. */
  abort(): void {
    this.#fail('aborted')
  }

  /** Gives the exchange up: it takes too long. What was not sent yet has not even been connected. */
  giveUp(): void {
    this.#fail(this.#connected ? 'timeout' : 'connect-timeout')
  }

  /** Closes the connection, whatever it does. */
  close(): void {
    if (this.#exchange) this.#fail('broken')
    else this.#discard(new Error('endpoint is gone'))
  }

  // ---- wire -------------------------------------------------------------------------------------------------

  onBytes(bytes: Buffer): void {
    if (this.#closed) return
    if (this.#reader) this.#readBody(bytes, 0)
    else if (this.#exchange) this.#readHead(bytes)
    // Bytes on an idle connection belong to no request: they would answer the next one (response queue poisoning).
    else this.#discard(undefined)
  }

  onEnd(): void {
    if (this.#closed) return
    if (this.#reader?.endsWithConnection) {
      this.#reusable = false
      this.#reader.body.end()
      this.#onResponseComplete()
    } else if (this.#exchange) this.#fail(this.#lossKind())
    else this.#discard(new Error('endpoint closed the connection within its response'))
  }

  onDrain(): void {
    this.#writer.drained()
  }

  onClose(error?: Error): void {
    const insecure = error && this.#endpoint.plan.tls ? tlsFailure(error) : undefined
    if (insecure !== undefined) this.#endpoint.tlsFailed(insecure)
    if (this.#exchange) this.#fail(insecure !== undefined && !this.#connected ? 'tls' : this.#lossKind())
    else this.#discard(new Error('connection to the endpoint was reset'))
  }

  expired(): void {
    if (this.#exchange) this.giveUp()
    else this.#discard(undefined)
  }

  // ---- response body's producer -----------------------------------------------------------------------------

  resume(): void {
    if (!this.#closed) this.#wire.resume()
  }

  cancel(): void {
    this.#discard(undefined)
  }

  // ---- request ----------------------------------------------------------------------------------------------

  #onConnected(): void {
    this.#connected = true
    this.deadline = NEVER
    if (this.#exchange) this.#write()
  }

  #write(): void {
    const request = this.#request!
    this.#sent = true
    const head = requestHead(request, this.#endpoint.plan, this.#passHostHeader)
    const { body } = request
    if (body === null) this.#writer.writeWhole(head, '')
    else this.#writer.writeBody(head, body, body.length === undefined, true)
  }

  #onWritten(): void {
    if (this.#exchange)
      this.deadline = this.#endpoint.deadlines.in(
        this.#request!.perTryTimeout || this.#endpoint.transport.responseHeaderTimeout,
      )
  }

  #onRequestBroken(): void {
    if (this.#exchange) this.#fail('request-body')
    else this.#discard(new Error('request broke off'))
  }

  // ---- response ---------------------------------------------------------------------------------------------

  #readHead(borrowed: Buffer): void {
    const bytes = this.#partial ? Buffer.concat([this.#partial, borrowed]) : borrowed
    const end = endOfHead(bytes, 0)
    if (end < 0 || end > MAX_HEAD_BYTES) {
      this.#partial = Buffer.from(bytes)
      if (end > 0 || bytes.length > MAX_HEAD_BYTES || isHopelessAnswer(bytes)) this.#fail('malformed')
      return
    }
    this.#partial = null
    const head = parseResponseHead(bytes, end + 2, hop)
    if (!head) this.#fail('malformed')
    else if (head.status < 200) this.#onInterim(head, bytes.subarray(end + 4))
    else this.#onHead(head, bytes, end + 4)
  }

  /** RFC 9110 §15.2. 101 is the one interim status that ends the exchange. */
  #onInterim(head: ResponseHead, rest: Buffer): void {
    const request = this.#request!
    if (head.status === 101) {
      this.#onSwitched(head, rest)
      return
    }
    if (++this.#information > MAX_INFORMATION) {
      this.#fail('malformed')
      return
    }
    // 100 answers an expectation, which is settled between the client and us.
    if (head.status !== 100) this.#exchange!.onInformation(head.status, head.headers)
    if (rest.length > 0 && this.#request === request && !this.#closed) this.#readHead(rest)
  }

  #onSwitched(head: ResponseHead, rest: Buffer): void {
    const request = this.#request!
    const agreed =
      request.upgrade !== undefined && hop.upgrade?.toLowerCase() === request.upgrade.toLowerCase()
    if (!agreed || this.#writer.busy) {
      this.#fail('malformed')
      return
    }
    const response = new Response(101, head.headers, null)
    response.headers.append('Connection', 'Upgrade')
    response.headers.append('Upgrade', hop.upgrade!)
    response.tunnel = { wire: this.#wire, head: Buffer.from(rest), onEnd: () => this.#discard(undefined) }
    this.#tunnelled = true
    this.deadline = NEVER
    this.#wire.pause()
    this.#answer(response)
  }

  #onHead(head: ResponseHead, bytes: Buffer, at: number): void {
    this.deadline = NEVER
    this.#idleTimeout = keptFor(hop.keepAliveTimeout, this.#endpoint.transport.idleTimeout)
    this.#reusable = !hop.close && (head.version === '1.1' || hop.keepAlive) && this.#idleTimeout > 0
    const response = new Response(head.status, head.headers, null)
    if (this.#request!.method === 'HEAD' || head.status === 204 || head.status === 304) {
      // The length of what is not sent (RFC 9110 §9.3.2) travels on as a field.
      if (hop.contentLength >= 0 && head.status !== 204)
        head.headers.append('Content-Length', String(hop.contentLength))
    } else if (
      hop.contentLength > 0 &&
      hop.contentLength <= SHORT_BODY &&
      at + hop.contentLength <= bytes.length
    ) {
      response.body = Body.ofText(latin1(bytes, at, at + hop.contentLength))
      at += hop.contentLength
    } else if (hop.chunked || hop.contentLength !== 0) {
      this.#reader = new BodyReader(hop.chunked, hop.contentLength, this)
      response.body = this.#reader.body
    }
    // What came with the head is in the body before the response is passed on, so that both leave in one write.
    if (this.#reader === null) {
      if (at < bytes.length) this.#reusable = false
      this.#onResponseComplete()
    } else if (at < bytes.length && !this.#readBody(bytes, at)) return
    this.#answer(response)
  }

  #answer(response: Response): void {
    const exchange = this.#exchange
    this.#exchange = null
    exchange?.onResponse(response)
  }

  /** False when the body is malformed before its head was passed on; the exchange has failed then. */
  #readBody(bytes: Buffer, at: number): boolean {
    const reader = this.#reader!
    const next = reader.write(bytes, at)
    if (next < 0) {
      if (this.#exchange) this.#fail('malformed')
      else this.#discard(new Error('endpoint sent a malformed body'))
      return false
    }
    if (reader.done) {
      if (next < bytes.length) this.#reusable = false
      this.#onResponseComplete()
    } else if (reader.body.full) this.#wire.pause()
    return true
  }

  /** The response is complete; the client may still be reading it. */
  #onResponseComplete(): void {
    this.#reader = null
    // An answer before the request was sent whole: the rest of the request would be read as the next one.
    if (this.#writer.busy) this.#reusable = false
    this.#writer.abandon()?.cancel()
    this.#request = null
    this.#endpoint.exchangeEnded()
    if (this.#reusable && !this.#closed && this.#endpoint.keep(this)) {
      this.deadline = this.#endpoint.deadlines.in(this.#idleTimeout)
    } else this.#discard(undefined)
  }

  // ---- ends -------------------------------------------------------------------------------------------------

  #lossKind(): FailureKind {
    if (!this.#connected) return 'connect'
    if (!this.#sent) return 'unsent'
    return this.#partial !== null || this.#information > 0 ? 'partial' : 'broken'
  }

  #fail(kind: FailureKind): void {
    const exchange = this.#exchange
    this.#exchange = null
    // The body is not cancelled: it may be sent again on another connection.
    this.#writer.abandon()
    this.#discard(undefined)
    exchange?.onFailure(kind)
  }

  /** Closes for good. A response body that is still open breaks off with `error`. */
  #discard(error: Error | undefined): void {
    if (this.#closed) return
    this.#closed = true
    this.deadline = NEVER
    this.#endpoint.deadlines.remove(this)
    this.#endpoint.forget(this)
    this.#writer.abandon()?.cancel()
    const reader = this.#reader
    this.#reader = null
    if (this.#request || this.#tunnelled) this.#endpoint.exchangeEnded()
    this.#request = null
    this.#tunnelled = false
    this.#wire.destroy()
    if (error) reader?.body.fail(error)
  }
}

/**
 * An endpoint that says when it will close an idle connection (`Keep-Alive: timeout=5`) is taken at its word, less a
 * second: a request written just when it closes would be lost, and one that may not be repeated lost for good.
 */
function keptFor(announcedSeconds: number, idleTimeout: number): number {
  return announcedSeconds < 0 ? idleTimeout : Math.min(idleTimeout, announcedSeconds * 1_000 - 1_000)
}
