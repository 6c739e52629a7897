import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { FrameReader } from './frames.ts'
import { JuteReader, MalformedError } from './jute.ts'
import type { NodeEvent, Session, Welcome } from './messages.ts'
import {
  closeRequest,
  connectRequest,
  digestRequest,
  OPERATIONS,
  pingRequest,
  readEvent,
  readHeader,
  readRequest,
  readWelcome,
  XIDS,
} from './messages.ts'
import { SilentError } from '../parts/store-errors.ts'
import { AuthenticationError, ReadError } from './errors.ts'

export interface ConnectionOptions {
  readonly host: string
  readonly port: number
  /** One that is to be gone on with. */
  readonly session: Session | undefined
  readonly credentials: { readonly username: string; readonly password: string } | undefined
  /** Ends the connection. */
  readonly signal: AbortSignal
  readonly onEvent: (event: NodeEvent) => void
}

/** Milliseconds within which a server answers whatever it is asked; a connection that is silent for longer is ended. */
const ANSWERS_WITHIN = 3_000
/** Milliseconds after which a server that hears nothing forgets the session; servers have limits of their own. */
const SESSION_TIMEOUT = 10_000
/** Milliseconds between two pings, which keep the session and show that the server still answers. */
const PING_EVERY = 1_000

interface Waiting {
  readonly xid: number
  readonly path: string
  readonly resolve: (body: JuteReader | undefined) => void
  readonly reject: (error: Error) => void
}

/**
 * One connection to one server, with as much of ZooKeeper's protocol as reading needs. Answers come in the order of
 * the questions; events come before the answers that already show what they tell of.
 */
export class ZooKeeperConnection {
  readonly #options: ConnectionOptions
  readonly #socket: Socket
  readonly #frames = new FrameReader()
  readonly #welcomed = Promise.withResolvers<Welcome>()
  readonly #ended = Promise.withResolvers<Error>()
  readonly #waiting: Waiting[] = []
  #welcome: Welcome | undefined
  #failure: Error | undefined
  #lastXid = 0
  #zxid = 0n
  #silence: NodeJS.Timeout | undefined
  #pings: NodeJS.Timeout | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#socket = connect({ host: options.host, port: options.port, noDelay: true })
    this.#socket.on('connect', () => this.#socket.write(connectRequest(options.session, SESSION_TIMEOUT)))
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#socket.on('error', (error) => this.#end(error))
    this.#socket.on('close', () => this.#end(new Error('the server ended the connection')))
    options.signal.addEventListener('abort', this.#onAbort, { once: true })
    this.#welcomed.promise.catch(() => undefined)
    this.#expectSign()
    if (options.signal.aborted) this.#onAbort()
  }

  /**
   * The session, once the server has agreed to it; undefined when the one that was asked for has expired, which makes
   * this connection useless.
   * @throws what ended the connection
   */
  async open(): Promise<Session | undefined> {
    const { session } = await this.#welcomed.promise
    return session
  }

  /** Fulfilled with the reason once the connection is over. */
  get ended(): Promise<Error> {
    return this.#ended.promise
  }

  /** What has ended the connection; undefined while it lasts. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** The last transaction of which the server has shown to know. */
  get zxid(): bigint {
    return this.#zxid
  }

  /** A node's data, or undefined when there is no such node; `onEvent` is then told of its next change. */
  async data(path: string): Promise<Buffer | undefined> {
    return (await this.#ask(OPERATIONS.data, path))?.bytes()
  }

  /** Names of a node's children, or undefined when there is no such node. */
  async children(path: string): Promise<string[] | undefined> {
    return (await this.#ask(OPERATIONS.children, path))?.texts()
  }

  /** Whether there is such a node; `onEvent` is told when it comes or goes. */
  async exists(path: string): Promise<boolean> {
    return (await this.#ask(OPERATIONS.exists, path)) !== undefined
  }

  /** Tells the server that the session is over, as far as it still listens, and ends the connection. */
  close(): void {
    if (this.#welcome && !this.#failure) this.#socket.write(closeRequest(++this.#lastXid))
    this.#end(new Error('closed'))
  }

  readonly #onAbort = (): void => this.close()

  /** @throws ReadError, or what ended the connection */
  async #ask(operation: number, path: string): Promise<JuteReader | undefined> {
    if (!this.#welcome) await this.#welcomed.promise
    if (this.#failure) throw this.#failure
    const xid = (this.#lastXid = (this.#lastXid % 0x7fff_fffe) + 1)
    const { promise, resolve, reject } = Promise.withResolvers<JuteReader | undefined>()
    this.#waiting.push({ xid, path, resolve, reject })
    this.#socket.write(readRequest(xid, operation, path))
    return await promise
  }

  #take(chunk: Buffer): void {
    try {
      for (const message of this.#frames.read(chunk)) {
        if (this.#failure) return
        if (this.#welcome) this.#receive(new JuteReader(message))
        else this.#greet(readWelcome(message))
      }
    } catch (error) {
      this.#end(error as Error)
    }
  }

  #greet(welcome: Welcome): void {
    this.#welcome = welcome
    this.#expectSign()
    this.#welcomed.resolve(welcome)
    if (!welcome.session) return this.#end(new Error('the session has expired'))
    const { credentials } = this.#options
    if (credentials) this.#socket.write(digestRequest(credentials.username, credentials.password))
    // Servers may allow less than was asked for, but no ping more than three times in the session's time.
    const every = Math.min(PING_EVERY, Math.max(50, welcome.timeout / 3))
    this.#pings = setInterval(() => this.#socket.write(pingRequest()), every)
  }

  #receive(reader: JuteReader): void {
    const { xid, zxid, error } = readHeader(reader)
    this.#expectSign()
    if (xid === XIDS.event) return this.#tell(readEvent(reader))
    if (zxid > this.#zxid) this.#zxid = zxid
    if (xid === XIDS.ping) return
    if (xid === XIDS.auth) {
      if (error !== 0) this.#end(new AuthenticationError('the server refused the user and password'))
      return
    }
    const waiting = this.#waiting[0]
    if (waiting?.xid !== xid) throw new MalformedError('an answer to what was not asked')
    this.#waiting.shift()
    if (error === 0) waiting.resolve(reader)
    else if (error === NO_NODE) waiting.resolve(undefined)
    else waiting.reject(new ReadError(error, waiting.path))
  }

  #tell(event: NodeEvent | undefined): void {
    if (event) this.#options.onEvent(event)
  }

  /** Any message is a sign of life, and pings ask for one every second. */
  #expectSign(): void {
    if (this.#silence) this.#silence.refresh()
    else {
      const silent = (): void =>
        this.#end(new SilentError(`no answer within ${ANSWERS_WITHIN / 1_000} seconds`))
      this.#silence = setTimeout(silent, ANSWERS_WITHIN)
    }
  }

  #end(error: Error): void {
    if (this.#failure) return
    this.#failure = error
    clearTimeout(this.#silence)
    clearInterval(this.#pings)
    this.#options.signal.removeEventListener('abort', this.#onAbort)
    // What was written still leaves; a server that takes nothing has no second chance.
    this.#socket.destroySoon()
    setTimeout(() => this.#socket.destroy(), LINGER).unref()
    this.#welcomed.reject(error)
    for (const { reject } of this.#waiting.splice(0)) reject(error)
    this.#ended.resolve(error)
  }
}

const NO_NODE = -101
/** Milliseconds for the last words to a server. */
const LINGER = 200
