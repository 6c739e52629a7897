import type { Strategy, StrategyDefinition } from '../balancing/strategy.ts'
import { loadPlugin } from '../discover.ts'
import type { MiddlewareDefinition } from '../middleware.ts'
import type { PluginFile } from '../plugins/load-plugin.ts'
import type { MatcherDefinition } from '../routing/matcher.ts'
import { loadMatchers, matchersUsedBy } from '../routing/matcher-catalogue.ts'
import { pluginType } from './plan.ts'
import type { PlanDelta, ServiceDelta } from './plan.ts'
import type { PluginGuard } from './plugin-guard.ts'

const MIDDLEWARES = new URL('../middlewares/', import.meta.url)
const STRATEGIES = new URL('../balancing/strategies/', import.meta.url)

/** The plug-ins that the plans of one worker use; each is loaded when a plan first names it, and none besides. */
export class PlugIns {
  readonly matchers = new Map<string, MatcherDefinition>()
  readonly #middlewares = new Map<string, MiddlewareDefinition>()
  readonly #strategies = new Map<string, StrategyDefinition>()
  readonly #private: ReadonlyMap<string, PluginFile>
  readonly #guard: PluginGuard

  /** `plugins`: private ones, whose middlewares `guard` makes harmless. */
  constructor(plugins: readonly PluginFile[], guard: PluginGuard) {
    this.#private = new Map(plugins.map((plugin) => [pluginType(plugin.name), plugin]))
    this.#guard = guard
  }

  /** Loads whatever `delta` names and is not there yet. */
  async load(delta: PlanDelta): Promise<void> {
    const middlewares = new Set(
      [...delta.middlewares.values()].flatMap((middleware) => (middleware ? [middleware.type] : [])),
    )
    const strategies = new Set(
      [...delta.services.values()].flatMap((service) => (service ? strategiesOf(service) : [])),
    )
    const matchers = new Set(
      [...delta.routers.values()].flatMap((router) => (router ? [...matchersUsedBy(router.rule)] : [])),
    )
    await Promise.all([
      ...missing(middlewares, this.#middlewares).map(async (name) =>
        this.#middlewares.set(name, await this.#loadMiddleware(name)),
      ),
      ...missing(strategies, this.#strategies).map(async (name) =>
        this.#strategies.set(name, await loadPlugin(STRATEGIES, name)),
      ),
      ...missing(matchers, this.matchers).map(async (name) => {
        for (const [canonical, definition] of await loadMatchers([name]))
          this.matchers.set(canonical, definition)
      }),
    ])
  }

  /** A private one that cannot be loaded here is there all the same: its requests fail, and no others. */
  async #loadMiddleware(type: string): Promise<MiddlewareDefinition> {
    const plugin = this.#private.get(type)
    if (!plugin) return loadPlugin(MIDDLEWARES, type)
    const { loadPrivatePlugin } = await import('../plugins/load-plugin.ts')
    const loaded = await loadPrivatePlugin(plugin).catch((error: unknown) =>
      error instanceof Error ? error : new Error(String(error)),
    )
    return this.#guard.guarded(plugin.name, loaded)
  }

  middleware(type: string): MiddlewareDefinition {
    return this.#middlewares.get(type)!
  }

  strategy(name: string): Strategy {
    return this.#strategies.get(name)!.create(Math.random)
  }
}

/** Canaries take turns, and what is left of a load balancer that has become something else drains by any strategy. */
function strategiesOf(service: ServiceDelta): string[] {
  if (service.kind === 'loadBalancer') return ['wrr', service.strategy]
  return service.kind === 'highestRandomWeight' ? ['wrr', 'hrw'] : ['wrr']
}

function missing(names: ReadonlySet<string>, loaded: ReadonlyMap<string, unknown>): string[] {
  return [...names].filter((name) => !loaded.has(name))
}
