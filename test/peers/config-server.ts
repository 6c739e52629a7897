import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

/** A server of documents that does what it is told: `node:http`, with every fault that a server can have. */
export class ConfigServer implements AsyncDisposable {
  readonly requests: IncomingMessage[] = []
  answer: RequestListener
  readonly #server: Server
  readonly #secure: boolean
  #port = 0

  private constructor(answer: RequestListener, tls?: { readonly key: string; readonly cert: string }) {
    this.answer = answer
    this.#secure = tls !== undefined
    const serve: RequestListener = (request, response) => {
      this.requests.push(request)
      this.answer(request, response)
    }
    this.#server = tls ? createTlsServer(tls, serve) : createServer(serve)
  }

  static async start(
    answer: RequestListener,
    tls?: { readonly key: string; readonly cert: string },
  ): Promise<ConfigServer> {
    const server = new ConfigServer(answer, tls)
    await server.listen()
    return server
  }

  /** On the same port again, after `stop`. */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `${this.#secure ? 'https' : 'http'}://127.0.0.1:${this.#port}/config`
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.stop()
  }
}
