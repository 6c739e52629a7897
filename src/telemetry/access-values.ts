import type { AccessField } from '../config/access-log.ts'
import type { AccessEntry } from './access-entry.ts'
import { preciseTime } from './access-time.ts'

type Value = string | number | undefined

/** What each field shows of an entry; undefined: it is left out. */
export const FIELD_VALUES: Readonly<Record<AccessField, (entry: AccessEntry) => Value>> = {
  StartUTC: ({ start }) => preciseTime(start, 'utc'),
  StartLocal: ({ start }) => preciseTime(start, 'local'),
  Duration: ({ duration }) => nanoseconds(duration),
  RouterName: ({ router }) => router,
  ServiceName: ({ service }) => service,
  ServiceURL: ({ endpoint }) => endpoint,
  ServiceAddr: ({ endpoint }) => (endpoint === undefined ? undefined : addressOf(endpoint)),
  ClientAddr: ({ clientHost, clientPort }) =>
    clientHost.includes(':') ? `[${clientHost}]:${clientPort}` : `${clientHost}:${clientPort}`,
  ClientHost: ({ clientHost }) => clientHost,
  ClientPort: ({ clientPort }) => String(clientPort),
  ClientUsername: ({ user }) => user ?? '-',
  RequestAddr: ({ authority }) => authority,
  RequestHost: ({ authority }) => hostOf(authority),
  RequestPort: ({ authority }) => portOf(authority),
  RequestMethod: ({ method }) => method,
  RequestPath: ({ target }) => target,
  RequestProtocol: ({ version }) => `HTTP/${version}`,
  RequestScheme: ({ scheme }) => scheme,
  RequestContentSize: ({ requestBytes }) => requestBytes,
  OriginDuration: ({ origin }) => origin && nanoseconds(origin.duration),
  OriginContentSize: ({ origin }) => origin?.bytes,
  OriginStatus: ({ origin }) => origin?.status,
  DownstreamStatus: ({ status }) => status,
  DownstreamContentSize: ({ responseBytes }) => responseBytes,
  RequestCount: ({ count }) => count,
  Overhead: (entry) => nanoseconds(overhead(entry)),
  RetryAttempts: ({ retries }) => retries,
  TLSVersion: ({ tls }) => tls?.version,
  TLSCipher: ({ tls }) => tls?.cipher,
  entryPointName: ({ entryPoint }) => entryPoint,
  Why: ({ why }) => why,
}

/** Milliseconds that the proxy took for itself. */
export function overhead({ duration, origin }: AccessEntry): number {
  return Math.max(0, duration - (origin?.duration ?? 0))
}

function nanoseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1e6)
}

/** Where the port of `host:port` begins, behind the colon; 0 when none was named. */
function portStart(authority: string): number {
  const colon = authority.lastIndexOf(':')
  return colon >= 0 && /^(?:\[[^\]]*\]|[^:]*):\d+$/.test(authority) ? colon + 1 : 0
}

function hostOf(authority: string): string {
  const port = portStart(authority)
  return port === 0 ? authority : authority.slice(0, port - 1)
}

/** `-` when none was named. */
function portOf(authority: string): string {
  const port = portStart(authority)
  return port === 0 ? '-' : authority.slice(port)
}

function addressOf(url: string): string {
  const start = url.indexOf('://') + 1
  return url.slice(start === 0 ? 0 : start + 2).replace(/\/.*$/s, '')
}
