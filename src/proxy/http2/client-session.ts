import { constants, performServerHandshake } from 'node:http2'
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { Timed } from '../deadlines.ts'
import { NEVER } from '../deadlines.ts'
import type { ConnectionHost } from '../http1/connection-host.ts'
import type { Request } from '../request.ts'
import type { WhyCode } from '../why.ts'
import type { TlsTerms } from '../tls/terms.ts'
import type { Wire } from '../wire.ts'
import { ClientStream } from './client-stream.ts'
import type { Http2Limits } from './limits.ts'
import { ResetBudget } from './reset-budget.ts'

/** What HTTP/2 connections of one entry point share with each other and with the HTTP/1.1 ones. */
export interface Http2Host extends Pick<
  ConnectionHost,
  'deadlines' | 'limits' | 'stopping' | 'handle' | 'finished'
> {
  readonly http2: Http2Limits
  /** A request was refused before it was one. */
  refused(why: WhyCode, request: Request, startedAt: number): void
  /** A connection was closed for flooding. */
  flooded(): void
  closed(session: ClientSession): void
}

export interface Peer {
  readonly address: string
  readonly port: number
  readonly localPort: number
  /** What its TLS connection has agreed on. */
  readonly tls?: TlsTerms
}

/** Frames that make no sense, and streams refused for being too many, until the connection is closed. */
const MAX_INVALID_FRAMES = 50
const MAX_REJECTED_STREAMS = 100
/** MiB that one connection may hold, as Node counts. */
const MAX_SESSION_MEMORY = 10
/** Milliseconds that a client with nothing under way may take to read its GOAWAY. */
const LINGER_MS = 1_000

/** A client's HTTP/2 connection: hands its streams on as requests, and watches over what they cost. */
export class ClientSession implements Timed {
  deadline = NEVER
  readonly host: Http2Host
  readonly peer: Peer
  /** What carries the connection, below its TLS. */
  readonly wire: Wire
  /** Bytes of request bodies that have come so far, on all streams. */
  received = 0
  readonly #session: ServerHttp2Session
  readonly #socket: TLSSocket
  readonly #streams = new Set<ClientStream>()
  readonly #resets: ResetBudget
  readonly #openedAt: number
  #requests = 0

  constructor(socket: TLSSocket, wire: Wire, peer: Peer, host: Http2Host) {
    this.wire = wire
    this.host = host
    this.peer = peer
    this.#socket = socket
    this.#openedAt = host.deadlines.now
    this.#resets = new ResetBudget(host.deadlines.now)
    // A client that has closed its side takes no answers: HTTP/2 frames need both directions.
    socket.allowHalfOpen = false
    socket.on('error', ignore)
    this.#session = performServerHandshake(socket, sessionOptions(host))
    this.#session.on('stream', (stream, _headers, _flags, fields) => this.#onStream(stream, fields))
    this.#session.on('error', ignore)
    this.#session.on('close', () => this.#onClose())
    host.deadlines.add(this)
    this.deadline = host.deadlines.in(host.limits.readTimeout)
    if (host.stopping()) this.stop()
  }

  /**
   * The proxy stops: streams that are open finish. The GOAWAY names the last of them, so a client knows that what it
   * has sent behind it was not looked at and may go elsewhere (RFC 9113 §6.8). Node has no way to announce it first.
   */
  stop(): void {
    if (!this.#session.closed && !this.#session.destroyed) this.#session.close()
  }

  /** Closes at once, whatever is at hand. */
  destroy(): void {
    this.#session.destroy()
    this.#socket.destroy()
  }

  expired(): void {
    if (this.#streams.size > 0) return
    // A peer that does not take the GOAWAY is not waited for.
    if (this.#session.closed) return this.destroy()
    this.stop()
    this.deadline = this.host.deadlines.in(LINGER_MS)
  }

  /** Streams that wait for the client to take their answers, or to send their bodies; at least one asks. */
  streamsWaiting(answering: boolean): number {
    let waiting = 0
    for (const stream of this.#streams) if (stream.answering === answering && stream.waitsForClient) waiting++
    return Math.max(1, waiting)
  }

  /** A stream has ended; `reset`: before its time, and not by our own will. */
  ended(stream: ClientStream, reset: boolean): void {
    this.#streams.delete(stream)
    const { deadlines, limits } = this.host
    if (this.#streams.size === 0)
      this.deadline = deadlines.in(this.#session.closed ? LINGER_MS : limits.idleTimeout)
    if (!reset || this.#resets.take(performance.now()) || this.#session.destroyed) return
    this.host.flooded()
    this.#session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM)
  }

  #onStream(stream: ServerHttp2Stream, fields: string[]): void {
    // Nothing that goes wrong on one stream may bring the process down (CVE-2025-59465).
    stream.on('error', ignore)
    this.#requests++
    this.deadline = NEVER
    const client = new ClientStream(stream, this)
    this.#streams.add(client)
    client.begin(fields)
    if (this.#isOld()) this.stop()
  }

  #isOld(): boolean {
    const { deadlines, limits } = this.host
    const { keepAliveMaxRequests, keepAliveMaxTime } = limits
    return (
      (keepAliveMaxRequests > 0 && this.#requests >= keepAliveMaxRequests) ||
      (keepAliveMaxTime > 0 && deadlines.now - this.#openedAt >= keepAliveMaxTime)
    )
  }

  #onClose(): void {
    this.deadline = NEVER
    this.host.deadlines.remove(this)
    this.host.closed(this)
  }
}

function sessionOptions({
  http2,
  limits,
}: Http2Host): NonNullable<Parameters<typeof performServerHandshake>[1]> {
  return {
    maxDeflateDynamicTableSize: http2.maxEncoderHeaderTableSize,
    maxSessionMemory: MAX_SESSION_MEMORY,
    maxHeaderListPairs: limits.maxFields,
    maxOutstandingPings: 10,
    maxSettings: 32,
    maxSessionInvalidFrames: MAX_INVALID_FRAMES,
    maxSessionRejectedStreams: MAX_REJECTED_STREAMS,
    streamResetBurst: 100,
    streamResetRate: 33,
    strictSingleValueFields: false,
    settings: {
      enablePush: false,
      maxConcurrentStreams: http2.maxConcurrentStreams,
      headerTableSize: http2.maxDecoderHeaderTableSize,
      maxHeaderListSize: limits.maxHeadBytes,
    },
  }
}

function ignore(): void {
  // Whatever broke has closed, and its `close` event says so.
}
