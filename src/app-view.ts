import type { AdminView } from './admin/view.ts'
import type { StaticConfig } from './config/static.ts'
import type { Discovery } from './discovery/discovery.ts'
import type { RoutingContext } from './discovery/source.ts'
import { ownVersion } from './version.ts'
import type { ControlPlane } from './server/control-plane.ts'

export interface ViewedParts {
  readonly config: StaticConfig
  readonly context: RoutingContext
  readonly precedence: readonly string[]
  readonly discovery: Discovery
  readonly controlPlane: ControlPlane
  readonly isStopping: () => boolean
}

/** The running process as the admin API reads it: each member as it is when it is asked for. */
export function viewOf(parts: ViewedParts): AdminView {
  const { config, context, precedence, discovery, controlPlane, isStopping } = parts
  return {
    version: ownVersion(),
    startedAt: new Date(),
    config,
    context,
    precedence,
    get routing() {
      return controlPlane.routing
    },
    get endpoints() {
      return controlPlane.endpoints
    },
    get problems() {
      return controlPlane.problems
    },
    get providers() {
      return discovery.states
    },
    get stopping() {
      return isStopping()
    },
  }
}
