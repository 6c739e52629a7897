import type { Body } from '../body.ts'
import type { HeaderList } from '../header-list.ts'
import type { Wire } from '../wire.ts'

/** Bytes that may wait in a socket before its source is left waiting. */
const SOCKET_HIGH_WATER = 64 * 1024
/** A head and what is at hand of its body leave in one write up to this size: one system call, one packet. */
const COMBINED_LIMIT = 64 * 1024

/** A field section as text, without the empty line. */
export function fieldsText(headers: HeaderList): string {
  const { fields } = headers
  let text = ''
  for (let i = 0; i < fields.length; i += 2) text += fields[i] + ': ' + fields[i + 1] + '\r\n'
  return text
}

/** How a body ended up on the wire. */
export interface WriterEvents {
  /** All of it has been written. */
  written(): void
  /** The body broke off: what was written is not a complete message. */
  broken(error: Error): void
}

/**
 * Writes heads and bodies to one wire, in order, with back-pressure: it takes from the body only what the socket
 * has room for. One object serves all messages of a connection.
 */
export class MessageWriter {
  readonly #wire: Wire
  readonly #events: WriterEvents
  #body: Body | null = null
  #chunked = false
  #trailersWanted = false
  #left = 0
  #waiting = false
  /** Body bytes written of the message at hand, without framing. */
  bodyBytes = 0
  readonly #wake = (): void => this.#pump()

  constructor(wire: Wire, events: WriterEvents) {
    this.#wire = wire
    this.#events = events
  }

  /** A head (text up to and including its empty line) and a short body as text (latin1), or none. */
  writeWhole(head: string, body: string): void {
    // A character is a byte: bodies of our own are ASCII, others came as latin1.
    this.bodyBytes = body.length
    this.#wire.write(head + body)
    this.#events.written()
  }

  /** A head and a body of known length, or, `chunked`, of unknown length with its trailers if they are wanted. */
  writeBody(head: string, body: Body, chunked: boolean, trailersWanted: boolean): void {
    const text = chunked ? undefined : body.takeText()
    if (text !== undefined) {
      this.writeWhole(head, text)
      return
    }
    this.bodyBytes = 0
    this.#chunked = chunked
    this.#trailersWanted = trailersWanted
    this.#left = body.length ?? Number.POSITIVE_INFINITY
    this.#body = body
    const first = body.buffered > 0 && body.buffered <= COMBINED_LIMIT ? body.take() : undefined
    if (!first?.length) this.#wire.write(head)
    else if (chunked) this.#writeFirstChunk(head, first, body)
    else this.#writeTogether(head, first, '')
    this.#pump()
  }

  /** A head whose body comes from the wire itself (a tunnel), or has none. */
  writeHead(head: string): void {
    this.bodyBytes = 0
    this.#wire.write(head)
  }

  /** The wire has room again. */
  drained(): void {
    if (this.#waiting) {
      this.#waiting = false
      this.#pump()
    }
  }

  /** A body is on its way. */
  get busy(): boolean {
    return this.#body !== null
  }

  /** The wire is gone, or the message is given up: gives the body that was on its way, for the caller to cancel or rewind. */
  abandon(): Body | null {
    const body = this.#body
    this.#body = null
    return body
  }

  /** A short body that is there as a whole leaves in one write, its last chunk included. */
  #writeFirstChunk(head: string, chunk: Buffer, body: Body): void {
    const last = body.done ? this.#lastChunk(body) : ''
    this.#writeTogether(`${head}${chunk.length.toString(16)}\r\n`, chunk, `\r\n${last}`)
    if (last === '') return
    this.#body = null
    this.#events.written()
  }

  #writeTogether(before: string, chunk: Buffer, behind: string): void {
    this.#count(chunk)
    if (this.#body === null) return
    this.#wire.writeTogether(before, chunk, behind)
  }

  #lastChunk(body: Body): string {
    return `0\r\n${this.#trailersWanted && body.trailers ? fieldsText(body.trailers) : ''}\r\n`
  }

  #pump(): void {
    const body = this.#body
    if (!body || this.#waiting) return
    for (let chunk = body.take(); chunk; chunk = body.take()) {
      if (chunk.length > 0) this.#writeChunk(chunk)
      if (this.#body === null) return
      if (this.#wire.backlog > SOCKET_HIGH_WATER) {
        this.#waiting = true
        return
      }
    }
    if (body.done) this.#finish(body)
    else if (body.error) this.#break(body, body.error)
    else body.onReadable(this.#wake)
  }

  #writeChunk(chunk: Buffer): void {
    if (this.#chunked) {
      this.#writeTogether(`${chunk.length.toString(16)}\r\n`, chunk, '\r\n')
      return
    }
    this.#count(chunk)
    if (this.#body !== null) this.#wire.write(chunk)
  }

  /** A counted body never gets longer than was announced: what follows would be read as the next message. */
  #count(chunk: Buffer): void {
    this.bodyBytes += chunk.length
    this.#left -= chunk.length
    if (this.#left < 0) this.#break(this.#body!, new Error('body is longer than its Content-Length'))
  }

  #finish(body: Body): void {
    if (this.#left !== 0 && this.#left !== Number.POSITIVE_INFINITY) {
      this.#break(body, new Error('body is shorter than its Content-Length'))
      return
    }
    this.#body = null
    if (this.#chunked) this.#wire.write(this.#lastChunk(body))
    this.#events.written()
  }

  #break(body: Body, error: Error): void {
    this.#body = null
    body.cancel()
    this.#events.broken(error)
  }
}
