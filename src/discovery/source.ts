import type { SourceNode } from '../config/source-tree.ts'
import type { MiddlewareDefinition } from '../middleware.ts'
import type { MatcherDefinition } from '../routing/matcher.ts'
import type { TagSourceOptions } from './options.ts'
import type { Fragment } from './routing-config.ts'

/** The last good picture of one provider, all its parts together. */
export interface Source {
  /** As in `name@provider`: `consulcatalog`, `file`, or `internal` for what the program itself adds. */
  readonly provider: string
  /** Bounds of what instances may claim; they do not bind routing parts, which the operator wrote. */
  readonly options?: TagSourceOptions
  /** One per instance. Unchanged instances should keep their fragment's identity: then they cost nothing. */
  readonly fragments: readonly Fragment[]
  readonly routing: readonly RoutingPart[]
}

/** Routing as it was written in one file or under one key. An unchanged part should keep its node's identity. */
export interface RoutingPart {
  readonly part: string
  readonly node: SourceNode
}

/** What routing refers to besides itself. Pass the same object each time: results are remembered by its identity. */
export interface RoutingContext {
  readonly entryPoints: readonly RoutedEntryPoint[]
  readonly matchers: ReadonlyMap<string, MatcherDefinition>
  readonly middlewares: ReadonlyMap<string, MiddlewareDefinition>
  /** Private plug-ins that cannot be used, by name, and why. */
  readonly failedPlugins?: ReadonlyMap<string, string>
  /** Names of the strategies that there are. */
  readonly strategies: ReadonlySet<string>
}

export interface RoutedEntryPoint {
  readonly name: string
  /** Routers that name no entry point listen on these, or on all when none is marked. */
  readonly asDefault: boolean
  /** Never used by default, such as that of the admin API. */
  readonly internal: boolean
  /** Full names; put in front of the middlewares of every router on it. */
  readonly middlewares: readonly string[]
}
