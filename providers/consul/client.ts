import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import Consul from 'consul'
import type { Check, Entry } from './answers.ts'
import { parseChecks, parseEntries, parsePairs, parseServices } from './answers.ts'
import { UnsoundAnswerError } from '../parts/json-shapes.ts'
import type { Connection } from './connection.ts'
import { NoLeaderError } from '../parts/long-poll.ts'
import type { Answer, LongPoll } from '../parts/long-poll.ts'
import { allowCachedReads, guardAnswers } from './transport.ts'

export interface ClientOptions {
  readonly connection: Connection
  /** Undefined: the agent's own. */
  readonly datacenter: string | undefined
  readonly requireConsistent: boolean
  readonly stale: boolean
  readonly cache: boolean
  /** Ends every call. */
  readonly signal: AbortSignal
}

/** Milliseconds within which an agent answers what it need not wait for. */
const ANSWERS_WITHIN = 5_000
/** A follower that has not heard from the leader for so many milliseconds tells of the past. */
const LONGEST_SILENCE = 10_000

/**
 * The reads that discovery needs of one datacenter, through the package `consul`. Every call ends by itself:
 * with a sound answer, with an error, or at its time-out.
 */
export class ConsulClient {
  readonly #consul: Consul
  readonly #options: ClientOptions
  readonly #endedConnections: () => number

  constructor(options: ClientOptions) {
    this.#options = options
    this.#consul = new Consul(packageOptions(options.connection))
    this.#endedConnections = guardAnswers(this.#consul, options.connection.secure)
    if (options.cache) allowCachedReads(this.#consul)
  }

  /** Grows when a connection ends: between two answers with the same count the agent was the same. */
  get endedConnections(): number {
    return this.#endedConnections()
  }

  /** Names of all services, each with the tags of all its instances. */
  async services(poll?: LongPoll): Promise<Answer<Map<string, readonly string[]>>> {
    return await this.#read(parseServices, poll, (options) => this.#consul.catalog.service.list(options))
  }

  /** All checks of all nodes and services. */
  async checks(poll?: LongPoll): Promise<Answer<Check[]>> {
    return await this.#read(parseChecks, poll, (options) =>
      this.#consul.health.state({ ...options, state: 'any' }),
    )
  }

  /** The instances of one service with their checks, whatever their health. */
  async entries(service: string): Promise<Answer<Entry[]>> {
    return await this.#read(parseEntries, undefined, (options) =>
      this.#consul.health.service({ ...options, service }),
    )
  }

  /** All keys that begin so, with their values. Keys that the token may not read are left out in silence. */
  async pairs(prefix: string, poll?: LongPoll): Promise<Answer<Map<string, string>>> {
    return await this.#read(parsePairs, poll, (options) =>
      this.#consul.kv.get({ ...options, key: prefix, recurse: true }),
    )
  }

  /** One key, whether it is there or not; Consul refuses when the token may not read it. */
  async key(key: string): Promise<void> {
    await this.#read(
      () => undefined,
      undefined,
      (options) => this.#consul.kv.get({ ...options, key }),
    )
  }

  async #read<T>(
    parse: (body: unknown) => T,
    poll: LongPoll | undefined,
    call: (options: CallOptions) => Promise<unknown>,
  ): Promise<Answer<T>> {
    const { signal } = this.#options
    signal.throwIfAborted()
    const context = Object.assign(new EventEmitter(), { includeResponse: true })
    const cancel = (): void => void context.emit('cancel')
    signal.addEventListener('abort', cancel, { once: true })
    try {
      const [response, body] = (await call(this.#callOptions(context, poll))) as [IncomingMessage, unknown]
      return { index: soundIndex(response.headers), value: parse(body) }
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }

  #callOptions(ctx: EventEmitter, poll: LongPoll | undefined): CallOptions {
    const { datacenter, requireConsistent, stale, connection } = this.#options
    return {
      ctx,
      timeout: poll ? poll.wait * 1.1 + ANSWERS_WITHIN : ANSWERS_WITHIN,
      ...(poll ? { index: String(poll.index), wait: `${Math.ceil(poll.wait)}ms` } : {}),
      ...(datacenter === undefined ? {} : { dc: datacenter }),
      ...(requireConsistent ? { consistent: true } : {}),
      ...(stale ? { stale: true } : {}),
      ...(connection.token === undefined ? {} : { token: connection.token }),
    }
  }
}

/** What the package takes, which is more than its types tell. */
interface CallOptions {
  readonly ctx: EventEmitter
  readonly timeout: number
  readonly index?: string
  readonly wait?: string
  readonly dc?: string
  readonly consistent?: boolean
  readonly stale?: boolean
  readonly token?: string
}

type PackageOptions = NonNullable<ConstructorParameters<typeof Consul>[0]>

/** `headers` is taken too, which the package's types do not tell. */
function packageOptions({ host, port, secure, agent, headers }: Connection): PackageOptions {
  // The package puts the host into a URL, where an IPv6 address stands in brackets.
  const options = {
    host: host.includes(':') ? `[${host}]` : host,
    port,
    secure,
    agent,
    headers: { ...headers },
  }
  return options
}

/**
 * The answer's index.
 * @throws NoLeaderError, UnsoundAnswerError when nothing may be concluded from the answer
 */
function soundIndex(headers: IncomingMessage['headers']): bigint {
  if (headers['x-consul-knownleader'] === 'false') throw new NoLeaderError('no leader is known')
  const silence = Number(headers['x-consul-lastcontact'] ?? 0)
  if (silence > LONGEST_SILENCE)
    throw new NoLeaderError(`the answering server last heard from its leader ${silence} ms ago`)
  // Only cached answers have an age, and it grows only while the agent cannot refresh them.
  const age = Number(headers['age'] ?? 0) * 1_000
  if (age > LONGEST_SILENCE) throw new NoLeaderError(`the agent's cache could not be refreshed for ${age} ms`)
  const index = headers['x-consul-index']
  if (typeof index !== 'string' || !/^[1-9]\d{0,19}$/.test(index)) {
    throw new UnsoundAnswerError('the answer carries no X-Consul-Index')
  }
  return BigInt(index)
}
