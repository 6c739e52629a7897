import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { Tally } from './load-tally.ts'

export interface TunnelLoadOptions {
  /** Where the tunnels go: on this machine only. */
  readonly port: number
  /** Tunnels that are begun in a second. */
  readonly rate: number
  /** Values of the Host header, taken in turn. */
  readonly hosts: readonly string[]
  /** Milliseconds that a tunnel lives. */
  readonly lasts: number
  /** Milliseconds between two messages. Default 250. */
  readonly every?: number
}

/** Starts opening tunnels (upgrades to `websocket`) at a fixed rate; to be stopped or disposed of. */
export function startTunnelLoad(options: TunnelLoadOptions): TunnelLoad {
  return new TunnelLoad(options)
}

/** Tunnels through which messages go that must come back whole and in order, until the client ends the tunnel. */
export class TunnelLoad implements AsyncDisposable {
  readonly tally = new Tally()
  readonly #options: Required<TunnelLoadOptions>
  readonly #open = new Set<Tunnel>()
  readonly #timer: NodeJS.Timeout
  #begun = 0
  #stopped: (() => void) | undefined

  constructor(options: TunnelLoadOptions) {
    this.#options = { every: 250, ...options }
    this.#timer = setInterval(() => this.#begin(), 1_000 / options.rate)
  }

  /** Begins no more, and waits until those that are open have ended. */
  async stop(): Promise<Tally> {
    clearInterval(this.#timer)
    if (this.#open.size > 0) await new Promise<void>((resolve) => (this.#stopped = resolve))
    return this.tally
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const tunnel of this.#open) tunnel.end('given up')
    await this.stop()
  }

  #begin(): void {
    const { hosts } = this.#options
    const id = `t${this.#begun}`
    const host = hosts[this.#begun++ % hosts.length]!
    const startedAt = performance.now()
    const tunnel = new Tunnel({ ...this.#options, host, id }, (cause, origin) => {
      this.#open.delete(tunnel)
      const endedAt = performance.now()
      const request = { id, method: 'GET', host, path: '/', fresh: true, status: 101, body: '' } as const
      const times = { sentAt: startedAt, endedAt, latency: tunnel.answeredAt - startedAt }
      this.tally.record({ ...request, ...times, cause, origin, why: undefined })
      if (this.#open.size === 0) this.#stopped?.()
    })
    this.#open.add(tunnel)
  }
}

interface TunnelOptions {
  readonly port: number
  readonly host: string
  readonly id: string
  readonly lasts: number
  readonly every: number
}

class Tunnel {
  /** When 101 came; of `performance.now()`. */
  answeredAt = performance.now()
  readonly #options: TunnelOptions
  readonly #socket: Socket
  readonly #ended: (cause: string, origin: string | undefined) => void
  #head = ''
  #origin: string | undefined
  #sent = ''
  #echoed = ''
  #timer: NodeJS.Timeout | undefined
  #over = false

  constructor(options: TunnelOptions, ended: (cause: string, origin: string | undefined) => void) {
    const { port, host } = options
    this.#options = options
    this.#ended = ended
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.setEncoding('latin1')
    this.#socket.write(
      `GET /tunnel HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    )
    this.#socket.on('data', (text: string) => this.#onText(text))
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.end(error.code ?? error.message))
    this.#socket.on('close', () => this.end('closed before the client ended it'))
  }

  /** Ends the tunnel; the first cause counts. */
  end(cause: string): void {
    if (this.#over) return
    this.#over = true
    clearInterval(this.#timer)
    this.#socket.destroy()
    this.#ended(cause, this.#origin)
  }

  #onText(text: string): void {
    if (this.#timer !== undefined) {
      this.#echoed += text
      if (!this.#sent.startsWith(this.#echoed)) this.end('an echo that was not sent')
      return
    }
    this.#head += text
    const end = this.#head.indexOf('\r\n\r\n')
    if (end < 0) return
    if (!this.#head.startsWith('HTTP/1.1 101 ')) return this.end(this.#head.slice(9, 12))
    this.#origin = /^origin-name: (.*)$/im.exec(this.#head)?.[1]?.trim()
    this.answeredAt = performance.now()
    const { every, lasts } = this.#options
    this.#timer = setInterval(() => this.#say(), every)
    setTimeout(() => this.#finish(), lasts)
    this.#say()
    const early = this.#head.slice(end + 4)
    if (early !== '') this.#onText(early)
  }

  #say(): void {
    const message = `${this.#options.id}:${this.#sent.length};`
    this.#sent += message
    this.#socket.write(message)
  }

  /** All has come back by now, or it has not: a message is due every quarter of a second, an echo within that. */
  #finish(): void {
    clearInterval(this.#timer)
    const patience = setTimeout(() => this.end('an echo is missing'), 5_000)
    const look = (): void => {
      if (this.#over || this.#echoed === this.#sent) {
        clearTimeout(patience)
        this.end('ok')
      } else this.#socket.once('data', look)
    }
    look()
  }
}
