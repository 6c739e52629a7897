import type { Protocol } from '../ask.ts'

/** One stretch of load on one proxy. */
export interface LoadRun {
  readonly protocol: Protocol
  readonly port: number
  /** Values of the Host header, taken in turn when there are several. */
  readonly hosts: readonly string[]
  readonly path: string
  /** Bytes of the request body; 0: a GET. */
  readonly upload: number
  readonly keepAlive: boolean
  readonly connections: number
  readonly seconds: number
  /** For the generator's own files. */
  readonly folder: string
}

/** What came of it. Times in milliseconds. */
export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  readonly p50: number
  readonly p99: number
  /** Requests without a whole 2xx answer. */
  readonly errors: number
}
