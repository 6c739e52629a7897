import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { MalformedResponse, ResponseReader } from './response-reader.ts'

/** How an exchange ended: with a whole response, or with what went wrong. */
export type ExchangeEnd =
  | { readonly response: ResponseReader }
  | { readonly cause: string; readonly response?: ResponseReader }

interface Exchange {
  readonly reader: ResponseReader
  readonly ended: (end: ExchangeEnd) => void
}

/** A client's connection: one request at a time, kept for further ones when both sides keep it. */
export class LoadConnection {
  readonly #socket: Socket
  readonly #onStrayBytes: () => void
  readonly #onClosed: () => void
  #exchange: Exchange | null = null
  #used = 0
  #sawEnd = false

  /** `onClosed` is called once, when the connection can carry nothing any more. */
  constructor(port: number, address: string, onClosed: () => void, onStrayBytes: () => void) {
    this.#onClosed = onClosed
    this.#onStrayBytes = onStrayBytes
    this.#socket = connect({ port, host: address, noDelay: true })
    this.#socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    this.#socket.on('end', () => this.#onEnd())
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#fail(error.code ?? error.message))
    this.#socket.on('close', () => {
      this.#fail('closed')
      this.#onClosed()
    })
  }

  /** It has carried a request before the one that it carries now. */
  get reused(): boolean {
    return this.#used > 1
  }

  /** The server has not closed it, as far as is known. */
  get usable(): boolean {
    return !this.#sawEnd && !this.#socket.destroyed
  }

  /** Sends a request; `ended` is called once. */
  send(message: Buffer, ended: (end: ExchangeEnd) => void): void {
    this.#used++
    this.#exchange = { reader: new ResponseReader(), ended }
    this.#socket.write(message)
  }

  /** Gives the exchange up, and the connection with it. */
  abandon(cause: string): void {
    this.#fail(cause)
    this.#socket.destroy()
  }

  close(): void {
    this.#socket.destroy()
  }

  #onData(chunk: Buffer): void {
    const exchange = this.#exchange
    if (!exchange) {
      this.#onStrayBytes()
      this.#socket.destroy()
      return
    }
    try {
      exchange.reader.push(chunk)
    } catch (error) {
      if (!(error instanceof MalformedResponse)) throw error
      this.abandon(`malformed response: ${error.message}`)
      return
    }
    if (exchange.reader.done) this.#complete(exchange)
  }

  #complete(exchange: Exchange): void {
    this.#exchange = null
    exchange.ended({ response: exchange.reader })
  }

  #onEnd(): void {
    this.#sawEnd = true
    const { started } = this.#exchange?.reader ?? { started: false }
    this.#fail(started ? 'EOF in the middle of the response' : 'EOF before the response')
  }

  #fail(cause: string): void {
    const exchange = this.#exchange
    if (!exchange) return
    this.#exchange = null
    const where = this.reused ? ' on a reused connection' : ''
    exchange.ended({ cause: `${cause}${where}`, response: exchange.reader })
  }
}
