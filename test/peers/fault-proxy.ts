import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer, request } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/*
 * Ours, and no real peer: an HTTP server in front of one, which passes everything on until it is told to answer
 * some requests itself. It makes the faults that the real peer cannot be brought to make.
 */

/** What is answered instead: an answer, or whatever the function does with the response. */
export type Fault =
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | ((response: ServerResponse) => void)

/** A request that came by. */
export interface Passed {
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
}

/** Starts the server in front of `target` (`host:port`), on a port of its own. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const proxy = new FaultProxy(target)
  await proxy.listen()
  return proxy
}

export class FaultProxy implements AsyncDisposable {
  /** Every request in the order of its coming. */
  readonly passed: Passed[] = []
  readonly #target: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #open = new Set<ServerResponse>()
  #fault: ((path: string) => Fault | undefined) | undefined
  #mostConnections = 0

  constructor(target: string) {
    this.#target = target
    this.#server = createServer((message, response) => this.#serve(message, response))
    this.#server.on('connection', (socket) => this.#connected(socket))
  }

  async listen(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.listen(0, '127.0.0.1', resolve)
    await promise
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The most connections that were open at one time. */
  get mostConnections(): number {
    return this.#mostConnections
  }

  /** From now on requests whose path starts so get the fault; long polls that wait are cut off. */
  breakWith(path: string, fault: Fault): void {
    this.#fault = (asked) => (asked.startsWith(path) ? fault : undefined)
    this.#cutOff()
  }

  heal(): void {
    this.#fault = undefined
    this.#cutOff()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    for (const socket of this.#sockets) socket.destroy()
    await promise
  }

  #connected(socket: Socket): void {
    this.#sockets.add(socket)
    this.#mostConnections = Math.max(this.#mostConnections, this.#sockets.size)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
  }

  #cutOff(): void {
    for (const response of this.#open) response.destroy()
  }

  #serve(message: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(message.url ?? '/', 'http://proxy')
    this.passed.push({ path: pathname, query: searchParams, headers: message.headers })
    this.#open.add(response)
    response.on('close', () => this.#open.delete(response))
    const fault = this.#fault?.(pathname)
    if (fault) answer(fault, response)
    else this.#passOn(message, response)
  }

  #passOn(message: IncomingMessage, response: ServerResponse): void {
    const onward = request(
      `http://${this.#target}${message.url}`,
      { method: message.method, headers: message.headers },
      (answered) => {
        response.writeHead(answered.statusCode ?? 502, answered.headers)
        answered.pipe(response)
      },
    )
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    message.pipe(onward)
  }
}

function answer(fault: Fault, response: ServerResponse): void {
  if (typeof fault === 'function') return fault(response)
  response.writeHead(fault.status ?? 200, { 'content-type': 'application/json', ...fault.headers })
  response.end(fault.body ?? '')
}
