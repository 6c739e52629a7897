import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { until } from './until.ts'

/** What a slow client does: it never ends its head, or its body, or never reads its answer. */
export type Slowness = 'head' | 'body' | 'read'

const FIRST_BYTES: Readonly<Record<Slowness, string>> = {
  head: 'GET / HTTP/1.1\r\nHost: a.example\r\n',
  body: 'POST / HTTP/1.1\r\nHost: a.example\r\nRequest-Id: slow\r\nContent-Length: 1000000\r\n\r\n',
  read: 'GET /?size=1000000 HTTP/1.1\r\nHost: a.example\r\nRequest-Id: slow\r\n\r\n',
}
const DRIPS: Readonly<Record<Slowness, string>> = { head: 'X: y\r\n', body: 'x', read: '' }
/** Each client drips once a second; not all at the same moment, which would be a load of another kind. */
const TURNS = 100

/** Clients that hold on to connections to a port of 127.0.0.1; to be disposed of. */
export class SlowClients implements AsyncDisposable {
  /** Of each kind, those that were cut off. */
  readonly ended: Record<Slowness, number> = { head: 0, body: 0, read: 0 }
  readonly #clients: { socket: Socket; kind: Slowness }[] = []
  readonly #timer: NodeJS.Timeout
  #turn = 0

  private constructor() {
    this.#timer = setInterval(() => this.#drip(), 1_000 / TURNS)
  }

  /** Opens so many of each kind, a few at a time. */
  static async start(port: number, counts: Readonly<Record<Slowness, number>>): Promise<SlowClients> {
    const clients = new SlowClients()
    for (const kind of ['head', 'body', 'read'] as const) {
      for (let i = 0; i < counts[kind]; i++) {
        clients.#open(port, kind)
        if (i % 50 === 49) await until('connections', () => !clients.#connecting)
      }
    }
    await until('connections', () => !clients.#connecting)
    return clients
  }

  get #connecting(): boolean {
    return this.#clients.some(({ socket }) => socket.connecting)
  }

  #open(port: number, kind: Slowness): void {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    socket.on('connect', () => socket.write(FIRST_BYTES[kind]))
    if (kind === 'read') socket.pause()
    else socket.resume()
    socket.on('error', () => {})
    socket.on('close', () => this.ended[kind]++)
    this.#clients.push({ socket, kind })
  }

  #drip(): void {
    this.#turn = (this.#turn + 1) % TURNS
    for (let i = this.#turn; i < this.#clients.length; i += TURNS) {
      const { socket, kind } = this.#clients[i]!
      if (DRIPS[kind] !== '' && socket.writable) socket.write(DRIPS[kind])
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    for (const { socket } of this.#clients) socket.destroy()
    await until('all to be closed', () => this.#clients.every(({ socket }) => socket.closed))
  }
}
