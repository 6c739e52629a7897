import { once } from 'node:events'
import { BoundSocket, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { RawPeer } from './raw-peer.ts'
import { until } from './until.ts'

/** What an upstream does with one connection, from its first byte to its end. */
export type Script = (peer: RawPeer, index: number) => Promise<void> | void

/** Answers every request that comes with these bytes. */
export function answering(response: string): Script {
  return async (peer) => {
    for (;;) {
      await peer.readMessage()
      peer.write(response)
    }
  }
}

/** A whole answer with this body. */
export function ok(body = 'ok', fields = ''): string {
  return `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

/** An upstream on 127.0.0.1 that keeps every byte of every connection and follows a script. */
export class RawUpstream implements AsyncDisposable {
  readonly connections: RawPeer[] = []
  readonly #server: Server

  private constructor(script: Script) {
    this.#server = createServer({ allowHalfOpen: true }, (socket: Socket) => {
      const peer = new RawPeer(socket)
      this.connections.push(peer)
      // A script ends when its connection does: what it still waits for then is not missed.
      void Promise.resolve(script(peer, this.connections.length - 1)).catch(() => {})
    })
  }

  static async start(script: Script = answering(ok())): Promise<RawUpstream> {
    const upstream = new RawUpstream(script)
    upstream.#server.listen(0, '127.0.0.1')
    await once(upstream.#server, 'listening')
    return upstream
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Everything that was sent here, over all connections. */
  get text(): string {
    return this.connections.map((peer) => peer.text).join('')
  }

  /** The connection of this index, as soon as it is there. */
  connection(index: number): Promise<RawPeer> {
    return until(`connection ${index} to the upstream`, () => this.connections[index])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    await Promise.all(this.connections.map((peer) => peer[Symbol.asyncDispose]()))
  }
}

/** Held until the process ends: a port that is given back may be listened on by the next test of another process. */
const refusing = new Set<BoundSocket>()

/** A port of 127.0.0.1 on which nobody listens, and nobody can. */
export function refusingPort(): number {
  const socket = new BoundSocket({ host: '127.0.0.1', port: 0 })
  refusing.add(socket)
  return socket.address().port
}
