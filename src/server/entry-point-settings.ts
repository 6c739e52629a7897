import type { ForwardedOptions } from '../proxy/forwarded-headers.ts'
import type { ConnectionLimits } from '../proxy/http1/connection-host.ts'
import type { Http2Limits } from '../proxy/http2/limits.ts'
import type { PluginFile } from '../plugins/load-plugin.ts'
import type { AccessFilters } from '../telemetry/access-filter.ts'
import type { AccessFields } from '../telemetry/access-format.ts'
import type { ConnectionCaps } from './connection-gate.ts'
import type { MeterSettings } from './data-plane/request-meters.ts'
import type { OverloadLimits } from './load-shedder.ts'

/** What a worker must know of an entry point; plain data. */
export interface EntryPointSettings {
  readonly name: string
  readonly limits: ConnectionLimits
  readonly forwarded: ForwardedOptions
  /** All its routers take TLS connections. */
  readonly tls?: boolean
  /** Default: `DEFAULT_HTTP2_LIMITS`. */
  readonly http2?: Http2Limits
  /** Default: no limit. */
  readonly caps?: ConnectionCaps
}

/** What every worker is started with; plain data. */
export interface WorkerSettings {
  readonly entryPoints: readonly EntryPointSettings[]
  /** This machine's name, for X-Forwarded-Server. */
  readonly hostname: string
  /** Status of the ping page while the proxy stops. */
  readonly pingTerminatingStatus: number
  readonly accessLog: AccessLogSettings | undefined
  readonly experiments: Experiments
  /** This worker's part of it; default: no limit. */
  readonly overload?: OverloadLimits
  /** The availability zone that this proxy runs in, where it is known. */
  readonly zone?: string | undefined
  /** Private plug-ins that middlewares may be of. */
  readonly plugins?: readonly PluginFile[]
  /** What is counted of requests; undefined: nothing. */
  readonly meters?: MeterSettings | undefined
  /** How many workers divide what is limited for the process; default 1. */
  readonly workers?: number
}

export interface AccessLogSettings {
  readonly format: 'common' | 'genericCLF' | 'json'
  /** Also requests to internal services such as the ping page. */
  readonly internals: boolean
  /** Entry points whose requests are not logged. */
  readonly silentEntryPoints: readonly string[]
  readonly filters?: AccessFilters
  readonly fields?: AccessFields
  /** One 64-bit integer that all threads count requests in. */
  readonly counter: SharedArrayBuffer
}

/** Safeguards that a scenario can switch off to show what they are good for. Never options of a user's. */
export interface Experiments {
  readonly retries: boolean
  readonly draining: boolean
}
