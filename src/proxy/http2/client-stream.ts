import { constants } from 'node:http2'
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { Body } from '../body.ts'
import type { BodyProducer } from '../body.ts'
import type { Timed } from '../deadlines.ts'
import { NEVER } from '../deadlines.ts'
import type { HeaderList } from '../header-list.ts'
import { allowedTrailers } from '../http1/chunked-decoder.ts'
import { HopFields } from '../http1/field-section.ts'
import { Request } from '../request.ts'
import { Response } from '../response.ts'
import type { WhyCode } from '../why.ts'
import type { ClientSession } from './client-session.ts'
import { Pace } from './pace.ts'
import type { Progress } from './pace.ts'
import { readRequestHead } from './request-head.ts'
import { addFields, responseFields } from './response-head.ts'

/** Bytes that may wait in a stream before the body is left waiting. */
const STREAM_HIGH_WATER = 64 * 1024

const hop = new HopFields()

/** One stream of a client's HTTP/2 connection: one request and its answer. */
export class ClientStream implements BodyProducer, Timed {
  deadline = NEVER
  readonly #stream: ServerHttp2Stream
  readonly #session: ClientSession
  readonly #startedAt = performance.now()
  readonly #pace: Pace
  #request: Request | null = null
  /** Body of the request while bytes of it may still come. */
  #incoming: Body | null = null
  #response: Response | null = null
  /** Body of the response while bytes of it are still to be written. */
  #outgoing: Body | null = null
  #bytes = 0
  #expectsContinue = false
  /** At the last look it was we who did not read. */
  #heldUp = false
  #waiting = false
  /** We have reset the stream ourselves. */
  #broken = false
  #closed = false
  /** Why the answer was given up, when it was not the client that left. */
  #lossWhy: WhyCode | undefined = undefined
  readonly #wake = (): void => this.#pump()

