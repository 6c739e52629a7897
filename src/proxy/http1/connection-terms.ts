import type { Request } from '../request.ts'
import type { WhyCode } from '../why.ts'
import type { ConnectionLimits } from './connection-host.ts'
import type { HopFields } from './field-section.ts'
import { dropNominated } from './nominated.ts'

/** Whether the client's head asks for its connection to end with the answer. */
export function endsConnection(request: Request, hop: HopFields): boolean {
  return hop.close || (request.version === '1.0' && !hop.keepAlive)
}

/** Drops the fields that are nominated as this hop's; the why-code when what the head asks of its connection is refused. */
export function refusalOf(request: Request, hop: HopFields, limits: ConnectionLimits): WhyCode | undefined {
  if (hop.nominated !== undefined && !dropNominated(request.headers, hop.nominated, limits.keptNominated))
    return 'BR'
  if (hop.contentLength > limits.maxBodyBytes) return 'BL'
  if (hop.expect !== undefined && hop.expect.toLowerCase() !== '100-continue') return 'EX'
  return undefined
}

/** The protocol that a request asks to upgrade to, if it may. */
export function upgradeOf(request: Request, hop: HopFields): string | undefined {
  const { upgrade } = hop
  if (upgrade === undefined || !hop.connectionUpgrade) return undefined
  if (request.method !== 'GET' || request.version !== '1.1') return undefined
  // An upgrade has no body: what follows would be read by one side as a body and by the other as a request.
  if (hop.chunked || hop.contentLength > 0) return undefined
  return upgrade.toLowerCase() === 'websocket' ? upgrade : undefined
}
