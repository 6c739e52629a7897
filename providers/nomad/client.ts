import type { HttpAnswer } from '../parts/http-source.ts'
import { UnsoundAnswerError } from '../parts/json-shapes.ts'
import { NoLeaderError } from '../parts/long-poll.ts'
import type { Answer, LongPoll } from '../parts/long-poll.ts'
import type { Allocation, Check, Registration } from './answers.ts'
import { parseAllocations, parseChecks, parseRegistrations, parseServices, partsOf } from './answers.ts'
import type { Connection } from './connection.ts'
import { parseJobs } from './empty-services.ts'
import type { Job } from './empty-services.ts'

export interface ClientOptions {
  readonly connection: Connection
  /** `*` for all. */
  readonly namespace: string
  readonly stale: boolean
}

/** The agent answered, but not with 200. */
export class StatusError extends Error {
  override readonly name = 'StatusError'
  readonly status: number

  constructor(status: number, body: Buffer) {
    super(body.toString('utf8').trim())
    this.status = status
  }
}

/** Milliseconds within which an agent answers what it need not wait for. */
const ANSWERS_WITHIN = 5_000
/** A follower that has not heard from the leader for so many milliseconds tells of the past. */
const LONGEST_SILENCE = 10_000

const SERVICES = '/v1/services'

/** Those that have ended are many, and nothing is to be known of them. */
const ALIVE = 'ClientStatus != "complete" and ClientStatus != "failed"'

/** The reads that discovery needs of one namespace, or of all. Every call ends by itself. */
export class NomadClient {
  readonly #options: ClientOptions

  constructor(options: ClientOptions) {
    this.#options = options
  }

  /** Grows when a connection ends: between two answers with the same count the agent was the same. */
  get endedConnections(): number {
    return this.#options.connection.http.endedConnections
  }

  /** All services, each with the tags of all its instances. */
  services(poll?: LongPoll): Promise<Answer<Map<string, readonly string[]>>> {
    return this.#read(SERVICES, { namespace: this.#options.namespace }, parseServices, poll)
  }

  /** All allocations that have not ended. */
  allocations(poll?: LongPoll): Promise<Answer<Map<string, Allocation>>> {
    const query = { namespace: this.#options.namespace, task_states: 'false', filter: ALIVE }
    return this.#read('/v1/allocations', query, parseAllocations, poll)
  }

  /** The instances of one service, which is named by its key. */
  registrations(key: string): Promise<Answer<Registration[]>> {
    const { namespace, service } = partsOf(key)
    return this.#read(`/v1/service/${encodeURIComponent(service)}`, { namespace }, parseRegistrations)
  }

  /** The checks of one allocation, as the machine that it runs on has made them last. */
  async checks(id: string, namespace: string): Promise<Check[]> {
    const path = `/v1/client/allocation/${encodeURIComponent(id)}/checks`
    try {
      return parseChecks(await this.json(path, { namespace }))
    } catch (error) {
      // Before 1.4 Nomad made no checks of services in its own catalog, and does not know the path.
      if (error instanceof StatusError && /^resource not found$/i.test(error.message)) return []
      throw error
    }
  }

  /** All jobs, stopped ones included. */
  jobs(poll?: LongPoll): Promise<Answer<Job[]>> {
    return this.#read('/v1/jobs', { namespace: this.#options.namespace }, parseJobs, poll)
  }

  /** A document that is not waited for. */
  async json(path: string, query: Readonly<Record<string, string>>): Promise<unknown> {
    const { body } = await this.#json(path, query, ANSWERS_WITHIN)
    return body
  }

  async #read<T>(
    path: string,
    query: Readonly<Record<string, string>>,
    parse: (body: unknown) => T,
    poll?: LongPoll,
  ): Promise<Answer<T>> {
    const waiting: Record<string, string> = poll
      ? { index: String(poll.index), wait: `${Math.ceil(poll.wait)}ms` }
      : {}
    // Nomad spreads the ends of long polls over a sixteenth of their time.
    const within = poll ? poll.wait * 1.1 + ANSWERS_WITHIN : ANSWERS_WITHIN
    const { headers, body } = await this.#json(path, { ...query, ...waiting }, within)
    return { index: soundIndex(headers, path), value: parse(body) }
  }

  async #json(
    path: string,
    query: Readonly<Record<string, string>>,
    within: number,
  ): Promise<{ headers: HttpAnswer['headers']; body: unknown }> {
    const { connection, stale } = this.#options
    const search = new URLSearchParams(query)
    if (connection.region !== undefined) search.set('region', connection.region)
    if (stale) search.set('stale', '')
    const { status, headers, body } = await connection.http.get(`${path}?${search.toString()}`, {}, within)
    if (status !== 200) throw new StatusError(status, body)
    return { headers, body: parseJson(body) }
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (error) {
    throw new UnsoundAnswerError('it is not JSON', { cause: error })
  }
}

/**
 * The answer's index.
 * @throws NoLeaderError, UnsoundAnswerError, StatusError when nothing may be concluded from the answer
 */
function soundIndex(headers: HttpAnswer['headers'], path: string): bigint {
  if (headers['x-nomad-knownleader'] === 'false') throw new NoLeaderError('no leader is known')
  const silence = Number(headers['x-nomad-lastcontact'] ?? 0)
  if (silence > LONGEST_SILENCE)
    throw new NoLeaderError(`the answering server last heard from its leader ${silence} ms ago`)
  const index = headers['x-nomad-index']
  if (index === undefined || !/^(?:0|[1-9]\d{0,19})$/.test(index))
    throw new UnsoundAnswerError('the answer carries no X-Nomad-Index')
  // A table that nothing was ever written to has the index 0, but that of services, which then has 1: 0 is given there
  // to a token that may read none of all namespaces.
  if (index === '0' && path === SERVICES)
    throw new StatusError(403, Buffer.from('the token may read none of the namespaces'))
  return index === '0' ? 1n : BigInt(index)
}