  constructor(stream: ServerHttp2Stream, session: ClientSession) {
    this.#stream = stream
    this.#session = session
    this.#pace = new Pace(session.host.deadlines)
    stream.on('close', () => this.#onClose())
    stream.on('drain', () => this.#onDrain())
    session.host.deadlines.add(this)
  }

  /** Reads the request and hands it on. `fields`: names and values alternating. */
  begin(fields: readonly string[]): void {
    // The client has reset the stream in the packet that opened it: nobody is asked to work for it.
    if (this.#stream.destroyed || this.#stream.closed) return
    const { host } = this.#session
    const request = readRequestHead(fields, hop, host.limits)
    if (typeof request === 'string') return this.#refuse(request)
    if (hop.expect !== undefined && hop.expect.toLowerCase() !== '100-continue') return this.#refuse('EX')
    if (hop.contentLength > host.limits.maxBodyBytes) return this.#refuse('BL')
    this.#expectsContinue = hop.expect !== undefined
    // A length that nothing follows would leave an endpoint waiting for the next request's bytes (CVE-2026-33555).
    if (this.#stream.endAfterHeaders && hop.contentLength > 0) return this.#refuse('BR')
    this.#prepare(request)
    const answer = host.handle(request, hop.managed)
    if (answer instanceof Promise) void answer.then((response) => this.#respond(response))
    else this.#respond(answer)
  }

  #prepare(request: Request): void {
    const { peer } = this.#session
    request.clientAddress = peer.address
    request.clientPort = peer.port
    request.localPort = peer.localPort
    request.scheme = 'https'
    request.tls = peer.tls
    request.trailers = hop.trailers
    request.onInformation = (status, headers) => this.#inform(status, headers)
    this.#request = request
    if (!this.#stream.endAfterHeaders) this.#readBody(request, hop.contentLength)
  }

  /** The client has bytes to send, or to take; nobody else is in its way. */
  get waitsForClient(): boolean {
    if (this.#response !== null) return this.#stream.writableLength > 0
    return this.#incoming !== null && !this.#incoming.full && !this.#expectsContinue
  }

  get answering(): boolean {
    return this.#response !== null
  }

  expired(): void {
    const answering = this.#response !== null
    const next = this.#pace.look(answering ? this.#taken() : this.#sent())
    if (next !== undefined) this.deadline = next
    else if (answering) this.#giveUpAnswer()
    else this.#timeOutBody()
  }

  #sent(): Progress {
    const full = this.#incoming?.full ?? false
    const excused = full || this.#heldUp || this.#expectsContinue
    this.#heldUp = full
    const session = this.#session
    return {
      own: this.#incoming?.received ?? 0,
      shared: session.received,
      waiting: session.streamsWaiting(false),
      excused,
    }
  }

  /** Of one stream Node tells only when whole chunks have left, so the bytes of the connection are the finer measure. */
  #taken(): Progress {
    const { writableLength } = this.#stream
    const session = this.#session
    const excused = writableLength === 0 && !session.wire.congested
    return {
      own: this.#bytes - writableLength,
      shared: session.wire.sent,
      waiting: session.streamsWaiting(true),
      excused,
    }
  }

  /** A reset tells the client that the answer is not complete. Where nothing leaves any more, it would never arrive. */
  #giveUpAnswer(): void {
    this.#lossWhy = 'SR'
    this.#break(constants.NGHTTP2_INTERNAL_ERROR)
    if (this.#session.wire.congested) this.#session.destroy()
  }

  #timeOutBody(): void {
    this.#incoming?.fail(new Error('client was too slow to send its body'))
    this.#incoming = null
    this.#abort()
    this.#refuse('RT')
  }

  // ---- request body -----------------------------------------------------------------------------------------

  #readBody(request: Request, contentLength: number): void {
    const { limits } = this.#session.host
    const body = new Body(contentLength < 0 ? undefined : contentLength, this)
    request.body = this.#incoming = body
    this.deadline = this.#pace.begin(limits.readTimeout, limits.requestRate, this.#session.received)
    const stream = this.#stream
    let trailers: HeaderList | undefined
    stream.on('data', (chunk: Buffer) => this.#onData(body, chunk))
    stream.on('trailers', (_headers: IncomingHttpHeaders, _flags: number, fields?: string[]) => {
      trailers = fields && allowedTrailers(fields)
    })
    stream.on('end', () => this.#onEnd(body, trailers))
  }

  #onData(body: Body, chunk: Buffer): void {
    if (this.#incoming !== body) return
    this.#session.received += chunk.length
    const { length } = body
    if (body.received + chunk.length > this.#session.host.limits.maxBodyBytes) this.#refuseBody(body, 'BL')
    else if (length !== undefined && body.received + chunk.length > length) this.#refuseBody(body)
    else if (!body.push(chunk)) this.#stream.pause()
  }

  #onEnd(body: Body, trailers: HeaderList | undefined): void {
    if (this.#incoming !== body) return
    if (body.length !== undefined && body.received !== body.length) return this.#refuseBody(body)
    this.#incoming = null
    if (this.#response === null) this.deadline = NEVER
    body.end(trailers)
  }

  /** DATA and Content-Length disagree (RFC 9113 §8.1.1), or it is too long: what has been sent must not look complete. */
  #refuseBody(body: Body, why: WhyCode = 'BR'): void {
    this.#incoming = null
    body.fail(new Error('request body is not as long as it should be'))
    if (this.#response === null) {
      this.#abort()
      this.#refuse(why)
    } else this.#break(constants.NGHTTP2_PROTOCOL_ERROR)
  }

  resume(): void {
    if (!this.#closed) this.#stream.resume()
  }

  /** Nobody wants the rest: what comes is let pass unseen until the answer has left. */
  cancel(): void {
    this.#incoming = null
    if (!this.#closed) this.#stream.resume()
  }

  /** RFC 9110 §10.1.1. */
  demand(): void {
    if (!this.#expectsContinue) return
    this.#expectsContinue = false
    if (this.#response === null) this.#sendInformation({ ':status': 100 })
  }

  // ---- answering --------------------------------------------------------------------------------------------

  #inform(status: number, headers: HeaderList): void {
    if (this.#response !== null) return
    const fields: string[] = []
    addFields(headers, fields, true)
    const information: Record<string, number | string | string[]> = { ':status': status }
    for (let i = 0; i < fields.length; i += 2) {
      const before = information[fields[i]!]
      information[fields[i]!] =
        before === undefined ? fields[i + 1]! : [before, fields[i + 1]!].flat().map(String)
    }
    this.#sendInformation(information)
  }

  #sendInformation(fields: Record<string, number | string | string[]>): void {
    if (this.#closed || this.#stream.destroyed || this.#stream.headersSent) return
    try {
      this.#stream.additionalHeaders(fields)
    } catch {
      // An interim answer that cannot be said in HTTP/2 is left out: the final one counts.
    }
  }

  #respond(response: Response): void {
    if (this.#response !== null || this.#closed) {
      // The client has gone, or its body broke off: the answer has nobody to go to.
      if (typeof response.body === 'object') response.body?.cancel()
      response.tunnel?.wire.destroy()
      if (this.#closed) this.#finish(response, 'DC')
      return
    }
    const { host, wire } = this.#session
    const { writeTimeout, responseRate } = host.limits
    this.#response = response
    if (this.#request) this.#request.why = response.why
    this.deadline = this.#pace.begin(writeTimeout, responseRate, wire.sent)
    try {
      this.#write(response)
    } catch {
      // A field that HTTP/2 cannot carry; nothing of the answer has left.
      if (typeof response.body === 'object') response.body?.cancel()
      this.#break(constants.NGHTTP2_INTERNAL_ERROR)
    }
  }

  #write(response: Response): void {
    const { status, body } = response
    const stream = this.#stream
    const bodiless = this.#request?.method === 'HEAD' || status === 204 || status === 304
    if (body === null || bodiless) {
      if (typeof body === 'object') body?.cancel()
      const length = body === null && !bodiless ? 0 : ownLength(response)
      stream.respond(responseFields(response, length, bodiless), { endStream: true })
      this.#outgoingDone()
    } else if (typeof body === 'string') {
      const bytes = Buffer.from(body)
      this.#bytes = bytes.length
      stream.respond(responseFields(response, bytes.length, false))
      stream.end(bytes)
      this.#outgoingDone()
    } else this.#writeBody(response, body)
  }

  #writeBody(response: Response, body: Body): void {
    this.#outgoing = body
    // Node ends a stream before it resets it. Held open for trailers, a body that breaks off never looks complete.
    const waitForTrailers = !body.complete || body.trailers !== undefined
    this.#stream.respond(responseFields(response, body.length, false), { waitForTrailers })
    if (waitForTrailers) this.#stream.once('wantTrailers', () => this.#sendTrailers(body))
    this.#pump()
  }

  #sendTrailers({ trailers }: Body): void {
    if (this.#broken) return
    const fields: string[] = []
    if (trailers) addFields(trailers, fields, true)
    const section: Record<string, string[]> = {}
    for (let i = 0; i < fields.length; i += 2) (section[fields[i]!] ??= []).push(fields[i + 1]!)
    try {
      this.#stream.sendTrailers(section)
    } catch {
      this.#break(constants.NGHTTP2_INTERNAL_ERROR)
    }
  }

  /** Takes from the body only what the client has room for. */
  #pump(): void {
    const body = this.#outgoing
    if (!body || this.#waiting || this.#closed) return
    for (let chunk = body.take(); chunk; chunk = body.take()) {
      this.#bytes += chunk.length
      if (body.length !== undefined && this.#bytes > body.length) return this.#breakBody(body)
      if (chunk.length > 0) this.#stream.write(chunk)
      if (this.#stream.writableLength > STREAM_HIGH_WATER) {
        this.#waiting = true
        return
      }
    }
    if (body.done) this.#endBody(body)
    else if (body.error) this.#breakBody(body)
    else body.onReadable(this.#wake)
  }

  #endBody(body: Body): void {
    if (body.length !== undefined && this.#bytes !== body.length) return this.#breakBody(body)
    this.#outgoing = null
    this.#stream.end()
    this.#outgoingDone()
  }

  #onDrain(): void {
    this.#waiting = false
    this.#pump()
  }

  /** The answer broke off: the client must see that, and never a clean end. */
  #breakBody(body: Body): void {
    body.cancel()
    if (this.#request) this.#request.why ??= 'UC'
    this.#break(constants.NGHTTP2_INTERNAL_ERROR)
  }

  /** The whole answer has been handed over. A client that still sends is told to stop (RFC 9113 §8.1). */
  #outgoingDone(): void {
    const stream = this.#stream
    if (stream.endAfterHeaders || stream.readableEnded) return
    stream.once('finish', () => {
      if (stream.readableEnded || stream.closed) return
      this.#broken = true
      stream.close(constants.NGHTTP2_NO_ERROR)
    })
  }

  #refuse(why: WhyCode): void {
    if (this.#request === null) {
      const { peer, host } = this.#session
      const request = Request.unread(peer.address, peer.port, peer.localPort)
      request.version = '2.0'
      host.refused(why, request, performance.now())
    }
    this.#respond(Response.because(why))
  }

  // ---- ends -------------------------------------------------------------------------------------------------

  #break(code: number): void {
    this.#outgoing?.cancel()
    this.#outgoing = null
    this.#broken = true
    if (!this.#stream.closed) this.#stream.close(code)
  }

  /** Tells whoever works on the request that nobody waits for it. */
  #abort(): void {
    const request = this.#request
    if (request === null) return
    request.aborted = true
    request.body?.cancel()
    request.onAbort?.()
  }

  #onClose(): void {
    if (this.#closed) return
    this.#closed = true
    this.deadline = NEVER
    this.#session.host.deadlines.remove(this)
    const reset = this.#stream.rstCode !== constants.NGHTTP2_NO_ERROR && !this.#broken
    this.#incoming?.fail(new Error('client is gone'))
    this.#incoming = null
    this.#outgoing?.cancel()
    if (this.#response !== null) this.#finish(this.#response, this.#lossWhy ?? (reset ? 'DC' : undefined))
    else this.#abort()
    this.#session.ended(this, reset)
  }

  #finish(response: Response, why: WhyCode | undefined): void {
    const request = this.#request
    this.#request = null
    if (request === null) return
    if (why !== undefined) request.why = why
    this.#session.host.finished(request, response, this.#bytes, this.#startedAt)
  }
}

/** HEAD of an answer of our own says how long it would have been. */
function ownLength({ body, status }: Response): number | undefined {
  return typeof body === 'string' && status !== 204 && status !== 304 ? Buffer.byteLength(body) : undefined
}
