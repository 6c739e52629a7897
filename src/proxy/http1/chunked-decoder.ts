import type { Body } from '../body.ts'
import { HeaderList } from '../header-list.ts'
import { CR, hasBareLineFeed, HEX, LF } from './bytes.ts'
import { nextInExtension } from './chunk-extension.ts'
import type { ExtensionState } from './chunk-extension.ts'
import { HopFields, parseFields } from './field-section.ts'

/** Bytes of extensions that one body may carry: they are ignored, but reading them costs (CVE-2024-22019). */
const MAX_EXTENSION_BYTES = 16 * 1024
/** Bytes of a trailer section. */
const MAX_TRAILER_BYTES = 16 * 1024
/** Hexadecimal digits of a chunk size: 2^48 bytes, far from the edge of exact numbers. */
const MAX_SIZE_DIGITS = 12

type State = 'size' | 'extension' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'trailers' | 'done'

/** Fields that a trailer section must not change (RFC 9110 §6.5.1): framing, routing, authentication. */
const NOT_IN_TRAILERS = new Set([
  'content-length',
  'host',
  'authorization',
  'cookie',
  'set-cookie',
  'content-encoding',
  'content-type',
  'content-range',
  'forwarded',
  'max-forwards',
  'proxy-authorization',
  'range',
  'via',
  'x-real-ip',
  'x-scheme',
  'cache-control',
])

/** Reads a chunked body (RFC 9112 §7.1) into a `Body`. Strict: a byte out of place is an error, never a guess. */
export class ChunkedDecoder {
  #state: State = 'size'
  #size = 0
  #digits = 0
  #extension: ExtensionState = 'start'
  #extensionBytes = 0
  /** Where in the bytes at hand the data lies that was not yet passed on. */
  #dataStart = 0
  #dataEnd = 0
  #trailer: Buffer = Buffer.alloc(0)
  readonly #body: Body

  /** Bytes of all chunks announced so far. */
  #total = 0
  readonly #maxBytes: number

  /** A body of more than `maxBytes` is refused as soon as a chunk is announced that goes beyond. */
  constructor(body: Body, maxBytes: number = Number.POSITIVE_INFINITY) {
    this.#body = body
    this.#maxBytes = maxBytes
  }

  get tooLong(): boolean {
    return this.#total > this.#maxBytes
  }

  get done(): boolean {
    return this.#state === 'done'
  }

  /**
   * Takes bytes from `at` on; they are borrowed. Gives the offset behind what was used, which is less than the length
   * only when the body is done; -1 when the coding is broken. The bytes are moved about: the data of all chunks in
   * them is put together in place and copied once, so that a body of tiny chunks costs no buffer for each.
   */
  write(bytes: Buffer, at: number): number {
    this.#dataStart = this.#dataEnd = at
    while (at < bytes.length && this.#state !== 'done') {
      if (this.#state === 'data') at = this.#data(bytes, at)
      else if (this.#state === 'trailers') {
        this.#deliver(bytes)
        at = this.#trailers(bytes, at)
      } else at = this.#line(bytes, at)
      if (at < 0) return -1
    }
    this.#deliver(bytes)
    return at
  }

  #data(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#size)
    this.#size -= end - at
    if (this.#dataEnd === this.#dataStart) this.#dataStart = this.#dataEnd = at
    else bytes.copyWithin(this.#dataEnd, at, end)
    this.#dataEnd += end - at
    if (this.#size === 0) this.#state = 'data-cr'
    return end
  }

  #deliver(bytes: Buffer): void {
    if (this.#dataEnd > this.#dataStart)
      this.#body.push(Buffer.from(bytes.subarray(this.#dataStart, this.#dataEnd)))
    this.#dataStart = this.#dataEnd
  }

  /** One byte of a size line, or of the line end behind a chunk. */
  #line(bytes: Buffer, at: number): number {
    const byte = bytes[at]!
    switch (this.#state) {
      case 'size':
        return this.#sizeByte(byte) ? at + 1 : -1
      case 'extension':
        return this.#extensionByte(byte) ? at + 1 : -1
      case 'size-lf':
        if (byte !== LF) return -1
        this.#total += this.#size
        if (this.tooLong) return -1
        this.#state = this.#size === 0 ? 'trailers' : 'data'
        return at + 1
      case 'data-cr':
        this.#state = 'data-lf'
        return byte === CR ? at + 1 : -1
      case 'data-lf':
        this.#state = 'size'
        this.#digits = 0
        return byte === LF ? at + 1 : -1
      // These take more than a byte at a time, elsewhere.
      case 'data':
      case 'trailers':
      case 'done':
        return -1
    }
  }

  #sizeByte(byte: number): boolean {
    const digit = HEX[byte]!
    if (digit < 16) {
      this.#size = this.#size * 16 + digit
      return ++this.#digits <= MAX_SIZE_DIGITS
    }
    if (this.#digits === 0) return false
    if (byte === CR) this.#state = 'size-lf'
    else if (byte === SEMICOLON) {
      this.#state = 'extension'
      this.#extension = 'start'
    } else return false
    return true
  }

  #extensionByte(byte: number): boolean {
    const next = nextInExtension(this.#extension, byte)
    if (next === undefined || ++this.#extensionBytes > MAX_EXTENSION_BYTES) return false
    if (next === 'end') this.#state = 'size-lf'
    else this.#extension = next
    return true
  }

  /** The trailer section is small and rare: it is gathered whole, then read like any field section. */
  #trailers(bytes: Buffer, at: number): number {
    const before = this.#trailer.length
    const gathered = Buffer.concat([this.#trailer, bytes.subarray(at, at + MAX_TRAILER_BYTES + 4 - before)])
    if (gathered[0] === CR && gathered.length >= 2)
      return gathered[1] === LF ? this.#finish(undefined, at + 2 - before) : -1
    const end = gathered.indexOf('\r\n\r\n', 0, 'latin1')
    if (end < 0) {
      this.#trailer = gathered
      return gathered.length > MAX_TRAILER_BYTES || hasBareLineFeed(gathered, 0) ? -1 : bytes.length
    }
    const hop = new HopFields()
    const fields: string[] = []
    if (parseFields(gathered, 0, end + 2, fields, hop) || hop.contentLength >= 0 || hop.transferEncoding)
      return -1
    return this.#finish(allowedTrailers(fields), at + end + 4 - before)
  }

  #finish(trailers: HeaderList | undefined, at: number): number {
    this.#state = 'done'
    this.#body.end(trailers)
    return at
  }
}

const SEMICOLON = ';'.charCodeAt(0)

/** The trailer fields that may travel on, of names and values alternating. */
export function allowedTrailers(fields: readonly string[]): HeaderList {
  const allowed: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    // Look-alikes with `_` would be taken for them by CGI-like services.
    const name = fields[i]!.toLowerCase().replaceAll('_', '-')
    if (!NOT_IN_TRAILERS.has(name) && !name.startsWith('x-forwarded-'))
      allowed.push(fields[i]!, fields[i + 1]!)
  }
  return new HeaderList(allowed)
}
