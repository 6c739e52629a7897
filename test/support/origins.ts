import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Ledger } from './ledger.ts'

export interface OriginOptions {
  /** Sent with every answer in the header `Origin-Name`. */
  readonly name?: string
  /** Shared by the origins of one run, so that a request carried out by two of them is seen. */
  readonly ledger?: Ledger
  /** Default: any free port. */
  readonly port?: number
  /** One of 127.0.0.0/8; default 127.0.0.1. */
  readonly address?: string
}

/** An HTTP service on this machine that answers at once; to be disposed of. */
export async function startOrigin(options: OriginOptions = {}): Promise<Origin> {
  const origin = new Origin(options)
  await origin.start(options.port)
  return origin
}

/**
 * One instance of a service, which can leave in the ways in which real ones leave. It reads the request whole,
 * enters its `Request-Id` in the ledger and echoes it. The query tells it how to answer: `wait` (milliseconds),
 * `status`, `size` (bytes of the body), `chunked` (no Content-Length). `/health` answers with `health`; an upgrade
 * becomes a tunnel that sends back what it gets, until the client ends it.
 */
export class Origin implements AsyncDisposable {
  readonly name: string
  readonly ledger: Ledger
  readonly address: string
  port = 0
  /** Requests that were received and not yet answered whole. */
  inFlight = 0
  /** Those of them that asked it to wait. */
  waiting = 0
  /** Answers that were sent whole. */
  answered = 0
  /** Requests that have come whole, those for its health left out. */
  received = 0
  /** Connections that stood idle when it stopped, and were closed without a word. */
  closedIdle = 0
  /** Status of every answer, whatever the query says; undefined: as the query says. */
  status: number | undefined
  /** Status of `/health`. */
  health = 200
  /** Tunnels that are open. */
  tunnels = 0
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #stopping = false

  constructor({ name = 'origin', ledger = new Ledger(), address = '127.0.0.1' }: OriginOptions = {}) {
    this.name = name
    this.address = address
    this.ledger = ledger
  }

  get url(): string {
    return `http://${this.address}:${this.port}`
  }

  /** Open connections. */
  get connections(): number {
    return this.#sockets.size
  }

  /** Listens, again after a stop or a kill; on the same port when it is given. */
  async start(port = 0): Promise<void> {
    const server = createServer((request, response) => void this.#serve(request, response))
    server.on('upgrade', (_request: IncomingMessage, socket: Socket) => this.#tunnel(socket))
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    this.#server = server
    this.#stopping = false
    server.listen(port, this.address)
    await once(server, 'listening')
    this.port = (server.address() as AddressInfo).port
  }

  /** As a normal service on SIGTERM: no new connections, idle ones closed, requests in flight answered. */
  async stop(): Promise<void> {
    const server = this.#server
    if (!server?.listening) return
    this.#stopping = true
    this.closedIdle += Math.max(0, this.#sockets.size - this.inFlight - this.tunnels)
    const closed = once(server, 'close')
    server.close()
    server.closeIdleConnections()
    await closed
  }

  /** As SIGKILL: every connection is reset and the port closed, all before this returns. */
  kill(): void {
    this.#server?.close()
    for (const socket of this.#sockets) socket.resetAndDestroy()
    this.#sockets.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = this.#server
    if (!server) return
    this.kill()
    if (server.listening) await once(server, 'close')
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://origin')
    if (pathname === '/health') {
      response.writeHead(this.health).end()
      return
    }
    const wait = Number(query.get('wait') ?? 0)
    this.#enter(wait > 0, response)
    const id = String(request.headers['request-id'] ?? '')
    const received = await readWhole(request)
    if (received === undefined) return
    this.received++
    if (id !== '') this.ledger.record(request.method ?? '', id)
    if (wait > 0 && !(await waited(wait, response))) return
    this.#answer(response, query, id, `${this.name} ${request.method} ${id} ${received}\n`)
  }

  #tunnel(socket: Socket): void {
    this.tunnels++
    socket.once('close', () => this.tunnels--)
    socket.on('error', () => socket.destroy())
    const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
    socket.write(`${[...head, `Origin-Name: ${this.name}`].join('\r\n')}\r\n\r\n`)
    socket.pipe(socket)
  }

  /** Counts the request until its answer is out or its connection is gone. */
  #enter(waits: boolean, response: ServerResponse): void {
    this.inFlight++
    if (waits) this.waiting++
    response.once('close', () => {
      this.inFlight--
      if (waits) this.waiting--
      if (response.writableFinished) this.answered++
      // `close` closed the connections that were idle then; this one has become idle only now.
      if (this.#stopping) setImmediate(() => this.#server?.closeIdleConnections())
    })
  }

  #answer(response: ServerResponse, query: URLSearchParams, id: string, line: string): void {
    const body = line.padEnd(Number(query.get('size') ?? 0), '.')
    response.writeHead(this.status ?? Number(query.get('status') ?? 200), {
      'Content-Type': 'text/plain',
      'Origin-Name': this.name,
      ...(id === '' ? {} : { 'Request-Id': id }),
      ...(query.has('chunked') ? {} : { 'Content-Length': Buffer.byteLength(body) }),
    })
    response.write(body.slice(0, 10))
    response.end(body.slice(10))
  }
}

/** False when the client went away meanwhile. */
async function waited(milliseconds: number, response: ServerResponse): Promise<boolean> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  try {
    await sleep(milliseconds, undefined, { signal: gone.signal })
    return true
  } catch {
    return false
  }
}

/** Bytes of the body, or undefined when the client went away before its end. */
async function readWhole(request: IncomingMessage): Promise<number | undefined> {
  let bytes = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) bytes += chunk.length
  } catch {
    return undefined
  }
  return request.complete ? bytes : undefined
}
