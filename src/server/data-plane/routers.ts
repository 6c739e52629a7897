import { RetryBudget } from '../../balancing/retry-budget.ts'
import type { Middleware, MiddlewareTools, Next } from '../../middleware.ts'
import type { Request } from '../../proxy/request.ts'
import { Response } from '../../proxy/response.ts'
import type { RoutingTable } from '../../routing/table.ts'
import type { Meter } from '../../telemetry/metrics/meter.ts'
import { compose } from '../compose.ts'
import type { MiddlewarePlan, PlanDelta, RouterPlan } from '../plan.ts'
import type { PlugIns } from '../plug-ins.ts'
import type { RequestMeters } from './request-meters.ts'

type Instances = ReadonlyMap<string, { readonly plan: MiddlewarePlan; readonly instance: Middleware }>

/** A router as a worker serves it: what its table leads to. */
export interface Router {
  readonly plan: RouterPlan
  /** Of the plan; here, since requests look at nothing else of it. */
  readonly service: string
  /** It leads to a page of the proxy's own, which answers whatever the load. */
  readonly internal: boolean
  readonly middlewares: Instances
  readonly handle: Next
  readonly meter: Meter | undefined
}

/** An entry point's tables: one for plain connections, one for TLS. */
export interface RouterTables {
  readonly plain: RoutingTable<Router>
  readonly secure: RoutingTable<Router>
  /** All its routers take TLS connections. */
  readonly alwaysSecure: boolean
}

/** What middlewares may use that is not theirs alone. */
export type OuterTools = Pick<MiddlewareTools, 'verifyPassword'>

/** Milliseconds in which a middleware's reports are one. */
const REPORT_MS = 1_000

export interface RouterTools {
  readonly plugIns: PlugIns
  readonly middlewareTools: OuterTools
  /** This worker's place among so many. */
  readonly worker: number
  readonly workers: number
  readonly tables: ReadonlyMap<string, RouterTables>
  /** What answers for a service. */
  readonly next: (service: string) => Next
  /** Undefined when nobody wants metrics. */
  readonly meters?: RequestMeters | undefined
  /** A middleware threw, or a router could not be set up; `where` names it. */
  readonly failed: (where: string, error: unknown) => void
}

/** One for all routers without any: ten thousand maps would take 2 MB. */
const NONE: Instances = new Map()

/** The routers and middlewares of a worker's plan, compiled into the tables of its entry points. */
export class Routers {
  readonly #tools: RouterTools
  readonly #middlewares = new Map<string, MiddlewarePlan>()
  readonly #routers = new Map<string, Router>()

  constructor(tools: RouterTools) {
    this.#tools = tools
  }

  get names(): Iterable<string> {
    return this.#routers.keys()
  }

  get middlewareNames(): Iterable<string> {
    return this.#middlewares.keys()
  }

  /**
   * Takes a change of the plan over, when the services that it names are there. Only what it names is touched, and
   * who leads to one of `services`, for which another function answers now.
   */
  apply({ middlewares, routers }: PlanDelta, services: ReadonlySet<string>): void {
    for (const [name, middleware] of middlewares) {
      if (middleware) this.#middlewares.set(name, middleware)
      else this.#middlewares.delete(name)
    }
    for (const [name, router] of routers) this.#trySet(name, router)
    if (middlewares.size === 0 && services.size === 0) return
    for (const [name, { plan }] of this.#routers) {
      const changed = services.has(plan.service) || plan.middlewares.some((used) => middlewares.has(used))
      if (changed && !routers.has(name)) this.#trySet(name, plan)
    }
  }

