import type { HeaderList } from './header-list.ts'

/** The side that bytes come from. */
export interface BodyProducer {
  /** The consumer has room again after `push` returned false. */
  resume(): void
  /** The consumer wants no more; the producer frees what it holds. Called at most once. */
  cancel(): void
  /** The consumer asks for the first time. A body that nobody asks for need not be sent (`Expect: 100-continue`). */
  demand?(): void
}

/** Sees everything that comes of a body, whoever takes it; it must neither change a chunk nor hold the body up. */
export interface BodyTap {
  onChunk(chunk: Buffer): void
  onEnd(trailers: HeaderList | undefined): void
  /** The body breaks off, or nobody wants the rest. */
  onLost(): void
}

/** Bytes that may wait in a body before its producer is asked to pause. */
export const BODY_HIGH_WATER = 64 * 1024

/**
 * A message body as a pull source with back-pressure, of known or unknown length, with trailers at its end.
 * Whatever is at hand can be taken without waiting, so a small body that came with its head leaves with it in one
 * write; waiting is one callback, not a promise per chunk. Every chunk is owned by whoever takes it.
 */
export class Body {
  /** Bytes announced by Content-Length; undefined when only the end will tell. */
  readonly length: number | undefined
  /** Set when the body has ended with a trailer section. */
  trailers: HeaderList | undefined = undefined
  /** Why the body broke off. A broken body must never look like a complete one. */
  error: Error | undefined = undefined
  /** Bytes that have come so far. */
  received = 0
  readonly #producer: BodyProducer | null
  #chunks: Buffer[] = NONE
  #first = 0
  /** All bytes of a short body, a character each, until they are taken. */
  #text: string | undefined = undefined
  #buffered = 0
  #complete = false
  #paused = false
  #cancelled = false
  #demanded = false
  /** Taken chunks, kept so that they can be sent again; undefined when nothing is kept any more. */
  #kept: Buffer[] | undefined = undefined
  #keepLimit = 0
  #keepLeft = 0
  #taps: BodyTap[] | undefined = undefined
  #wake: (() => void) | null = null

  constructor(length: number | undefined, producer: BodyProducer | null) {
    this.length = length
    this.#producer = producer
  }

  /** A complete body of these bytes. */
  static of(bytes: Buffer): Body {
    return Body.whole([bytes], bytes.length)
  }

  /** A complete body of these chunks, of known length or not. */
  static whole(chunks: readonly Buffer[], length: number | undefined, trailers?: HeaderList): Body {
    const body = new Body(length, null)
    for (const chunk of chunks) body.push(chunk)
    body.end(trailers)
    return body
  }

  /**
   * A complete body, its bytes as characters (latin1). A short one can leave with its head as one string, which makes
   * less garbage than buffers do.
   */
  static ofText(text: string): Body {
    const body = new Body(text.length, null)
    body.received = body.#buffered = text.length
    body.#text = text
    body.#complete = true
    return body
  }

  // ---- for the producer -------------------------------------------------------------------------------------

