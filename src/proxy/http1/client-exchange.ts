import type { BodyProducer } from '../body.ts'
import type { Timed } from '../deadlines.ts'
import { NEVER } from '../deadlines.ts'
import type { HeaderList } from '../header-list.ts'
import { Request } from '../request.ts'
import type { Response } from '../response.ts'
import { joinWires } from '../tunnel.ts'
import type { WhyCode } from '../why.ts'
import type { Wire } from '../wire.ts'
import { endsWithConnection, interimText, refusalText, writeAnswer } from './answer.ts'
import { BodyReader } from './body-reader.ts'
import type { ConnectionHost } from './connection-host.ts'
import type { HopFields } from './field-section.ts'
import { MessageWriter } from './message-writer.ts'
import { Pace } from './pace.ts'

/** The connection that exchanges take place on; the deadline is that of the exchange while there is one. */
export interface ExchangePlace extends Timed {
  readonly wire: Wire
  readonly clientAddress: string
  readonly clientPort: number
  readonly localPort: number
  readonly secure: boolean
  readonly closed: boolean
  /** The client has closed its side. */
  readonly ended: boolean
  /** Reads no more for now. */
  pause(): void
  /** Sets the time of the next look at the exchange. */
  lookAt(deadline: number): void
  /** The answer is written, and the connection lives on. */
  answered(): void
  /** It ends: nothing that comes is answered any more. */
  dismiss(): void
  /** Bytes of a body that nobody wants were thrown away. */
  discarded(bytes: number): void
  /** What came and was not read; it belongs to a tunnel now. */
  takeUnread(): Buffer | null
  onClose(): void
}

/** A client's request at hand and its answer: from its head to the last byte of the answer. One object for all, in turn. */
export class ClientExchange implements BodyProducer {
  readonly #place: ExchangePlace
  readonly #host: ConnectionHost
  readonly #writer: MessageWriter
  readonly #pace: Pace
  #request: Request | null = null
  #response: Response | null = null
  /** Of the request's body, while more of it is to come. */
  #reader: BodyReader | null = null
  #startedAt = 0
  /** The connection ends with this exchange. */
  #last = false
  #expectsContinue = false
  /** Since the last look at the body's pace it was we who did not read. */
  #heldUp = false
  /** One for all requests: a closure for each is garbage with nearly every one. */
  readonly #onInformation = (status: number, headers: HeaderList): void => this.#inform(status, headers)
  readonly #onAnswer = (response: Response): void => this.#respond(response)