  /** A router that cannot be set up stays as it was, and the others are none the worse for it. */
  #trySet(name: string, plan: RouterPlan | null): void {
    try {
      this.#set(name, plan)
    } catch (error) {
      this.#tools.failed(`router ${name}`, error)
    }
  }

  #set(name: string, plan: RouterPlan | null): void {
    const before = this.#routers.get(name)
    if (plan === null) this.#routers.delete(name)
    else this.#routers.set(name, this.#compile(name, plan, before))
    if (before?.meter !== this.#routers.get(name)?.meter) before?.meter?.close()
    const tables = plan ? this.#tablesOf(plan) : []
    for (const table of before ? this.#tablesOf(before.plan) : [])
      if (!tables.includes(table)) table.delete(name)
    for (const table of tables) {
      const { rule, priority, rank } = plan!
      table.set(name, { rule, priority, rank, target: this.#routers.get(name)! })
    }
  }

  /** Of each of its entry points the one for plain connections or the one for TLS. */
  #tablesOf({ entryPoints, tls = false }: RouterPlan): RoutingTable<Router>[] {
    return entryPoints.flatMap((name) => {
      const tables = this.#tools.tables.get(name)
      if (!tables) return []
      return tables.alwaysSecure || tls ? tables.secure : tables.plain
    })
  }

  #compile(name: string, plan: RouterPlan, before: Router | undefined): Router {
    const { service } = plan
    const next = this.#tools.next(service)
    const middlewares = plan.middlewares.length === 0 ? NONE : this.#instances(name, plan, before)
    // A service never throws and never rejects, so a router without middlewares needs no net, which costs a promise.
    const handle = middlewares === NONE ? next : this.#caught(name, this.#chain(plan, middlewares, next))
    const meter = before?.service === service ? before.meter : this.#tools.meters?.router(name, service)
    return { plan, service, internal: service.endsWith('@internal'), middlewares, handle, meter }
  }

  /** A middleware of unchanged options keeps its instance, and with it its state. */
  #instances(name: string, plan: RouterPlan, before: Router | undefined): Instances {
    return new Map(
      plan.middlewares.map((middleware) => {
        const wanted = this.#middlewares.get(middleware)
        if (!wanted) throw new Error(`router ${name} names middleware ${middleware}, which the plan lacks`)
        const memory = plan.memories?.get(middleware)
        const kept = before?.middlewares.get(middleware)
        const same = kept?.plan === wanted && before?.plan.memories?.get(middleware) === memory
        const instance = same ? kept.instance : this.#createMiddleware(middleware, wanted, memory)
        return [middleware, { plan: wanted, instance }]
      }),
    )
  }

  #chain(plan: RouterPlan, middlewares: Instances, next: Next): Next {
    const chain = plan.middlewares.map((middleware) => middlewares.get(middleware)!.instance)
    return compose(chain, next)
  }

  #createMiddleware(
    name: string,
    { type, options }: MiddlewarePlan,
    memory: SharedArrayBuffer | undefined,
  ): Middleware {
    const { plugIns, middlewareTools, worker, workers } = this.#tools
    const shared = memory && { shared: { memory, worker, workers } }
    const tools = {
      ...middlewareTools,
      name,
      service: (service: string) => this.#service(fullName(service, name)),
      report: this.#reporter(name),
      retryBudget: () => new RetryBudget(workers),
      ...shared,
    }
    return plugIns.middleware(type).create(options as never, tools)
  }

  /** Looked up with each request, since another may answer for the service by then. */
  #service(name: string): Next {
    return (request) => this.#tools.next(name)(request)
  }

  #reporter(middleware: string): (message: string) => void {
    let silentUntil = 0
    return (message) => {
      const now = performance.now()
      if (now < silentUntil) return
      silentUntil = now + REPORT_MS
      this.#tools.failed(`middleware ${middleware}`, message)
    }
  }

  #caught(router: string, chain: Next): Next {
    const failed = (error: unknown): Response => {
      this.#tools.failed(router, error)
      return Response.because('IE')
    }
    return (request: Request) => {
      try {
        const answer = chain(request)
        return answer instanceof Promise ? answer.catch(failed) : answer
      } catch (error) {
        return failed(error)
      }
    }
  }
}

/** A service as a middleware names it: of its own provider, unless it says another one. */
function fullName(service: string, middleware: string): string {
  return service.includes('@') ? service : service + middleware.slice(middleware.lastIndexOf('@'))
}
