import type { EndpointStatus } from '../balancing/life-cycle.ts'
import type { Problem } from '../config/problem.ts'
import type { StaticConfig } from '../config/static.ts'
import type { RoutingConfig } from '../discovery/routing-config.ts'
import type { RoutingContext } from '../discovery/source.ts'
import type { ProviderState } from '../discovery/source-state.ts'

/** The running process, as the admin API reads it: everything as it is at this moment. */
export interface AdminView {
  readonly version: string
  readonly startedAt: Date
  readonly config: StaticConfig
  readonly context: RoutingContext
  /** Names of providers: of routers of equal priority, the earlier provider's wins. */
  readonly precedence: readonly string[]
  readonly routing: RoutingConfig
  /** Every endpoint that is known, its state and why. */
  readonly endpoints: readonly EndpointStatus[]
  /** Everything that is not served as written. */
  readonly problems: readonly Problem[]
  readonly providers: readonly ProviderState[]
  /** It has been told to stop, and finishes what is under way. */
  readonly stopping: boolean
}
