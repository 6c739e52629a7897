/** The answer is not what RFC 9112 clearly allows, whatever a lenient client would make of it. */
export class MalformedResponse extends Error {
  override readonly name = 'MalformedResponse'
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d) [\t\x20-\x7e\x80-\xff]*$/
const FIELD_LINE = /^([!#$%&'*+\-.^_`|~\w]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/
const CHUNK_LINE = /^([0-9a-f]{1,8})[ \t]*(?:;[\t\x20-\x7e]*)?$/i
const HEAD_LIMIT = 64 * 1024
/** Of longer bodies only this much is kept, and the rest counted. */
const BODY_KEPT = 64 * 1024

type State = 'head' | 'counted' | 'chunk-line' | 'chunk' | 'chunk-end' | 'trailers' | 'done'

/**
 * Reads one HTTP/1.1 response, strictly: its length must be announced by exactly one of Content-Length and
 * `Transfer-Encoding: chunked`, and not a byte may follow it. Interim answers (1xx) are passed over.
 */
export class ResponseReader {
  status = 0
  /** By lower-case name; several of one name are joined by `, `. */
  readonly headers = new Map<string, string>()
  /** Bytes of the body, all of them. */
  length = 0
  /** Whether any byte of the answer has come. */
  started = false
  readonly #body: Buffer[] = []
  #version = '1'
  #state: State = 'head'
  #pending: Buffer = Buffer.alloc(0)
  /** Bytes that are still to come, of the body or of the chunk. */
  #left = 0

  get done(): boolean {
    return this.#state === 'done'
  }

  /** Whether the server keeps the connection for another request. */
  get keepsAlive(): boolean {
    return this.#version === '1' && !/(?:^|,)\s*close\s*(?:,|$)/i.test(this.headers.get('connection') ?? '')
  }

  /** The first 64 KiB of the body. */
  get body(): string {
    return Buffer.concat(this.#body).toString('utf8', 0, BODY_KEPT)
  }

  /** @throws MalformedResponse at the first byte that must not be there */
  push(chunk: Buffer): void {
    this.started = true
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    while (this.#step());
    if (this.done && this.#pending.length > 0)
      throw new MalformedResponse('bytes after the end of the response')
  }

  /** Takes one more piece of what is pending; false when it has to wait for more. */
  #step(): boolean {
    switch (this.#state) {
      case 'head':
        return this.#readHead()
      case 'counted':
        return this.#readBytes('done')
      case 'chunk-line':
        return this.#readChunkLine()
      case 'chunk':
        return this.#readBytes('chunk-end')
      case 'chunk-end':
        return this.#readChunkEnd()
      case 'trailers':
        return this.#readTrailers()
      case 'done':
        return false
    }
  }

  #readHead(): boolean {
    const end = this.#pending.indexOf('\r\n\r\n')
    if ((end < 0 ? this.#pending.length : end) > HEAD_LIMIT) throw new MalformedResponse('head over 64 KiB')
    if (end < 0) return false
    const [statusLine = '', ...fieldLines] = this.#pending.toString('latin1', 0, end).split('\r\n')
    this.#pending = this.#pending.subarray(end + 4)
    const [, version, status] = STATUS_LINE.exec(statusLine) ?? []
    if (version === undefined)
      throw new MalformedResponse(`status line ${JSON.stringify(statusLine.slice(0, 80))}`)
    this.#version = version
    this.status = Number(status)
    for (const line of fieldLines) this.#addField(line)
    if (this.status === 101) throw new MalformedResponse('101 to a request that asked for no upgrade')
    if (this.status < 200) this.headers.clear()
    else this.#startBody()
    return true
  }

  #addField(line: string): void {
    const [, name, value = ''] = FIELD_LINE.exec(line) ?? []
    if (name === undefined) throw new MalformedResponse(`field line ${JSON.stringify(line.slice(0, 80))}`)
    const key = name.toLowerCase()
    const earlier = this.headers.get(key)
    this.headers.set(key, earlier === undefined ? value : `${earlier}, ${value}`)
  }

  #startBody(): void {
    const length = this.headers.get('content-length')
    const coding = this.headers.get('transfer-encoding')
    if (length !== undefined && coding !== undefined)
      throw new MalformedResponse('both Content-Length and Transfer-Encoding')
    if (this.status === 204 || this.status === 304) this.#state = 'done'
    else if (coding?.toLowerCase() === 'chunked') this.#state = 'chunk-line'
    else if (coding !== undefined) throw new MalformedResponse(`Transfer-Encoding: ${coding}`)
    else if (length === undefined) throw new MalformedResponse('no announced length')
    else if (!/^\d{1,15}$/.test(length)) throw new MalformedResponse(`Content-Length: ${length}`)
    else {
      this.#left = Number(length)
      this.#state = this.#left === 0 ? 'done' : 'counted'
    }
  }

  #readBytes(next: State): boolean {
    const piece = this.#pending.subarray(0, this.#left)
    if (piece.length === 0) return false
    if (this.length < BODY_KEPT) this.#body.push(piece)
    this.length += piece.length
    this.#left -= piece.length
    this.#pending = this.#pending.subarray(piece.length)
    if (this.#left === 0) this.#state = next
    return true
  }

  #readChunkLine(): boolean {
    const line = this.#takeLine()
    if (line === undefined) return false
    const [, size] = CHUNK_LINE.exec(line) ?? []
    if (size === undefined) throw new MalformedResponse(`chunk size ${JSON.stringify(line.slice(0, 80))}`)
    this.#left = Number.parseInt(size, 16)
    this.#state = this.#left === 0 ? 'trailers' : 'chunk'
    return true
  }

  #readChunkEnd(): boolean {
    const line = this.#takeLine()
    if (line === undefined) return false
    if (line !== '') throw new MalformedResponse('chunk longer than it announced')
    this.#state = 'chunk-line'
    return true
  }

  #readTrailers(): boolean {
    const line = this.#takeLine()
    if (line === undefined) return false
    if (line === '') this.#state = 'done'
    else if (!FIELD_LINE.test(line))
      throw new MalformedResponse(`trailer ${JSON.stringify(line.slice(0, 80))}`)
    return true
  }

  #takeLine(): string | undefined {
    const end = this.#pending.indexOf('\r\n')
    if ((end < 0 ? this.#pending.length : end) > HEAD_LIMIT) throw new MalformedResponse('line over 64 KiB')
    if (end < 0) return undefined
    const line = this.#pending.toString('latin1', 0, end)
    this.#pending = this.#pending.subarray(end + 2)
    return line
  }
}
