import type { HeaderList } from '../header-list.ts'
import type { Response } from '../response.ts'

/**
 * How an exchange failed before its response began; what may be sent again depends on it.
 * - `connect`, `connect-timeout`: no connection came about.  - `tls`: no secure one.
 * - `unsent`: the connection was lost before a byte of the request was written.
 * - `broken`: it was lost after that, with no byte of a response.
 * - `partial`: it was lost within the head, or behind an interim answer.
 * - `malformed`: what came is no valid response.  - `timeout`: nothing came in time.
 * - `request-body`: the client's body broke off.  - `aborted`: the client is gone.
 */
export type FailureKind =
  | 'connect'
  | 'connect-timeout'
  | 'tls'
  | 'unsent'
  | 'broken'
  | 'partial'
  | 'malformed'
  | 'timeout'
  | 'request-body'
  | 'aborted'

/** Who waits for the answer. Exactly one of `onResponse` and `onFailure` is called, once. */
export interface Exchange {
  onInformation(status: number, headers: HeaderList): void
  onResponse(response: Response): void
  onFailure(kind: FailureKind): void
}
