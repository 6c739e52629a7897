import type { Dispatcher, Pool } from 'undici'
import type { TlsSettings } from './tls-files.ts'

export interface HttpSourceOptions {
  /** Scheme, host and port. */
  readonly origin: string
  readonly tls: TlsSettings
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>
  /** Connections that may be open at one time. */
  readonly connections: number
  /** Bytes of the longest answer that is read. */
  readonly maxAnswer: number
  /** Ends every request. */
  readonly signal: AbortSignal
}

export interface HttpAnswer {
  readonly status: number
  /** The first of each name, names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** The answer told its length, or that it comes in chunks: its end is proved. */
  readonly delimited: boolean
}

/** What came is no whole answer, and its beginning must not be used. */
export class BrokenAnswerError extends Error {
  override readonly name = 'BrokenAnswerError'
}

/** The server took longer than it may. */
export class LateAnswerError extends Error {
  override readonly name = 'LateAnswerError'
}

/** One server that is asked for documents, over connections that stay open. Its package is loaded only when needed. */
export class HttpSource {
  readonly #pool: Pool
  readonly #options: HttpSourceOptions
  #endedConnections = 0

  private constructor(pool: Pool, options: HttpSourceOptions) {
    this.#pool = pool
    this.#options = options
    pool.on('disconnect', () => this.#endedConnections++)
  }

  static async open(options: HttpSourceOptions): Promise<HttpSource> {
    const { Pool } = await import('undici')
    const pool = new Pool(options.origin, {
      connections: options.connections,
      // A connection that ends tells that the server may be another now; idle ones are kept so that few do.
      keepAliveTimeout: KEPT,
      keepAliveMaxTimeout: KEPT,
      // Each request has a deadline of its own for the whole of it.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { ...options.tls, timeout: CONNECTS_WITHIN },
    })
    return new HttpSource(pool, options)
  }

  /** Grows when a connection ends: between two answers with the same count the server was the same. */
  get endedConnections(): number {
    return this.#endedConnections
  }

  /**
   * Asks for one document, and reads it whole. Redirects are answers like any other: they are not followed.
   * @param within milliseconds for all of it
   * @throws LateAnswerError, BrokenAnswerError, the signal's reason, and whatever keeps the server from being asked
   */
  async get(path: string, headers: Readonly<Record<string, string>>, within: number): Promise<HttpAnswer> {
    const { signal } = this.#options
    const late = AbortSignal.timeout(Math.ceil(within))
    const given = {
      path,
      headers: { 'user-agent': 'Tidegate', ...this.#options.headers, ...headers },
      signal: AbortSignal.any([signal, late]),
    }
    try {
      return await this.#read(await this.#begin(given))
    } catch (error) {
      signal.throwIfAborted()
      if (late.aborted) throw new LateAnswerError(`no whole answer within ${within / 1_000} s`)
      throw error
    }
  }

  /** Ends what is under way. */
  destroy(): void {
    this.#pool.destroy().catch(() => undefined)
  }

  async #begin(given: Omit<Dispatcher.RequestOptions, 'method'>): Promise<Dispatcher.ResponseData> {
    const question = { ...given, method: 'GET' as const }
    try {
      return await this.#pool.request(question)
    } catch (error) {
      // The server has closed a connection that was idle: the question itself was no matter.
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'UND_ERR_SOCKET' && code !== 'ECONNRESET') throw error
      return await this.#pool.request(question)
    }
  }

  async #read({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<HttpAnswer> {
    const flat = Object.entries(headers).map(([name, value]) => [name, first(value)] as const)
    const known = Object.fromEntries(flat)
    const chunks: Buffer[] = []
    let length = 0
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        length += chunk.length
        if (length > this.#options.maxAnswer) throw tooLong(this.#options.maxAnswer)
        chunks.push(chunk)
      }
    } catch (error) {
      if (error instanceof BrokenAnswerError) throw error
      throw new BrokenAnswerError('the connection broke within the answer', { cause: error })
    }
    const delimited = known['content-length'] !== undefined || known['transfer-encoding'] !== undefined
    return { status: statusCode, headers: known, body: Buffer.concat(chunks), delimited }
  }
}

/** Milliseconds that idle connections are kept. */
const KEPT = 600_000
/** Milliseconds for a connection to come about. */
const CONNECTS_WITHIN = 5_000

function first(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? ''
}

function tooLong(limit: number): BrokenAnswerError {
  return new BrokenAnswerError(`the answer is longer than ${limit} bytes`)
}
