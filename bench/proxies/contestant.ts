import type { Certificate } from './certificate.ts'
import type { Programs } from '../programs.ts'

/** What every contestant is asked to serve: each host by a router of its own, all from one origin. */
export interface Setting {
  /** For its configuration; nobody else writes there. */
  readonly folder: string
  readonly programs: Programs
  /** Ports of 127.0.0.1. */
  readonly ports: { readonly http: number; readonly https: number }
  readonly origin: number
  readonly certificate: Certificate
}

/** A proxy in a certain configuration. */
export interface Contestant {
  readonly name: string
  /** The program that it needs, besides Node. */
  readonly needs?: 'haproxy' | 'nginx' | 'caddy'
  /** Number of routers; their hosts are those of `hostName`. */
  readonly routers: number
  /** Put in front of the paths that it is asked for; it takes that away again. */
  readonly pathPrefix?: string
  /** Cores that it may use. Default: the one of proxies. */
  readonly place?: 'proxy' | 'anywhere'
  /** Where its probes write, when it has any (`inside/probe.ts`). */
  readonly probes?: boolean
  /** Writes its configuration and returns the command that serves it in the foreground, in one process. */
  configure(setting: Setting): Promise<readonly string[]>
}

export const hostName = (router: number): string => `app${router}.bench.test`

export function hostNames(routers: number): string[] {
  return Array.from({ length: routers }, (_, router) => hostName(router))
}
