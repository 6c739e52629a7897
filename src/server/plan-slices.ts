import type {
  EndpointPlan,
  MiddlewarePlan,
  PlanDelta,
  RouterPlan,
  ServiceDelta,
  TransportPlan,
} from './plan.ts'

/**
 * What a worker takes over at once: routers, middlewares and endpoints together. Reading the message and compiling
 * it takes about a millisecond; the rest of the 10 ms that a change may hold a worker
 * up is for collections of the young heap, in which all of it lives, and for slower machines.
 */
export const SLICE_SIZE = 100

/**
 * A change in parts of at most `size` resources, each of which leaves the worker able to serve: what routers need
 * comes before them, and goes after them. The first part leads to the new version, the others stay there, so that
 * what a worker says of endpoints in between counts for the new version.
 */
export function* slicesOf(delta: PlanDelta, size: number = SLICE_SIZE): Generator<PlanDelta> {
  if (weightOf(delta) <= size) {
    yield delta
    return
  }
  const { base, version, tls } = delta
  const slice = new Slice(size)
  let first = true
  for (const add of steps(delta, size)) {
    add(slice)
    if (!slice.full) continue
    // Certificates are one whole, and go ahead of the routers that are served by them.
    yield first ? { ...slice.take(base, version), tls } : slice.take(version, version)
    first = false
  }
  if (!slice.empty || first)
    yield first ? { ...slice.take(base, version), tls } : slice.take(version, version)
}

/** Resources that a change names, the endpoints of services included. */
function weightOf({ routers, middlewares, services, transports }: PlanDelta): number {
  let weight = routers.size + middlewares.size + services.size + transports.size
  for (const service of services.values()) weight += service?.endpoints.size ?? 0
  return weight
}

type Step = (slice: Slice) => void

/** In the order in which they may be taken over one by one. */
function* steps({ routers, middlewares, services, transports }: PlanDelta, size: number): Generator<Step> {
  for (const [name, plan] of transports) if (plan) yield (slice) => slice.transport(name, plan)
  for (const [name, service] of services) if (service) yield* serviceSteps(name, service, size)
  for (const [name, plan] of middlewares) if (plan) yield (slice) => slice.middleware(name, plan)
  for (const [name, plan] of routers) yield (slice) => slice.router(name, plan)
  for (const [name, plan] of middlewares) if (!plan) yield (slice) => slice.middleware(name, null)
  for (const [name, plan] of services) if (!plan) yield (slice) => slice.service(name, null)
  for (const [name, plan] of transports) if (!plan) yield (slice) => slice.transport(name, null)
}

/** A service of very many endpoints comes in parts itself. */
function* serviceSteps(name: string, service: ServiceDelta, size: number): Generator<Step> {
  if (service.endpoints.size <= size) {
    yield (slice) => slice.service(name, service)
    return
  }
  let part = new Map<string, EndpointPlan | null>()
  for (const [key, endpoint] of service.endpoints) {
    part.set(key, endpoint)
    if (part.size < size) continue
    const endpoints = part
    part = new Map()
    yield (slice) => slice.service(name, { ...service, endpoints })
  }
  if (part.size > 0) yield (slice) => slice.service(name, { ...service, endpoints: part })
}

/** Resources that are gathered until they are enough for one message. */
class Slice {
  readonly #size: number
  #weight = 0
  #routers = new Map<string, RouterPlan | null>()
  #middlewares = new Map<string, MiddlewarePlan | null>()
  #services = new Map<string, ServiceDelta | null>()
  #transports = new Map<string, TransportPlan | null>()

  constructor(size: number) {
    this.#size = size
  }

  get empty(): boolean {
    return this.#weight === 0
  }

  get full(): boolean {
    return this.#weight >= this.#size
  }

  router(name: string, plan: RouterPlan | null): void {
    this.#routers.set(name, plan)
    this.#weight++
  }

  middleware(name: string, plan: MiddlewarePlan | null): void {
    this.#middlewares.set(name, plan)
    this.#weight++
  }

  service(name: string, plan: ServiceDelta | null): void {
    this.#services.set(name, plan)
    this.#weight += 1 + (plan?.endpoints.size ?? 0)
  }

  transport(name: string, plan: TransportPlan | null): void {
    this.#transports.set(name, plan)
    this.#weight++
  }

  take(base: number, version: number): PlanDelta {
    const delta = {
      base,
      version,
      routers: this.#routers,
      middlewares: this.#middlewares,
      services: this.#services,
      transports: this.#transports,
    }
    this.#routers = new Map()
    this.#middlewares = new Map()
    this.#services = new Map()
    this.#transports = new Map()
    this.#weight = 0
    return delta
  }
}
