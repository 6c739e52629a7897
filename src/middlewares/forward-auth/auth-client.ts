import type { Pool } from 'undici'

/** Milliseconds that an authentication may take in all. */
const LIMIT = 30_000
/** Connections of each worker to one server; further questions wait for one. */
const CONNECTIONS = 100

export interface AuthTls {
  /** PEM. */
  readonly ca?: string | undefined
  /** PEM. */
  readonly cert?: string | undefined
  /** PEM. */
  readonly key?: string | undefined
  readonly insecureSkipVerify: boolean
}

export interface AuthQuestion {
  readonly method: string
  /** Names and values in turn. */
  readonly fields: readonly string[]
  /** The body anew with each call; undefined when there is none. */
  readonly body: (() => AsyncIterable<Buffer>) | undefined
}

export interface AuthAnswer {
  readonly status: number
  /** Names and values in turn. */
  readonly fields: readonly string[]
  /** Undefined: it is longer than may be. Of a 2xx answer it is not read. */
  readonly body: Buffer | undefined
}

/** Asks one server. Its package is loaded by those workers alone that ask somebody. */
export class AuthClient {
  readonly #address: URL
  readonly #maxAnswer: number
  readonly #limit: number
  readonly #pool: Promise<Pool>

  /** `maxAnswer`: bytes of an answer's body; `limit`: milliseconds for a whole answer. */
  constructor(address: URL, tls: AuthTls | undefined, maxAnswer: number, limit: number = LIMIT) {
    this.#address = address
    this.#maxAnswer = maxAnswer
    this.#limit = limit
    this.#pool = openPool(address, tls, limit)
    // Whoever asks is told; nobody may be asking.
    this.#pool.catch(() => {})
  }

  /** @throws whatever keeps the server from being asked, also when it is cancelled or late */
  async ask(question: AuthQuestion, cancel: AbortController): Promise<AuthAnswer> {
    const late = new Error(`no answer within ${this.#limit / 1_000} s`)
    const timer = setTimeout(() => cancel.abort(late), this.#limit)
    try {
      return await this.#ask(question, cancel.signal)
    } catch (error) {
      // The server has closed a connection that was idle: the question itself was no matter.
      if (!isLostConnection(error) || question.body || cancel.signal.aborted) throw error
      return await this.#ask(question, cancel.signal)
    } finally {
      clearTimeout(timer)
    }
  }

  async #ask({ method, fields, body }: AuthQuestion, signal: AbortSignal): Promise<AuthAnswer> {
    const pool = await this.#pool
    const { pathname, search } = this.#address
    const answer = await pool.request({
      method: method as 'GET',
      path: pathname + search,
      headers: [...fields],
      body: body ? (body() as never) : null,
      responseHeaders: 'raw',
      signal,
    })
    const received = {
      status: answer.statusCode,
      fields: (answer.headers as unknown as readonly (string | Buffer)[]).map((one) =>
        typeof one === 'string' ? one : one.toString('latin1'),
      ),
    }
    if (received.status >= 200 && received.status < 300) {
      await answer.body.dump()
      return { ...received, body: Buffer.alloc(0) }
    }
    return { ...received, body: await bounded(answer.body, this.#maxAnswer) }
  }
}

async function openPool(address: URL, tls: AuthTls | undefined, limit: number): Promise<Pool> {
  const { Pool } = await import('undici')
  const { ca, cert, key, insecureSkipVerify = false } = tls ?? {}
  return new Pool(address.origin, {
    connections: CONNECTIONS,
    headersTimeout: limit,
    bodyTimeout: limit,
    connect: {
      timeout: limit,
      rejectUnauthorized: !insecureSkipVerify,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    },
  })
}

async function bounded(body: AsyncIterable<Buffer>, most: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > most) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function isLostConnection(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE'
}