  /** Adds a chunk that nobody else will write to. False: pause until `resume` is called. */
  push(chunk: Buffer): boolean {
    this.received += chunk.length
    if (this.#cancelled) return true
    // Most of the time nothing waits: an array of exactly one costs less than one that grows.
    if (this.#first === this.#chunks.length) {
      this.#chunks = [chunk]
      this.#first = 0
    } else this.#chunks.push(chunk)
    this.#buffered += chunk.length
    if (this.#taps) for (const tap of this.#taps) tap.onChunk(chunk)
    this.#signal()
    if (this.#buffered < BODY_HIGH_WATER) return true
    this.#paused = true
    return false
  }

  end(trailers?: HeaderList): void {
    this.trailers = trailers
    this.#complete = true
    if (this.#taps && !this.error) for (const tap of this.#untapped()) tap.onEnd(trailers)
    this.#signal()
  }

  fail(error: Error): void {
    if (this.#complete || this.error) return
    this.error = error
    for (const tap of this.#untapped()) tap.onLost()
    this.#signal()
  }

  // ---- for the consumer -------------------------------------------------------------------------------------

  /** Lets `tap` see the body from its first byte on; one of which bytes have been taken already is lost to it. */
  tap(tap: BodyTap): void {
    if (this.error || this.#cancelled || this.#buffered !== this.received) {
      tap.onLost()
      return
    }
    if (this.#text !== undefined) tap.onChunk(Buffer.from(this.#text, 'latin1'))
    for (let i = this.#first; i < this.#chunks.length; i++) tap.onChunk(this.#chunks[i]!)
    if (this.#complete) tap.onEnd(this.trailers)
    else (this.#taps ??= []).push(tap)
  }

  /** Keeps what is taken, up to `limit` bytes, so that `rewind` can start the body anew. Before the first `take`. */
  keep(limit: number): void {
    if (this.length !== undefined && this.length > limit) return
    this.#kept = []
    this.#keepLimit = this.#keepLeft = limit
  }

  /** Keeps nothing more. */
  letGo(): void {
    this.#kept = undefined
  }

  /** Starts the body anew from its first byte. False when it was not kept, or has outgrown the limit. */
  rewind(): boolean {
    if (!this.#kept || this.error || this.#cancelled) return false
    if (this.#text !== undefined) return true
    this.#chunks = [...this.#kept, ...this.#chunks.slice(this.#first)]
    this.#first = 0
    this.#buffered = this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    this.#kept = []
    this.#keepLeft = this.#keepLimit
    this.#wake = null
    return true
  }

  /** The next chunk at hand, or undefined: then see `done` and `error`, or wait with `onReadable`. */
  take(): Buffer | undefined {
    this.#demand()
    if (this.#text !== undefined) this.#toChunk(this.#text)
    if (this.#first === this.#chunks.length) return undefined
    const chunk = this.#chunks[this.#first]!
    this.#chunks[this.#first++] = EMPTY
    this.#buffered -= chunk.length
    if (this.#kept) this.#keepChunk(chunk)
    if (this.#paused && this.#buffered < BODY_HIGH_WATER / 2) {
      this.#paused = false
      this.#producer?.resume()
    }
    return chunk
  }

  /** What `take` would give, left where it is. */
  peek(): Buffer | undefined {
    this.#demand()
    return this.#text === undefined ? this.#chunks[this.#first] : Buffer.from(this.#text, 'latin1')
  }

  /** All of the body at once, as characters (latin1); undefined when it is not there in that form. */
  takeText(): string | undefined {
    const text = this.#kept === undefined ? this.#text : undefined
    if (text !== undefined) {
      this.#text = undefined
      this.#buffered = 0
    }
    return text
  }

  /** All bytes have come and all were taken. */
  get done(): boolean {
    return this.#complete && this.#first === this.#chunks.length && this.#text === undefined
  }

  /** All bytes have come; some may still wait to be taken. */
  get complete(): boolean {
    return this.#complete
  }

  /** So much is at hand that the producer should pause until `resume`. */
  get full(): boolean {
    return this.#paused
  }

  /** Nobody wants the rest. */
  get cancelled(): boolean {
    return this.#cancelled
  }

  /** Bytes at hand. */
  get buffered(): number {
    return this.#buffered
  }

  /** Calls `wake` once, when there is a chunk, the end, or an error; at once if there already is. */
  onReadable(wake: () => void): void {
    this.#wake = wake
    this.#demand()
    if (this.#buffered > 0 || this.#complete || this.error) this.#signal()
  }

  /** The rest is not wanted. Safe to call at any time. */
  cancel(): void {
    if (this.#cancelled) return
    this.#cancelled = true
    this.#chunks = NONE
    this.#text = undefined
    this.#first = this.#buffered = 0
    this.#wake = null
    this.#kept = undefined
    for (const tap of this.#untapped()) tap.onLost()
    if (!this.#complete && !this.error) this.#producer?.cancel()
  }

  /** Chunks until the end; throws `error` when the body breaks off. Leaving the loop early cancels. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    try {
      while (!this.done) {
        const chunk = this.take()
        if (chunk) yield chunk
        else if (this.error) throw this.error
        else await new Promise<void>((resolve) => this.onReadable(resolve))
      }
    } finally {
      this.cancel()
    }
  }

  /** Those that have not heard the end yet, who hear no more. */
  #untapped(): readonly BodyTap[] {
    const taps = this.#taps ?? NO_TAPS
    this.#taps = undefined
    return taps
  }

  #demand(): void {
    if (this.#demanded) return
    this.#demanded = true
    this.#producer?.demand?.()
  }

  #toChunk(text: string): void {
    this.#text = undefined
    this.#chunks = [Buffer.from(text, 'latin1')]
    this.#first = 0
  }

  #keepChunk(chunk: Buffer): void {
    this.#kept!.push(chunk)
    this.#keepLeft -= chunk.length
    if (this.#keepLeft < 0) this.#kept = undefined
  }

  #signal(): void {
    const wake = this.#wake
    if (!wake) return
    this.#wake = null
    wake()
  }
}

const EMPTY = Buffer.alloc(0)
const NO_TAPS: readonly BodyTap[] = []
/** Of a body of which nothing has come; never written to. */
const NONE: Buffer[] = []
