import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import type { TlsOptions, TLSSocket } from 'node:tls'
import { RawPeer } from './raw-peer.ts'

/** Answers every request with its body. */
export async function echo(peer: RawPeer): Promise<void> {
  for (;;) {
    const { body } = await peer.readMessage()
    peer.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`).write(body)
  }
}

/** An upstream on 127.0.0.1 that speaks TLS, and follows a script on each connection. */
export class TlsUpstream implements AsyncDisposable {
  readonly sockets: TLSSocket[] = []
  /** Whether each of them resumed an earlier session. */
  readonly resumed: boolean[] = []
  readonly peers: RawPeer[] = []
  readonly #server: ReturnType<typeof createServer>

  private constructor(options: TlsOptions, script: (peer: RawPeer) => Promise<void>) {
    this.#server = createServer({ ALPNProtocols: ['h2', 'http/1.1'], ...options }, (socket) => {
      this.sockets.push(socket)
      this.resumed.push(socket.isSessionReused())
      const peer = new RawPeer(socket)
      peer.keepsHistory = false
      this.peers.push(peer)
      // A script ends when its connection does.
      script(peer).catch(() => {})
    })
    this.#server.on('tlsClientError', () => {})
  }

  static async start(options: TlsOptions, script = echo): Promise<TlsUpstream> {
    const upstream = new TlsUpstream(options, script)
    upstream.#server.listen(0, '127.0.0.1')
    await once(upstream.#server, 'listening')
    return upstream
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Bytes that came over all connections. */
  get received(): number {
    return this.peers.reduce((sum, peer) => sum + peer.length, 0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    await Promise.all(this.peers.map((peer) => peer[Symbol.asyncDispose]()))
  }
}
