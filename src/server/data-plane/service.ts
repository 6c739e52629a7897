import type { Next } from '../../middleware.ts'
import { Response } from '../../proxy/response.ts'

/** Requests on their way, by service and endpoint. */
export type InFlight = Readonly<Record<string, Readonly<Record<string, number>>>>

/** A service as a worker serves it. */
export interface Service {
  /** Answers a request; never throws and never rejects: failures are responses with a why-code. */
  readonly handle: Next
  /** At least one endpoint may be used without panic. */
  readonly available: boolean
  /** It is not available, but would try an endpoint that is not fit rather than none (panic mode). */
  readonly lastResort: boolean
  /** The service has left the plan. */
  close(): void
}

/** Gives the service of a name; `NOWHERE` when there is none. */
export type Lookup = (name: string) => Service

/** Stands for a service that is not there. */
export const NOWHERE: Service = {
  handle: () => Response.because('UH'),
  available: false,
  lastResort: false,
  close: () => {},
}

/** How fit a service is to answer, the higher the better. */
export function fitness(service: Service): 0 | 1 | 2 {
  return service.available ? 2 : service.lastResort ? 1 : 0
}
