import type { Fields, OptionsOf, Shape } from './config/fields.ts'
import type { Request } from './proxy/request.ts'
import type { Response } from './proxy/response.ts'

export type { Request } from './proxy/request.ts'
export { Response } from './proxy/response.ts'
export { STATUS_TEXT } from './proxy/status-text.ts'
export { HeaderList } from './proxy/header-list.ts'
export { Body } from './proxy/body.ts'
export type { BodyProducer } from './proxy/body.ts'
export type { WhyCode } from './proxy/why.ts'

/** Hands the request to what comes after, and gives its response. Never rejects: failures are responses with a `why`. */
export type Next = (request: Request) => Response | Promise<Response>

/**
 * What a middleware does to each request. Absent phases cost nothing. All phases may answer synchronously, and
 * should, unless they have to wait: a promise per request is the dearest thing on the hot path.
 */
export interface Middleware {
  /** Changes the request, or answers it at once by returning a response. Runs in the order of the chain. */
  request?(request: Request): Response | undefined | void | Promise<Response | undefined | void>
  /** Changes the response, in place. Runs in reverse order, for answers that the proxy made itself, too. */
  response?(response: Response, request: Request): void | Promise<void>
  /** Decides whether, when and how often the rest runs: for retries, breakers, limits and buffering. */
  around?(request: Request, next: Next): Response | Promise<Response>
}

/** Memory that all workers share, and this worker's place among them. */
export interface Shared {
  readonly memory: SharedArrayBuffer
  readonly worker: number
  readonly workers: number
}

/**
 * What a middleware keeps for the whole process, such as how often a client has asked: each router that uses it has
 * memory of its own, as each has an instance of its own. All of this is called in the control plane.
 */
export interface SharedState<O> {
  /** Memory is kept over changes of options for which this stays the same. */
  key(options: O): string
  /** New memory for so many workers. */
  create(options: O, workers: number): SharedArrayBuffer
  /** One of the workers has died: what it held is let go. */
  release?(shared: Shared): void
}

/** Keeps retries from multiplying an outage: requests pay for them, a fifth each. */
export interface RetryAllowance {
  /** A request has come. `now` in milliseconds of a clock that never jumps. */
  request(now: number): void
  /** True when one more retry is allowed; it is then counted. */
  take(now: number): boolean
}

/** What a middleware may use of the worker that it runs in. */
export interface MiddlewareTools {
  /** The middleware's full name, such as `auth@file`. */
  readonly name: string
  /** Of a definition with `shared`, and of none besides. */
  readonly shared?: Shared
  /**
   * Checks a password against a bcrypt, MD5 (apr1) or SHA-1 htpasswd hash on another thread, since slow hashing
   * must never hold up a data-plane worker. Never rejects: an unreadable hash gives false; undefined means that
   * it could not be found out in time, which is neither yes nor no.
   */
  readonly verifyPassword: (password: string, hash: string) => Promise<boolean | undefined>
  /**
   * What answers for another service, named as in the options: that of the definition's `services`. It never throws
   * and never rejects; 503 when there is no such service.
   */
  readonly service: (name: string) => Next
  /** A budget of retries, for what sends requests again. */
  readonly retryBudget: () => RetryAllowance
  /** Tells the operator, in the log: a sentence without a full stop and without secrets. Of many in a moment, the first. */
  readonly report: (message: string) => void
}

/** What the control plane lends a definition while it prepares options. */
export interface PreparationTools {
  /** Text of a file on this machine. Throws what `fs.readFile` throws. */
  readText(path: string): Promise<string>
}

export interface MiddlewareDefinition<S extends Shape = Shape> {
  /** One sentence for the reference. */
  readonly summary: string
  /** The options. Called in the control plane only: workers never load the schema library. */
  readonly options: (field: Fields) => S
  /** What the schema cannot say (one option excluding another): the complaint as a sentence, or undefined. */
  check?(options: OptionsOf<S>): string | undefined
  /** Replaces what only the control plane can read (files) by plain data, which then travels to the workers. */
  prepare?(options: OptionsOf<S>, tools: PreparationTools): Promise<OptionsOf<S>>
  /** State that all workers share. */
  readonly shared?: SharedState<OptionsOf<S>>
  /** Names of the services that it asks itself: they must be there, as that of a router must. */
  services?(options: OptionsOf<S>): readonly string[]
  /** For a middleware that stands for others: their names, in order. `create` is then never called. */
  expand?(options: OptionsOf<S>): readonly string[]
  /**
   * Its `request` phase depends on nothing but the request and the options, answers at once and leaves no trace: whoever
   * wants to know what becomes of a request may let it run on a made-up one.
   */
  readonly foreseeable?: true
  create(options: OptionsOf<S>, tools: MiddlewareTools): Middleware
}

/** Declares a middleware; to be the default export of a file in `middlewares/`, whose name is the middleware's. */
export function defineMiddleware<S extends Shape>(
  definition: MiddlewareDefinition<S>,
): MiddlewareDefinition<S> {
  return definition
}
