import type { RoutingConfig } from '../../discovery/routing-config.ts'
import { compileTransport, DEFAULT_TRANSPORT, TRUSTING_NOBODY } from '../../proxy/upstream/transport.ts'
import type { Transport, UpstreamTls } from '../../proxy/upstream/transport.ts'
import { DEFAULT_TRANSPORT_NAME } from '../plan.ts'
import type { TransportPlan } from '../plan.ts'

/** By their plans, which are the same objects as long as they say the same. */
const compiled = new WeakMap<TransportPlan, Transport>()

/** What the control plane opens TLS connections to a service's endpoints with: the same as workers do. */
export function tlsToService(
  name: string,
  { services }: RoutingConfig,
  transports: ReadonlyMap<string, TransportPlan>,
): UpstreamTls {
  const service = services.get(name)
  const { transport = DEFAULT_TRANSPORT_NAME } = service?.kind === 'loadBalancer' ? service : {}
  const plan = transports.get(transport)
  if (plan) return compiled.getOrInsertComputed(plan, compileTransport).tls
  return transport === DEFAULT_TRANSPORT_NAME ? DEFAULT_TRANSPORT.tls : TRUSTING_NOBODY.tls
}
