import type { MirrorTraffic } from './mirror-traffic.ts'
import type { MemoryBudget } from '../../proxy/memory-budget.ts'
import type { Strategy } from '../../balancing/strategy.ts'
import type { Composition } from '../plan.ts'
import { FailoverService } from './failover-service.ts'
import { MirroringService } from './mirroring-service.ts'
import type { Lookup, Service } from './service.ts'
import { SharedService } from './shared-service.ts'

/** What the services that lead to others share in a worker. */
export interface CompositeTools {
  readonly strategy: (name: string) => Strategy
  readonly mirrors: MirrorTraffic
  /** Of request bodies that are held to be sent twice. */
  readonly held: MemoryBudget
}

/** A service that leads to others. It holds them themselves, so that a request looks up no name. */
export interface CompositeService<P extends Composition = Composition> extends Service {
  readonly kind: P['kind']
  /** Takes a change of the plan over; to be linked afterwards. */
  update(plan: P): void
  /** Looks up the services that it leads to: after every change of what stands behind their names. */
  link(lookup: Lookup): void
}

export function createComposite(plan: Composition, tools: CompositeTools): CompositeService {
  const made = constructed(plan, tools)
  made.update(plan)
  return made
}

function constructed({ kind }: Composition, tools: CompositeTools): CompositeService {
  switch (kind) {
    case 'weighted':
      return new SharedService(kind, tools.strategy('wrr')) as CompositeService
    case 'highestRandomWeight':
      return new SharedService(kind, tools.strategy('hrw')) as CompositeService
    case 'mirroring':
      return new MirroringService(tools.mirrors) as CompositeService
    case 'failover':
      return new FailoverService(tools.held) as CompositeService
  }
}
