import { Pool } from 'undici'
import type { Dispatcher } from 'undici'
import { UnsoundAnswerError } from '../parts/json-shapes.ts'
import type { TlsSettings } from '../parts/tls-files.ts'
import { parseJson, parseRange, parseToken, parseWatch } from './answers.ts'
import type { RangeAnswer, WatchMessage } from './answers.ts'
import { EtcdError } from './errors.ts'

export interface Credentials {
  readonly username: string
  readonly password: string
}

/** Keys from `key` on and before `end`. */
export interface KeyRange {
  readonly key: Buffer
  readonly end: Buffer
}

/** Milliseconds within which etcd answers what it need not wait for. */
const ANSWERS_WITHIN = 3_000
/** Of one answer, or one message of a watch. No page of keys comes near. */
const LARGEST = 256 * 1024 * 1024
/** Such as a token of the wrong age, for which another one has to be asked. */
const STALE_TOKEN = /invalid auth token|revision of auth store is old|user name is empty/i

/**
 * Speaks with one member of etcd through its JSON gateway: https://etcd.io/docs/v3.5/dev-guide/api_grpc_gateway/.
 * Every call but a watch ends by itself, with an answer or an error.
 */
export class EtcdClient {
  readonly #pool: Pool
  readonly #credentials: Credentials | undefined
  readonly #signal: AbortSignal
  #token: string | undefined

  constructor(
    endpoint: URL,
    tls: TlsSettings | undefined,
    credentials: Credentials | undefined,
    signal: AbortSignal,
  ) {
    this.#credentials = credentials
    this.#signal = signal
    this.#pool = new Pool(endpoint.origin, {
      headersTimeout: ANSWERS_WITHIN,
      bodyTimeout: ANSWERS_WITHIN,
      connect: { timeout: ANSWERS_WITHIN, ...tls },
    })
  }

  /**
   * One page of keys, confirmed by the leader; `revision` reads the past, so that pages belong together.
   * @throws EtcdError, UnsoundAnswerError, or what undici throws
   */
  async range({ key, end }: Partial<KeyRange>, limit: number, revision?: bigint): Promise<RangeAnswer> {
    const question = {
      key: key?.toString('base64'),
      range_end: end?.toString('base64'),
      limit: String(limit),
      ...(revision === undefined ? {} : { revision: String(revision) }),
    }
    return parseRange(await this.#ask('/v3/kv/range', question))
  }

  /**
   * The messages of one watch, from the revision on, until etcd or the signal ends it.
   * @throws as `range`
   */
  async *watch(
    { key, end }: KeyRange,
    from: bigint,
    signal: AbortSignal,
  ): AsyncGenerator<WatchMessage, void> {
    await this.#authenticate()
    const create_request = {
      key: key.toString('base64'),
      range_end: end.toString('base64'),
      start_revision: String(from),
    }
    const answer = await this.#post('/v3/watch', { create_request }, signal, 0)
    if (answer.statusCode !== 200) throw await errorOf(answer)
    for await (const line of linesOf(answer.body)) {
      const message = parseWatch(parseJson(line))
      // Another token is fetched before the next try.
      if (message.canceled && STALE_TOKEN.test(message.reason)) this.#token = undefined
      yield message
    }
  }

  close(): void {
    void this.#pool.destroy().catch(() => undefined)
  }

  /** With a token that is renewed once when etcd no longer takes it. */
  async #ask(path: string, question: object): Promise<unknown> {
    await this.#authenticate()
    try {
      return await this.#answer(path, question)
    } catch (error) {
      if (!this.#credentials || !(error instanceof EtcdError) || !STALE_TOKEN.test(error.message)) throw error
      this.#token = undefined
      await this.#authenticate()
      return await this.#answer(path, question)
    }
  }

  async #authenticate(): Promise<void> {
    if (!this.#credentials || this.#token !== undefined) return
    const { username: name, password } = this.#credentials
    try {
      this.#token = parseToken(await this.#answer('/v3/auth/authenticate', { name, password }))
    } catch (error) {
      // Who is given is not asked for: then nothing is kept from anybody.
      if (!(error instanceof EtcdError) || !/authentication is not enabled/i.test(error.message)) throw error
    }
  }

  async #answer(path: string, question: object): Promise<unknown> {
    try {
      return await this.#answerOnce(path, question)
    } catch (error) {
      // The connection had been idle and was closed meanwhile; nothing that is asked here changes anything.
      if (!LOST.has(codeOf(error)) || this.#signal.aborted) throw error
      return await this.#answerOnce(path, question)
    }
  }

  async #answerOnce(path: string, question: object): Promise<unknown> {
    const answer = await this.#post(path, question, this.#signal, ANSWERS_WITHIN)
    if (answer.statusCode !== 200) throw await errorOf(answer)
    return parseJson(await textOf(answer.body))
  }

  async #post(path: string, question: object, signal: AbortSignal, bodyTimeout: number) {
    return await this.#pool.request({
      method: 'POST',
      path,
      // A member without a leader says so at once instead of waiting for one.
      headers: {
        'content-type': 'application/json',
        'grpc-metadata-hasleader': 'true',
        ...(this.#token === undefined ? {} : { authorization: this.#token }),
      },
      body: JSON.stringify(question),
      bodyTimeout,
      signal,
    })
  }
}

const LOST = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

async function errorOf({ statusCode, body }: Dispatcher.ResponseData): Promise<EtcdError> {
  const text = await textOf(body)
  try {
    const { message, error, code } = JSON.parse(text) as Record<string, unknown>
    const words = typeof message === 'string' ? message : typeof error === 'string' ? error : ''
    return new EtcdError(words, statusCode, typeof code === 'number' ? code : undefined)
  } catch {
    return new EtcdError(text.slice(0, 200), statusCode, undefined)
  }
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > LARGEST) throw new UnsoundAnswerError(`the answer is larger than ${LARGEST} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** Each message of a stream is one line. */
async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let parts: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    let rest = chunk
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      const line = Buffer.concat([...parts, rest.subarray(0, end)]).toString()
      parts = []
      length = 0
      rest = rest.subarray(end + 1)
      if (line.trim() !== '') yield line
    }
    parts.push(rest)
    length += rest.length
    if (length > LARGEST) throw new UnsoundAnswerError(`a message is larger than ${LARGEST} bytes`)
  }
}
