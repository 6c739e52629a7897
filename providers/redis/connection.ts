import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { createClient, ErrorReply } from '@redis/client'
import { SilentError } from '../parts/store-errors.ts'
import { RefusedError } from './errors.ts'

/** One server, and how it is spoken to. */
export interface ConnectionOptions {
  readonly host: string
  readonly port: number
  readonly username: string | undefined
  readonly password: string | undefined
  readonly database: number
  /** Undefined: plain TCP. */
  readonly tls: TlsOptions | undefined
  /** Ends the connection. */
  readonly signal: AbortSignal
}

/** Milliseconds within which a server answers whatever it is asked here. */
const ANSWERS_WITHIN = 3_000

type Client = ReturnType<typeof createClient>

/**
 * One connection to one server, through the package `@redis/client`, whose own ways of connecting again are not used:
 * which server comes next is for others to say. Every command ends by itself: with an answer, with an error, or at its
 * time-out, which ends the connection.
 */
export class RedisConnection {
  readonly #client: Client
  readonly #signal: AbortSignal
  readonly #ended = Promise.withResolvers<Error>()
  #over = false

  private constructor({ signal, ...options }: ConnectionOptions) {
    this.#signal = signal
    this.#client = createClient(clientOptions(options))
    this.#client.on('error', (error: Error) => this.#end(error))
    this.#client.on('end', () => this.#end(new Error('the server ended the connection')))
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** @throws RefusedError, SilentError, or a network error */
  static async open(options: ConnectionOptions): Promise<RedisConnection> {
    options.signal.throwIfAborted()
    const connection = new RedisConnection(options)
    try {
      await connection.#bounded(connection.#client.connect())
      return connection
    } catch (error) {
      connection.close()
      throw error
    }
  }

  /** Fulfilled with the reason once the connection is over. */
  get ended(): Promise<Error> {
    return this.#ended.promise
  }

  /** @throws RefusedError when the server answers with an error; otherwise what ended the connection */
  async ask(...command: string[]): Promise<unknown> {
    return await this.#bounded(this.#client.sendCommand(command))
  }

  /** Answers of commands that are sent at once, in their order; an error that the server answers is one of them. */
  async askAll(commands: readonly (readonly string[])[]): Promise<unknown[]> {
    const answers = commands.map((command) =>
      this.#client.sendCommand([...command]).catch((error: unknown) => {
        const refused = refusal(error)
        if (refused instanceof RefusedError) return refused
        throw refused
      }),
    )
    return await this.#bounded(Promise.all(answers))
  }

  /** Calls `listener` with the channel of each message on one that is like the pattern. */
  async subscribe(pattern: string, listener: (channel: string) => void): Promise<void> {
    await this.#bounded(this.#client.pSubscribe(pattern, (_, channel) => listener(channel)))
  }

  close(): void {
    this.#end(new Error('closed'))
  }

  readonly #onAbort = (): void => this.close()

  async #bounded<T>(work: Promise<T>): Promise<T> {
    const silent = setTimeout(
      () => this.#end(new SilentError(`no answer within ${ANSWERS_WITHIN / 1_000} seconds`)),
      ANSWERS_WITHIN,
    )
    try {
      // The package settles nothing when the connection ends while it is greeting the server.
      return await Promise.race([work, this.#failure()])
    } catch (error) {
      // What ended the connection says more than that a command was cut off by it.
      throw this.#over ? await this.#ended.promise : refusal(error)
    } finally {
      clearTimeout(silent)
      work.catch(() => undefined)
    }
  }

  async #failure(): Promise<never> {
    throw await this.#ended.promise
  }

  #end(error: Error): void {
    if (this.#over) return
    this.#over = true
    this.#signal.removeEventListener('abort', this.#onAbort)
    this.#ended.resolve(refusal(error) as Error)
    if (this.#client.isOpen) this.#client.destroy()
  }
}

/** The server's errors as ours, so that nobody else has to know the package. */
function refusal(error: unknown): unknown {
  return error instanceof ErrorReply ? new RefusedError(error.message) : error
}

function clientOptions(options: Omit<ConnectionOptions, 'signal'>): Parameters<typeof createClient>[0] {
  const { host, port, username, password, database, tls } = options
  const shared = { host, port, connectTimeout: ANSWERS_WITHIN, reconnectStrategy: false as const }
  return {
    socket: tls ? { ...tls, ...shared, tls: true } : shared,
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    ...(database === 0 ? {} : { database }),
    name: 'tidegate',
    // Of Redis Enterprise: other servers refuse it, or know it not.
    maintNotifications: 'disabled',
    // Later than ours, which ends the connection as well.
    commandOptions: { timeout: 2 * ANSWERS_WITHIN },
  }
}
