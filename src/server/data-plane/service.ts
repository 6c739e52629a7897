import type { Next } from '../../middleware.ts'

/** Requests on their way, by service and endpoint. */
export type InFlight = Readonly<Record<string, Readonly<Record<string, number>>>>

/** A service as a worker serves it. */
export interface Service {
  /** Answers a request; never throws and never rejects: failures are responses with a why-code. */
  readonly handle: Next
  /** The service has left the plan. */
  close(): void
}
