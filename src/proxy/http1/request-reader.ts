import { Request } from '../request.ts'
import type { WhyCode } from '../why.ts'
import { endOfHead } from './bytes.ts'
import { HopFields } from './field-section.ts'
import { isHopeless, parseRequestHead } from './request-head.ts'
import type { RequestHeadLimits } from './request-head.ts'

/** Who answers the requests of a connection. */
export interface RequestTaker {
  /** The next request may be begun. */
  readonly ready: boolean
  /**
   * A head is complete, and `hop` says what it says of its connection; both are read before the next head. Gives the
   * bytes behind the request, whose body begins in `bytes` at `at`, or null when nothing is left to read.
   */
  begin(request: Request, hop: HopFields, bytes: Buffer, at: number): Buffer | null
  /** The first bytes of a head have come, and not its end. */
  awaitHead(): void
  /** What came is no acceptable request. */
  refuse(why: WhyCode): void
}

/** Bytes of pipelined requests that may wait behind the one at hand. */
const MAX_WAITING_BYTES = 64 * 1024

const hop = new HopFields()

/** Cuts what a client sends into requests, one at a time, and keeps what cannot be read yet. */
export class RequestReader {
  readonly #taker: RequestTaker
  readonly #limits: RequestHeadLimits & { readonly maxHeadBytes: number }
  /** An unfinished head, or requests behind the one at hand. */
  #waiting: Buffer | null = null
  #withinHead = false
  #reading = false

  constructor(taker: RequestTaker, limits: RequestHeadLimits & { readonly maxHeadBytes: number }) {
    this.#taker = taker
    this.#limits = limits
  }

  /**
   * Reads requests until one is under way or the bytes are not enough; gives what cannot be read yet, for `keep`. A
   * loop, since answers may come at once.
   */
  read(borrowed: Buffer): Buffer | null {
    this.#reading = true
    let bytes: Buffer | null = this.#waiting === null ? borrowed : Buffer.concat([this.#waiting, borrowed])
    this.#waiting = null
    while (bytes !== null && this.#taker.ready) bytes = this.#readRequest(bytes)
    this.#reading = false
    return bytes
  }

  /** Keeps a copy of bytes for later. */
  keep(borrowed: Buffer): void {
    this.#waiting = this.#waiting === null ? Buffer.from(borrowed) : Buffer.concat([this.#waiting, borrowed])
  }

  /** Takes out what was kept. */
  take(): Buffer | null {
    const waiting = this.#waiting
    this.#waiting = null
    return waiting
  }

  /** Forgets what was kept: no further request is read. */
  drop(): void {
    this.#waiting = null
    this.#withinHead = false
  }

  get empty(): boolean {
    return this.#waiting === null
  }

  /** So much waits that nothing more should come. */
  get full(): boolean {
    return this.#waiting !== null && this.#waiting.length >= MAX_WAITING_BYTES
  }

  /** A head has come in part. */
  get withinHead(): boolean {
    return this.#withinHead
  }

  /** `read` is under way: what may be read now will be. */
  get reading(): boolean {
    return this.#reading
  }

  /** Reads one request from the start of `bytes`; gives what is behind it, or null when nothing is left to do. */
  #readRequest(bytes: Buffer): Buffer | null {
    // An empty line in front of a request is forgiven (RFC 9112 §2.2): some clients send one behind a body.
    const start = bytes[0] === 13 && bytes[1] === 10 ? 2 : 0
    const end = endOfHead(bytes, start)
    if (end < 0 || end - start > this.#limits.maxHeadBytes) return this.#awaitHead(bytes, start)
    this.#withinHead = false
    const request = parseRequestHead(bytes, start, end + 2, hop, this.#limits)
    if (request instanceof Request) return this.#taker.begin(request, hop, bytes, end + 4)
    this.#taker.refuse(request)
    return null
  }

  #awaitHead(bytes: Buffer, start: number): null {
    const { maxHeadBytes, maxTargetLength } = this.#limits
    const lineEnd = bytes.indexOf(13, start)
    if (bytes.length - start > maxHeadBytes)
      this.#taker.refuse(lineEnd < 0 || lineEnd > maxTargetLength + 64 ? 'UL' : 'HL')
    else if (bytes.length > start && isHopeless(bytes, start)) this.#taker.refuse('BR')
    else if (bytes.length > start) {
      if (!this.#withinHead) this.#taker.awaitHead()
      this.#withinHead = true
      this.keep(bytes)
    }
    return null
  }
}
