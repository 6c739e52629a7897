import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { resetSocket } from '../../src/proxy/wire.ts'

/** Milliseconds that a test waits for bytes or an end before it fails, saying what has come so far. */
const PATIENCE = 10_000

export interface RawMessage {
  /** Start line and field lines, without the empty line. */
  readonly head: string
  /** Without its framing. */
  readonly body: Buffer
  /** Trailer lines of a chunked body. */
  readonly trailers: string
  /** Sizes of the chunks; empty for a counted body. */
  readonly chunks: readonly number[]
}

/** How the other side ended its direction. */
export type Ending = 'end' | 'reset'

/**
 * One end of a TCP connection that a test holds in its hands: it sends exactly these bytes, and everything that
 * comes is kept until it is read. Every wait has a deadline.
 */
export class RawPeer implements AsyncDisposable {
  readonly socket: Socket
  /** All bytes that have ever come. */
  length = 0
  ending: Ending | undefined = undefined
  #chunks: Buffer[] = []
  readonly #waiting = new Set<() => void>()
  readonly #history: Buffer[] = []
  /** False for long streams: `text` then holds only what came before. */
  keepsHistory = true

  constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      this.length += chunk.length
      this.#chunks.push(chunk)
      if (this.keepsHistory) this.#history.push(chunk)
      this.#wake()
    })
    socket.on('end', () => this.#ended('end'))
    socket.on('error', () => this.#ended('reset'))
    socket.on('close', (failed: boolean) => this.#ended(failed ? 'reset' : 'end'))
  }

  /** A connection to this port of 127.0.0.1 that keeps its side open when the other one has ended. */
  static async open(port: number): Promise<RawPeer> {
    const peer = new RawPeer(connect({ host: '127.0.0.1', port, allowHalfOpen: true }))
    await peer.#until('a connection', () => !peer.socket.connecting)
    return peer
  }

  /** Everything that has ever come, as latin1. */
  get text(): string {
    return Buffer.concat(this.#history).toString('latin1')
  }

  write(data: string | Buffer): this {
    this.socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data)
    return this
  }

  /** Resolves when the system has taken all of it. */
  async send(data: Buffer): Promise<void> {
    await new Promise<void>((resolve) => this.socket.write(data, () => resolve()))
  }

  /** One write per byte, each in a turn of its own, so that they arrive as different reads. */
  async dribble(data: string): Promise<void> {
    for (const byte of Buffer.from(data, 'latin1')) {
      await this.send(Buffer.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** FIN behind what was written. */
  end(data?: string): void {
    this.socket.end(Buffer.from(data ?? '', 'latin1'))
  }

  reset(): void {
    resetSocket(this.socket)
  }

  /** Reads nothing more, so that the other side has to wait. */
  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  /** The next `count` bytes. */
  async read(count: number): Promise<Buffer> {
    await this.#until(`${count} bytes`, () => this.#available >= count)
    return this.#take(count)
  }

  /** Up to and including `mark`. */
  async readUntil(mark: string): Promise<string> {
    let end = -1
    await this.#until(JSON.stringify(mark), () => (end = this.#peek().indexOf(mark, 0, 'latin1')) >= 0)
    return this.#take(end + mark.length).toString('latin1')
  }

  /** Resolves when this many bytes have come in all. */
  async received(count: number): Promise<void> {
    await this.#until(`${count} bytes in all`, () => this.length >= count)
  }

  /** Everything up to the end of the other direction, and how that ended. */
  async readToEnd(): Promise<{ text: string; ending: Ending }> {
    await this.#until('the end', () => this.ending !== undefined)
    return { text: this.#take(this.#available).toString('latin1'), ending: this.ending! }
  }

  /** How the other side ended. */
  async ended(): Promise<Ending> {
    await this.#until('the end', () => this.ending !== undefined)
    return this.ending!
  }

  /** One message, framed by Content-Length or chunks; `bodiless` for what has none by its nature. */
  async readMessage({ bodiless = false } = {}): Promise<RawMessage> {
    const head = (await this.readUntil('\r\n\r\n')).slice(0, -4)
    const empty = { head, body: Buffer.alloc(0), trailers: '', chunks: [] }
    if (bodiless || /^HTTP\/1\.1 1\d\d/.test(head)) return empty
    if (/^transfer-encoding: *chunked$/im.test(head)) return this.#readChunks(head)
    const length = Number(/^content-length: *(\d+)$/im.exec(head)?.[1] ?? 0)
    return { ...empty, body: length === 0 ? empty.body : await this.read(length) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy()
    if (!this.socket.closed) await new Promise((resolve) => this.socket.once('close', resolve))
  }

  async #readChunks(head: string): Promise<RawMessage> {
    const parts: Buffer[] = []
    for (;;) {
      const line = await this.readUntil('\r\n')
      const size = Number.parseInt(line, 16)
      if (size === 0) break
      parts.push(await this.read(size))
      if ((await this.readUntil('\r\n')) !== '\r\n') throw new Error('a chunk is longer than announced')
    }
    let trailers = ''
    for (let line = await this.readUntil('\r\n'); line !== '\r\n'; line = await this.readUntil('\r\n'))
      trailers += line
    return { head, body: Buffer.concat(parts), trailers, chunks: parts.map((part) => part.length) }
  }

  get #available(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  }

  #peek(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0] ?? Buffer.alloc(0)
  }

  #take(count: number): Buffer {
    const bytes = this.#peek()
    this.#chunks = count === bytes.length ? [] : [bytes.subarray(count)]
    return bytes.subarray(0, count)
  }

  #ended(ending: Ending): void {
    // An error after the end is a reset all the same, unless somebody has seen the end before.
    if (this.ending === undefined) this.ending = ending
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }

  async #until(what: string, met: () => boolean): Promise<void> {
    const deadline = performance.now() + PATIENCE
    while (!met()) {
      if (this.ending !== undefined) throw new Error(`no ${what}: ${this.ending} after ${this.#shown()}`)
      const left = deadline - performance.now()
      if (left <= 0) throw new Error(`no ${what} within ${PATIENCE} ms, but ${this.#shown()}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#waiting.add(() => {
          clearTimeout(timer)
          resolve()
        })
        if (this.socket.connecting) this.socket.once('connect', () => this.#wake())
      })
    }
  }

  #shown(): string {
    return `${this.length} bytes: ${JSON.stringify(this.#peek().toString('latin1').slice(0, 300))}`
  }
}
