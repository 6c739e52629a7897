import type { ConnectionOptions } from 'node:tls'

/** How the endpoints of a service are probed; plain data, compared by value. */
export interface HealthCheck {
  /** Milliseconds from the begin of one probe to that of the next. */
  readonly interval: number
  /** The same while an endpoint is down. */
  readonly unhealthyInterval: number
  /** Milliseconds that a probe may take. */
  readonly timeout: number
  /** Percent by which an interval is longer or shorter by chance, so that probes spread out. */
  readonly jitter: number
  readonly question: HttpQuestion | TcpQuestion
}

export interface HttpQuestion {
  readonly mode: 'http'
  /** Undefined: the endpoint's own; and so with the port. */
  readonly scheme: 'http' | 'https' | undefined
  readonly port: number | undefined
  readonly path: string
  readonly method: string
  /** 0: any of 2xx and 3xx. */
  readonly status: number
  /** Undefined: that of the endpoint. */
  readonly hostname: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly followRedirects: boolean
}

export interface TcpQuestion {
  readonly mode: 'tcp'
  readonly port: number | undefined
  readonly send: string
  /** What the answer has to begin with; empty: that the connection is there is enough. */
  readonly expect: string
}

/** Where an endpoint is probed. */
export interface ProbeTarget {
  /** IP address. */
  readonly address: string
  readonly port: number
  readonly tls: boolean
  /** `host:port` as in the endpoint's URL. */
  readonly authority: string
}

/** What TLS connections to an endpoint are opened with. */
export interface ProbeTls {
  /** `host`: name or address of the endpoint, as its URL says. */
  optionsFor(host: string): ConnectionOptions
}

/** What a probe has found, in words for people. */
export interface ProbeResult {
  readonly passed: boolean
  readonly found: string
}
