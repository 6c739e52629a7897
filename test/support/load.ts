import { LoadConnection } from './load-connection.ts'
import type { ExchangeEnd } from './load-connection.ts'
import { Tally } from './load-tally.ts'
import type { Outcome } from './load-tally.ts'
import type { ResponseReader } from './response-reader.ts'

export interface LoadOptions {
  /** Where the load goes: on this machine only. */
  readonly port: number
  /** Default 127.0.0.1. */
  readonly address?: string
  /** Requests a second. */
  readonly rate: number
  /** Ends by itself after so many requests; otherwise `stop` ends it. */
  readonly requests?: number
  /** Values of the Host header, taken in turn. */
  readonly hosts: readonly string[]
  /** Default `/`. */
  readonly path?: string
  /** Share of POST requests, 0 to 1. Default 0.5. */
  readonly posts?: number
  /** Share of requests on a connection of their own, 0 to 1. Default 0.5. */
  readonly fresh?: number
  /** Milliseconds that a request may take. Default 10,000. */
  readonly timeout?: number
  /** Requests under way at once; what is due beyond that fails at once. Default 2,000. */
  readonly maxInFlight?: number
  /** What is wrong with a 2xx response, or undefined. Default: it must echo the request's `Request-Id`. */
  readonly verify?: (response: ResponseReader, id: string) => string | undefined
  readonly onOutcome?: (outcome: Outcome) => void
  /** Put in front of request ids; two loads of one run need different ones. Default `r`. */
  readonly prefix?: string
}

/** One request outside of the schedule. */
export interface RequestSpec {
  readonly method: 'GET' | 'POST'
  readonly host: string
  readonly path: string
  readonly fresh: boolean
}

interface Flight extends RequestSpec {
  readonly id: string
  readonly due: number
  readonly sentAt: number
  readonly tally: Tally
  readonly connection: LoadConnection
}

/** Starts sending at a fixed rate; to be stopped or disposed of. */
export function startLoad(options: LoadOptions): Load {
  return new Load(options)
}

/**
 * Open-loop load: when each request is due is settled before the first is sent, and its latency counts from then.
 * A server that stalls is not spared the requests that were due meanwhile.
 */
export class Load implements AsyncDisposable {
  readonly tally = new Tally()
  /** Fulfilled when the last request has ended. */
  readonly done: Promise<void>
  readonly #options: Required<Omit<LoadOptions, 'onOutcome'>> & Pick<LoadOptions, 'onOutcome'>
  readonly #start = performance.now()
  readonly #idle: LoadConnection[] = []
  readonly #open = new Set<LoadConnection>()
  readonly #flights = new Set<Flight>()
  #scheduled = 0
  #extra = 0
  #ended = false
  #timer: NodeJS.Timeout | undefined
  readonly #sweeper: NodeJS.Timeout
  #finish!: () => void

  constructor(options: LoadOptions) {
    this.#options = { ...DEFAULTS, ...options }
    this.done = new Promise((resolve) => (this.#finish = resolve))
    this.#sweeper = setInterval(() => this.#sweep(), 50)
    this.#tick()
  }

  /** Requests that were sent and have not ended. */
  get inFlight(): number {
    return this.#flights.size
  }

  /** Sends no more, and waits until what is under way has ended. */
  async stop(): Promise<Tally> {
    this.#end()
    await this.done
    return this.tally
  }

  /** Sends one more request, now; it may be counted apart from those of the schedule. */
  send(spec: RequestSpec, tally: Tally = this.tally): void {
    this.#send(spec, performance.now(), `${this.#options.prefix}x${this.#extra++}`, tally)
  }

  /** Gives up what is under way, and counts it as such. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#end()
    for (const { connection } of this.#flights) connection.abandon('given up')
    await this.done
  }

  #tick(): void {
    const { rate, requests } = this.#options
    const now = performance.now()
    while (this.#scheduled < requests && this.#dueAt(this.#scheduled) <= now) {
      const index = this.#scheduled++
      this.#send(this.#specOf(index), this.#dueAt(index), `${this.#options.prefix}${index}`)
    }
    if (this.#scheduled >= requests) this.#end()
    else
      this.#timer = setTimeout(() => this.#tick(), Math.min(this.#dueAt(this.#scheduled) - now, 1_000 / rate))
  }

  #dueAt(index: number): number {
    return this.#start + (index * 1_000) / this.#options.rate
  }

  /** Evenly mixed, and so that every host sees every kind: hosts take turns, kinds change slower than hosts. */
  #specOf(index: number): RequestSpec {
    const { hosts, path, posts, fresh } = this.#options
    const turn = Math.floor(index / hosts.length)
    return {
      host: hosts[index % hosts.length]!,
      method: isShare(turn, posts) ? 'POST' : 'GET',
      fresh: isShare(Math.floor(turn / 2), fresh),
      path,
    }
  }

  #send(spec: RequestSpec, due: number, id: string, tally = this.tally): void {
    const sentAt = performance.now()
    if (this.#flights.size >= this.#options.maxInFlight) {
      this.#report({ ...spec, id, due, sentAt, tally }, { cause: 'not sent: too many under way' })
      return
    }
    const connection = (spec.fresh ? undefined : this.#takeIdle()) ?? this.#connect()
    const flight: Flight = { ...spec, id, due, sentAt, tally, connection }
    this.#flights.add(flight)
    connection.send(messageOf(flight), (end) => this.#onEnd(flight, end))
  }

  #takeIdle(): LoadConnection | undefined {
    for (let connection = this.#idle.shift(); connection; connection = this.#idle.shift()) {
      if (connection.usable) return connection
    }
    return undefined
  }

  #connect(): LoadConnection {
    const { port, address } = this.#options
    const connection: LoadConnection = new LoadConnection(
      port,
      address,
      () => this.#open.delete(connection),
      () => this.tally.recordStray(),
    )
    this.#open.add(connection)
    return connection
  }

