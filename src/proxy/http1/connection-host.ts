import type { Deadlines } from '../deadlines.ts'
import type { Request } from '../request.ts'
import type { Response } from '../response.ts'
import type { WhyCode } from '../why.ts'
import type { ClientConnection } from './client-connection.ts'
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
