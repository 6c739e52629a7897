import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { once } from 'node:events'

type Answered = (connection: OpenLoopConnection, due: number) => void

/** All connections read into one place, since what is read is only counted. */
const READ_BUFFER = Buffer.alloc(65_536)

/**
 * One connection that sends the same request over and over. All its answers are alike in length, so after the first
 * one has been read with care, bytes are only counted: what measures must not cost more than what is measured.
 */
export class OpenLoopConnection {
  readonly #socket: Socket
  readonly #request: Buffer
  readonly #answered: Answered
  readonly #failed: () => void
  #due = 0
  #expected = 0
  #received = 0

  private constructor(port: number, request: Buffer, answered: Answered, failed: () => void) {
    this.#request = request
    this.#answered = answered
    this.#failed = failed
    const onread = { buffer: READ_BUFFER, callback: (length: number) => this.#take(length) }
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread })
    this.#socket.on('error', () => undefined)
    this.#socket.on('close', failed)
  }

  static async open(
    port: number,
    request: Buffer,
    answered: Answered,
    failed: () => void,
  ): Promise<OpenLoopConnection> {
    const connection = new OpenLoopConnection(port, request, answered, failed)
    await once(connection.#socket, 'connect')
    return connection
  }

  send(due: number): void {
    this.#due = due
    this.#received = 0
    this.#socket.write(this.#request)
  }

  #take(length: number): boolean {
    if (this.#expected === 0) this.#expected = lengthOfAnswer(READ_BUFFER.toString('latin1', 0, length))
    this.#received += length
    if (this.#received === this.#expected) this.#answered(this, this.#due)
    else if (this.#received > this.#expected) this.#failed()
    return true
  }
}

/** @throws Error when it is no whole head of a 200 with a Content-Length, since then nothing could be counted */
function lengthOfAnswer(text: string): number {
  const head = text.indexOf('\r\n\r\n')
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head + 2))?.[1]
  if (!text.startsWith('HTTP/1.1 200 ') || head < 0 || length === undefined)
    throw new Error(`unexpected answer:\n${text}`)
  return head + 4 + Number(length)
}