  #onEnd(flight: Flight, end: ExchangeEnd): void {
    this.#flights.delete(flight)
    this.#report(flight, end)
    const { connection, fresh } = flight
    // What the server announced to close, or has closed, must not be asked again: that would be our mistake.
    const kept = !('cause' in end) && end.response.keepsAlive && connection.usable && !fresh && !this.#ended
    if (kept) this.#idle.push(connection)
    else connection.close()
    this.#finishIfLast()
  }

  #report(flight: Omit<Flight, 'connection'>, end: ExchangeEnd): void {
    const endedAt = performance.now()
    const { id, method, host, path, fresh, due, sentAt } = flight
    const whole = 'cause' in end ? undefined : end.response
    const why = whole?.headers.get('tidegate-why')
    const outcome: Outcome = {
      id,
      method,
      host,
      path,
      fresh,
      sentAt,
      endedAt,
      why,
      cause: 'cause' in end ? end.cause : this.#causeOf(end.response, id),
      status: whole?.status ?? 0,
      latency: endedAt - due,
      origin: whole?.headers.get('origin-name'),
      body: whole?.body ?? '',
    }
    flight.tally.record(outcome)
    this.#options.onOutcome?.(outcome)
  }

  #causeOf(response: ResponseReader, id: string): string {
    const why = response.headers.get('tidegate-why')
    if (response.status < 200 || response.status > 299)
      return `${response.status}${why === undefined ? '' : ` (${why})`}`
    return this.#options.verify(response, id) ?? 'ok'
  }

  #sweep(): void {
    const oldest = performance.now() - this.#options.timeout
    for (const { connection, sentAt } of this.#flights) if (sentAt < oldest) connection.abandon('time-out')
  }

  #end(): void {
    this.#ended = true
    clearTimeout(this.#timer)
    this.#finishIfLast()
  }

  #finishIfLast(): void {
    if (!this.#ended || this.#flights.size > 0) return
    clearInterval(this.#sweeper)
    for (const connection of this.#open) connection.close()
    this.#finish()
  }
}

const DEFAULTS = {
  address: '127.0.0.1',
  requests: Number.POSITIVE_INFINITY,
  path: '/',
  posts: 0.5,
  fresh: 0.5,
  timeout: 10_000,
  maxInFlight: 2_000,
  prefix: 'r',
  verify: echoesId,
}

function echoesId(response: ResponseReader, id: string): string | undefined {
  const echoed = response.headers.get('request-id')
  return echoed === id ? undefined : `answer to another request (${echoed})`
}

/** True for the given share of all indexes, spread evenly. */
function isShare(index: number, share: number): boolean {
  return Math.floor((index + 1) * share) > Math.floor(index * share)
}

function messageOf({ method, host, path, id, fresh }: Flight): Buffer {
  const body = method === 'POST' ? `body of ${id}\n`.repeat(8) : ''
  const head = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${host}`,
    `Request-Id: ${id}`,
    ...(method === 'POST' ? ['Content-Type: text/plain', `Content-Length: ${body.length}`] : []),
    ...(fresh ? ['Connection: close'] : []),
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1')
}
