import { Body } from '../body.ts'
import type { BodyProducer } from '../body.ts'
import { ChunkedDecoder } from './chunked-decoder.ts'

/** Reads the bytes behind a head into a body, however that body is framed (RFC 9112 §6.3). */
export class BodyReader {
  readonly body: Body
  /** Bytes still to come of a counted body; Infinity for one that ends with the connection. */
  #left: number
  readonly #chunked: ChunkedDecoder | undefined

  /** `length` -1: until the connection ends. `maxBytes`: of a chunked body; a counted one is known beforehand. */
  constructor(
    chunked: boolean,
    length: number,
    producer: BodyProducer,
    maxBytes: number = Number.POSITIVE_INFINITY,
  ) {
    this.body = new Body(chunked || length < 0 ? undefined : length, producer)
    this.#chunked = chunked ? new ChunkedDecoder(this.body, maxBytes) : undefined
    this.#left = length < 0 ? Number.POSITIVE_INFINITY : length
  }

  get done(): boolean {
    return this.body.complete
  }

  /** `write` gave -1 because the body is longer than it may be. */
  get tooLong(): boolean {
    return this.#chunked?.tooLong ?? false
  }

  /** The body ends with the connection, so an end is no truncation. */
  get endsWithConnection(): boolean {
    return this.#chunked === undefined && this.#left === Number.POSITIVE_INFINITY
  }

  /** Takes borrowed bytes from `at` on; the offset behind what belongs to the body, or -1 when it is malformed. */
  write(bytes: Buffer, at: number): number {
    if (this.#chunked) return this.#chunked.write(bytes, at)
    const end = Math.min(bytes.length, at + this.#left)
    if (end > at) this.body.push(Buffer.from(bytes.subarray(at, end)))
    this.#left -= end - at
    if (this.#left === 0) this.body.end()
    return end
  }
}