  constructor(place: ExchangePlace, host: ConnectionHost) {
    this.#place = place
    this.#host = host
    this.#pace = new Pace(host.deadlines)
    this.#writer = new MessageWriter(place.wire, {
      written: () => this.#onWritten(),
      broken: () => this.#onBroken(),
    })
  }

  /** There is no request at hand. */
  get over(): boolean {
    return this.#request === null
  }

  /** More of the request's body is to come. */
  get readsBody(): boolean {
    return this.#reader !== null
  }

  /** The answer is on its way. */
  get answers(): boolean {
    return this.#response !== null
  }

  /** The request is there as a whole, and its answer is not. */
  get awaitsAnswer(): boolean {
    return this.#request !== null && this.#response === null && this.#reader === null
  }

  // ---- request ----------------------------------------------------------------------------------------------

  /**
   * Hands a request on, together with what has come of its body, which begins in `bytes` at `at`. Gives the offset
   * behind the request, or -1 when it has failed. `last`: the connection ends with it.
   */
  begin(request: Request, hop: HopFields, bytes: Buffer, at: number, last: boolean): number {
    this.#startedAt = performance.now()
    this.#last = last
    this.#expectsContinue = hop.expect !== undefined && request.version === '1.1'
    this.#request = request
    if (request.version === '1.1') request.onInformation = this.#onInformation
    const { managed } = hop
    const next = hop.chunked || hop.contentLength > 0 ? this.#beginBody(request, hop, bytes, at) : at
    if (next < 0) return -1
    const answer = this.#host.handle(request, managed)
    if (answer instanceof Promise) void answer.then(this.#onAnswer)
    else this.#respond(answer)
    return next
  }

  /** Takes body bytes; the offset behind them, or -1 when the body is malformed or too long: the request has then failed. */
  readBody(bytes: Buffer, at: number): number {
    const reader = this.#reader!
    const next = reader.write(bytes, at)
    if (next < 0) {
      const answered = this.answers
      this.#failBody(reader, 'request body is malformed', reader.tooLong ? 'BL' : 'BR')
      if (answered) this.#place.wire.reset()
      return -1
    }
    if (reader.done) {
      this.#reader = null
      if (this.#response === null) this.#place.deadline = NEVER
    } else if (reader.body.full) {
      this.#heldUp = true
      this.#place.pause()
    } else if (reader.body.cancelled) this.#place.discarded(next - at)
    return next
  }

  /** The client has closed its side within the body, which can never be complete: nobody shall take it for whole. */
  cutOff(): void {
    if (this.#reader) this.#failBody(this.#reader, 'client closed within the request body', 'BR')
  }

  /** What came with the head is in the body before the request is handed on. */
  #beginBody(request: Request, hop: HopFields, bytes: Buffer, at: number): number {
    const { maxBodyBytes, readTimeout, requestRate } = this.#host.limits
    this.#reader = new BodyReader(hop.chunked, hop.contentLength, this, maxBodyBytes)
    request.body = this.#reader.body
    this.#heldUp = false
    this.#place.lookAt(this.#pace.begin(readTimeout, requestRate))
    return at < bytes.length ? this.readBody(bytes, at) : at
  }

  /**
   * The body breaks off, and the request is refused unless it is answered already. An answer under way may break off
   * with it, and then the exchange is over when `fail` returns.
   */
  #failBody(reader: BodyReader, reason: string, why: WhyCode): void {
    const answered = this.answers
    this.#reader = null
    this.#last = true
    reader.body.fail(new Error(reason))
    if (answered) return
    this.#abort()
    this.refuse(why)
  }

  resume(): void {
    if (!this.#place.closed) this.#place.wire.resume()
  }

  /** Nobody wants the rest of the request body. What follows it cannot be read as a request before it has come. */
  cancel(): void {
    this.#last = true
    this.resume()
  }

  /** RFC 9110 §10.1.1: the client is asked for its body only when somebody wants it. */
  demand(): void {
    if (!this.#expectsContinue) return
    this.#expectsContinue = false
    if (!this.#place.closed && this.#response === null)
      this.#place.wire.write('HTTP/1.1 100 Continue\r\n\r\n')
  }

  // ---- answer -----------------------------------------------------------------------------------------------

  /** Answers what is no acceptable request, and ends the connection: where the next one would begin is not known. */
  refuse(why: WhyCode): void {
    const { clientAddress, clientPort, localPort } = this.#place
    const request = this.#request ?? Request.unread(clientAddress, clientPort, localPort)
    const startedAt = this.#request === null ? performance.now() : this.#startedAt
    this.#request = null
    this.#response = null
    this.#host.refused(why, request, startedAt)
    if (this.#place.closed) return
    this.#place.wire.write(refusalText(why))
    this.#dismiss()
  }

  #inform(status: number, headers: HeaderList): void {
    if (this.#request !== null && this.#response === null && !this.#place.closed)
      this.#place.wire.write(interimText(status, headers))
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
    if (this.#place.closed) {
      response.discard()
      this.#finish('DC')
      return
    }
    const { writeTimeout, responseRate } = this.#host.limits
    this.#place.lookAt(this.#pace.begin(writeTimeout, responseRate))
    if (response.tunnel) {
      this.#openTunnel(request, response)
      return
    }
    // The client still sends: the connection cannot be used again unless the rest is short enough to be thrown away.
    if (this.#reader !== null || this.#host.stopping() || endsWithConnection(request, response))
      this.#last = true
    writeAnswer(this.#writer, request, response, this.#last)
  }

  #onWritten(): void {
    if (this.#response === null) return
    this.#finish(undefined)
    if (this.#place.closed) return
    if (this.#last) this.#dismiss()
    else this.#place.answered()
  }

  /** The response broke off: the client must see that, and never a clean end. */
  #onBroken(): void {
    this.#finish(this.#request!.why ?? 'UC')
    this.#place.wire.reset()
  }

  /** It is over, however it went. `why`: what has become of it, if that is not what its answer says. */
  #finish(why: WhyCode | undefined): void {
    const request = this.#request!
    const response = this.#response!
    if (why !== undefined) request.why = why
    // Whoever still works on it must not speak for the next request.
    request.onInformation = undefined
    this.#request = null
    this.#response = null
    this.#host.finished(request, response, this.#writer.bodyBytes, this.#startedAt)
  }

  #dismiss(): void {
    this.#reader = null
    this.#place.dismiss()
  }

  #openTunnel(request: Request, response: Response): void {
    const tunnel = response.tunnel!
    const { wire } = this.#place
    this.#host.tunnelled(request)
    this.#place.deadline = NEVER
    wire.write(interimText(101, response.headers))
    if (tunnel.head.length > 0) wire.write(tunnel.head)
    // Bytes that the client sent ahead belong to the tunnel now.
    const early = this.#place.takeUnread()
    joinWires(wire, tunnel.wire, (bytesToClient) => {
      tunnel.onEnd()
      this.#request = null
      this.#host.finished(request, response, bytesToClient, this.#startedAt)
      this.#place.onClose()
    })
    if (early) tunnel.wire.write(early)
    if (this.#place.ended) tunnel.wire.end()
    tunnel.wire.resume()
    wire.resume()
  }

  // ---- for its connection -----------------------------------------------------------------------------------

  /** The wire has room again. */
  drained(): void {
    this.#writer.drained()
  }

  /** The connection is gone, and with it whatever was under way. */
  lost(why: WhyCode): void {
    if (this.#request === null) return
    // The answer first: otherwise it would break off with the body, and end the exchange for that.
    this.#writer.abandon()?.cancel()
    this.#reader?.body.fail(new Error('client is gone'))
    if (this.#response === null) this.#abort()
    else this.#finish(why)
  }

  /** Whether the client sends, or takes, as fast as it must; then the time of the next look is set. */
  keepsPace(): boolean {
    if (this.#request === null || this.#pace.over) return false
    const { wire } = this.#place
    const answering = this.#response !== null
    const moved = answering ? wire.sent : this.#reader!.body.received
    // It is not the client that is waited for.
    const excused = answering ? wire.backlog === 0 : this.#heldUp || this.#expectsContinue
    this.#heldUp = this.#reader?.body.full ?? false
    const next = this.#pace.look(moved, excused)
    if (next !== undefined) this.#place.lookAt(next)
    return next !== undefined
  }

  /** The client was too slow to send its request. */
  timeOut(): void {
    if (this.#reader) this.#failBody(this.#reader, 'client was too slow to send its body', 'RT')
    else this.refuse('RT')
  }

  /** Tells whoever works on the request that nobody waits for it. */
  #abort(): void {
    const request = this.#request!
    request.aborted = true
    request.body?.cancel()
    request.onAbort?.()
  }
}
