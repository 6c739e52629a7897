import { constants } from 'node:crypto'
import type { Socket } from 'node:net'
import { createSecureContext, createServer } from 'node:tls'
import type { SecureContext, SecureContextOptions, Server, TLSSocket } from 'node:tls'
import type { TlsPlan } from '../../server/plan.ts'
import { ServerNames } from './server-names.ts'

/** Milliseconds for a whole handshake. */
const HANDSHAKE_TIMEOUT = 10_000
/** Certificates that are kept ready for use; making one ready takes about a millisecond. */
const MAX_READY = 1_000
/** Reasons that are counted apart; clients choose some of them. */
const MAX_REASONS = 64

/** Forward secrecy and authenticated encryption only (RFC 9325 §4.2). */
const SETTINGS = {
  minVersion: 'TLSv1.2',
  honorCipherOrder: true,
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  // The same in all workers, or one could not resume what another began.
  sessionIdContext: 'tidegate',
} as const satisfies SecureContextOptions

/**
 * Does the handshakes of one thread. The TLS server behind it never listens: it is handed sockets whose first byte
 * said that they speak TLS.
 */
export class TlsTerminator {
  /** Handshakes by what came of them: `h2`, `http/1.1`, or why they failed. */
  readonly outcomes = new Map<string, number>()
  readonly #server: Server
  readonly #waiting = new Map<string, (secured: TLSSocket) => void>()
  readonly #ready = new Map<string, SecureContext>()
  #plan: TlsPlan
  #names: ServerNames

  constructor(plan: TlsPlan) {
    this.#plan = plan
    this.#names = new ServerNames(plan.certificates)
    this.#server = createServer({
      ...this.#contextOptions(plan.defaultCertificate),
      ALPNProtocols: ['h2', 'http/1.1'],
      handshakeTimeout: HANDSHAKE_TIMEOUT,
      SNICallback: (name, done) => this.#choose(name, done),
    })
    this.#server.on('secureConnection', (secured) => this.#onSecured(secured))
    this.#server.on('tlsClientError', (error, socket) => this.#onFailed(error, socket))
  }

  /** Takes other certificates over; connections that are open stay as they are. */
  use(plan: TlsPlan): void {
    this.#plan = plan
    this.#names = new ServerNames(plan.certificates)
    this.#ready.clear()
    this.#server.setSecureContext(this.#contextOptions(plan.defaultCertificate))
  }

  /** Does the handshake on a socket; `secured` is called when it has succeeded, and never when it has not. */
  accept(socket: Socket, secured: (socket: TLSSocket) => void): void {
    const key = keyOf(socket)
    this.#waiting.set(key, secured)
    socket.once('close', () => {
      if (this.#waiting.get(key) === secured) this.#waiting.delete(key)
    })
    // A client that closes its side within the handshake cannot finish it.
    socket.allowHalfOpen = false
    this.#server.emit('connection', socket)
  }

  count(outcome: string): void {
    const slot = this.outcomes.has(outcome) || this.outcomes.size < MAX_REASONS ? outcome : 'other'
    this.outcomes.set(slot, (this.outcomes.get(slot) ?? 0) + 1)
  }

  /** What is thrown here would end the process (CVE-2026-21637). */
  #choose(name: string, done: (error: Error | null, context?: SecureContext) => void): void {
    let context: SecureContext | undefined
    try {
      const id = this.#names.find(name)
      context = id === undefined ? undefined : this.#contextOf(id)
    } catch (error) {
      this.count('certificate-unusable')
      done(error instanceof Error ? error : new Error(String(error)))
      return
    }
    done(null, context)
  }

  #contextOf(id: string): SecureContext {
    const known = this.#ready.get(id)
    if (known) return known
    const context = createSecureContext(this.#contextOptions(id))
    if (this.#ready.size >= MAX_READY) this.#ready.delete(this.#ready.keys().next().value!)
    this.#ready.set(id, context)
    return context
  }

  #contextOptions(id: string): SecureContextOptions & { ticketKeys: Buffer } {
    const { chain, key } = this.#plan.certificates.get(id)!
    return { ...SETTINGS, cert: chain, key, ticketKeys: Buffer.from(this.#plan.ticketKey) }
  }

  #onSecured(socket: TLSSocket): void {
    const key = keyOf(socket)
    const secured = this.#waiting.get(key)
    this.#waiting.delete(key)
    if (!secured) {
      socket.destroy()
      return
    }
    socket.allowHalfOpen = true
    this.count(socket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1')
    secured(socket)
  }

  #onFailed(error: Error, socket: TLSSocket): void {
    this.count(reasonOf(error))
    // Answers the alert or the silence; what is still unsent of an alert leaves first.
    socket.destroySoon()
  }
}

/** The four numbers of a connection: Node does not tell which socket a secured one came from. */
function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress}|${remotePort}|${localAddress}|${localPort}`
}

/** Reasons in words of their own: `unsupported-protocol`, `no-application-protocol`, `closed`, `timeout` … */
function reasonOf(error: Error): string {
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'closed'
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return 'timeout'
  const [, reason] = /^ERR_SSL_([A-Z0-9_]{1,60})$/.exec(code) ?? []
  return reason === undefined ? 'other' : reason.toLowerCase().replaceAll('_', '-')
}
