import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A service of a known capacity on 127.0.0.1: so many requests at a time, each for so many milliseconds. */
export class SlottedOrigin implements AsyncDisposable {
  readonly #server: Server
  readonly #slots: number
  readonly #work: number
  readonly #queue: [response: ServerResponse, id: string][] = []
  #busy = 0

  private constructor(slots: number, work: number) {
    this.#slots = slots
    this.#work = work
    this.#server = createServer((request, response) => {
      this.#queue.push([response, String(request.headers['request-id'])])
      this.#next()
    })
  }

  static async start(slots: number, work: number): Promise<SlottedOrigin> {
    const origin = new SlottedOrigin(slots, work)
    origin.#server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 })
    await once(origin.#server, 'listening')
    return origin
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Like a thread pool, it works on whatever was asked, whether somebody still waits for it or not. */
  #next(): void {
    if (this.#busy === this.#slots) return
    const [response, id] = this.#queue.shift() ?? []
    if (!response) return
    this.#busy++
    setTimeout(() => {
      this.#busy--
      response.setHeader('Request-Id', id!)
      response.end('done')
      this.#next()
    }, this.#work)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }
}
