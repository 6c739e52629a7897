import type { HeaderList } from '../proxy/header-list.ts'
import type { Request } from '../proxy/request.ts'
import type { WhyCode } from '../proxy/why.ts'

/** What one request leaves for the access log: plain data, filled in by the worker that served it. */
export interface AccessEntry {
  /** Milliseconds since the epoch, with fractions. */
  start: number
  /** Which request of the process this was, counted from 1. */
  readonly count: number
  readonly clientHost: string
  readonly clientPort: number
  readonly method: string
  /** Path and query as the client sent them, before any middleware. */
  readonly target: string
  readonly version: '1.0' | '1.1' | '2.0'
  readonly scheme: 'http' | 'https'
  /** As the client named it: host and perhaps port. */
  readonly authority: string
  readonly entryPoint: string
  /** Undefined on a plain connection. */
  readonly tls: { readonly version: string; readonly cipher: string } | undefined
  readonly referer: string | undefined
  readonly userAgent: string | undefined
  /** Only for formats that show headers. */
  requestHeaders: HeaderList | undefined
  user: string | undefined
  router: string | undefined
  service: string | undefined
  /** URL of the endpoint that answered last. */
  endpoint: string | undefined
  retries: number
  why: WhyCode | undefined
  /** Milliseconds from the request's head to the last byte of its answer. */
  duration: number
  /** 0 when nothing was answered. */
  status: number
  /** Body bytes sent to the client. */
  responseBytes: number
  /** Body bytes taken from the client. */
  requestBytes: number
  /** What the endpoint answered, where one did. */
  origin: OriginMeasures | undefined
  /** Only for formats that show headers. */
  responseHeaders: HeaderList | undefined
}

export interface OriginMeasures {
  readonly status: number
  /** Body bytes. */
  readonly bytes: number
  /** Milliseconds until the endpoint's answer was complete. */
  readonly duration: number
  readonly headers?: HeaderList
}

/** What is known when a request has been answered. */
export interface AnswerMeasures {
  readonly duration: number
  readonly status: number
  readonly responseBytes: number
  readonly requestBytes: number
  readonly origin?: OriginMeasures | undefined
}

/**
 * Notes what middlewares may change later. To be called before the first of them runs. `quotes`: the format shows
 * referrer and user agent.
 */
export function beginEntry(request: Request, start: number, count: number, quotes = true): AccessEntry {
  const { headers } = request
  return {
    start,
    count,
    clientHost: request.clientAddress,
    clientPort: request.clientPort,
    method: request.method,
    target: request.path + request.query,
    version: request.version,
    scheme: request.scheme,
    authority: request.authority,
    entryPoint: request.entryPoint,
    tls: request.tls,
    referer: quotes ? headers.get('Referer') : undefined,
    userAgent: quotes ? headers.get('User-Agent') : undefined,
    requestHeaders: undefined,
    user: undefined,
    router: undefined,
    service: undefined,
    endpoint: undefined,
    retries: 0,
    why: undefined,
    duration: 0,
    status: 0,
    responseBytes: 0,
    requestBytes: 0,
    origin: undefined,
    responseHeaders: undefined,
  }
}

/** Fills in how the request ended. */
export function finishEntry(entry: AccessEntry, request: Request, measures: AnswerMeasures): AccessEntry {
  entry.user = request.user
  entry.router = request.router
  entry.service = request.service
  entry.endpoint = request.endpoint
  entry.retries = request.retries
  entry.why = request.why
  entry.duration = measures.duration
  entry.status = measures.status
  entry.responseBytes = measures.responseBytes
  entry.requestBytes = measures.requestBytes
  entry.origin = measures.origin
  return entry
}
