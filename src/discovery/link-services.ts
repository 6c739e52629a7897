import type { Problem } from '../config/problem.ts'
import { didYouMean } from '../config/suggest.ts'
import { childrenOf } from '../server/plan.ts'
import type { Composition } from '../server/plan.ts'
import { complain } from './complaint.ts'
import type { Suggester } from './complaint.ts'
import { INTERNAL_SERVICES, resourceName } from './resource.ts'
import type { ResolvedComposite, ResolvedLoadBalancer, ResolvedService } from './routing-config.ts'

export interface LinkedServices {
  readonly services: ReadonlyMap<string, ResolvedService>
  readonly problems: readonly Problem[]
}

/**
 * Looks up the services that others lead to. A service that leads back to itself cannot be served. One that leads to
 * a service that is not there is served as it was, when all that it led to then is there; else without that one, as
 * far as something is left that answers: a canary that has come to its end must not take its service along.
 */
export function linkServices(
  services: ReadonlyMap<string, ResolvedService>,
  transports: ReadonlyMap<string, unknown>,
  lastGood: (name: string) => ResolvedService | undefined,
  suggest: Suggester,
): LinkedServices {
  // What is by far the most common costs no copy.
  if ([...services.values()].every(isPlain)) return { services, problems: [] }
  const linking = new Linking(services, transports, lastGood, suggest)
  linking.checkTransports()
  // What was served before may lead into another ring. Each time at least one service has lost a version for good.
  while (linking.settle());
  return linking
}

function isPlain(service: ResolvedService): boolean {
  return service.kind === 'loadBalancer' && service.transport === undefined
}

class Linking implements LinkedServices {
  readonly services: Map<string, ResolvedService>
  readonly problems: Problem[] = []
  readonly #transports: ReadonlyMap<string, unknown>
  readonly #lastGood: (name: string) => ResolvedService | undefined
  readonly #suggest: Suggester
  /** Services that have been replaced by what they were before. */
  readonly #asBefore = new Set<string>()

  constructor(
    services: ReadonlyMap<string, ResolvedService>,
    transports: ReadonlyMap<string, unknown>,
    lastGood: (name: string) => ResolvedService | undefined,
    suggest: Suggester,
  ) {
    this.services = new Map(services)
    this.#transports = transports
    this.#lastGood = lastGood
    this.#suggest = suggest
  }

  /** A service whose servers transport is not there is not connected to in another way, which would trust others. */
  checkTransports(): void {
    for (const [name, service] of this.services) {
      if (this.#connects(service)) continue
      const before = this.#lastGood(name)
      const kept = before !== undefined && this.#connects(before)
      if (kept) this.services.set(name, before)
      else this.services.delete(name)
      const { transport = '' } = service as ResolvedLoadBalancer
      const remedy = this.#suggest(() => didYouMean(transport, this.#transports.keys()))
      const message = `needs the servers transport \`${transport}\`, which is unknown or left out; ${outcome(kept)}`
      this.#complain('E216', name, service, message, remedy)
    }
  }

  #connects(service: ResolvedService): boolean {
    return (
      service.kind !== 'loadBalancer' ||
      service.transport === undefined ||
      this.#transports.has(service.transport)
    )
  }

  /** True when something had to be changed. */
  settle(): boolean {
    const { order, rings } = walk(this.services)
    let changed = false
    for (const name of order) {
      const service = this.services.get(name)
      if (service === undefined || service.kind === 'loadBalancer') continue
      const ring = rings.get(name)
      const missing = ring ? [] : childrenOf(service.composition).filter((one) => !this.#has(one))
      if (!ring && missing.length === 0) continue
      changed = true
      if (ring) this.#breakRing(name, service, ring)
      else this.#goWithout(name, service, missing)
    }
    return changed
  }

  #has(name: string): boolean {
    return this.services.has(name) || INTERNAL_SERVICES.has(name)
  }

  #breakRing(name: string, service: ResolvedComposite, ring: readonly string[]): void {
    const kept = this.#takeBefore(name, service)
    this.#complain('E215', name, service, `leads back to itself: ${ring.join(' → ')}; ${outcome(kept)}`)
  }

  #goWithout(name: string, service: ResolvedComposite, missing: readonly string[]): void {
    const kept = this.#takeBefore(name, service)
    const rest = kept ? undefined : without(service.composition, new Set(missing))
    if (rest) this.services.set(name, { ...service, kind: rest.kind, composition: rest })
    const then = rest ? 'it goes without it' : outcome(kept)
    for (const one of missing) {
      const remedy = this.#suggest(() => didYouMean(one, this.services.keys()))
      const message = `needs the service \`${one}\`, which is unknown or left out; ${then}`
      this.#complain('E205', name, service, message, remedy)
    }
  }

  /** True when the service is now served as it was before; otherwise it is left out, for the time being. */
  #takeBefore(name: string, now: ResolvedComposite): boolean {
    const before = this.#asBefore.has(name) ? undefined : this.#lastGood(name)
    this.#asBefore.add(name)
    this.services.delete(name)
    if (before === undefined || before === now) return false
    if (before.kind !== 'loadBalancer' && !childrenOf(before.composition).every((one) => this.#has(one)))
      return false
    this.services.set(name, before)
    return true
  }

  #complain(
    code: 'E205' | 'E215' | 'E216',
    name: string,
    { origin }: ResolvedService,
    message: string,
    remedy?: string,
  ): void {
    const resource = resourceName('services', name)
    this.problems.push(complain({ code, origin, resource, message: `${resource} ${message}`, remedy }))
  }
}

function outcome(kept: boolean): string {
  return kept ? 'its last good version keeps serving' : 'it is left out'
}

/** Children before their parents, and by name the way from a service back to itself. */
function walk(services: ReadonlyMap<string, ResolvedService>): {
  readonly order: readonly string[]
  readonly rings: ReadonlyMap<string, readonly string[]>
} {
  const rings = new Map<string, readonly string[]>()
  const done = new Set<string>()
  const path: string[] = []
  const visit = (name: string): void => {
    const service = services.get(name)
    if (service === undefined || service.kind === 'loadBalancer' || done.has(name)) return
    const at = path.indexOf(name)
    if (at >= 0) {
      const ring = path.slice(at)
      ring.forEach((member, i) => rings.set(member, [...ring.slice(i), ...ring.slice(0, i), member]))
      return
    }
    path.push(name)
    for (const child of childrenOf(service.composition)) visit(child)
    path.pop()
    done.add(name)
  }
  for (const name of services.keys()) visit(name)
  return { order: [...done], rings }
}

/** What is left without these services; undefined when nothing is left that answers. */
function without(composition: Composition, missing: ReadonlySet<string>): Composition | undefined {
  switch (composition.kind) {
    case 'weighted':
    case 'highestRandomWeight': {
      const services = composition.services.filter(({ name }) => !missing.has(name))
      return services.length === 0 ? undefined : { ...composition, services }
    }
    case 'mirroring': {
      const mirrors = composition.mirrors.filter(({ name }) => !missing.has(name))
      return missing.has(composition.service) ? undefined : { ...composition, mirrors }
    }
    case 'failover': {
      const [only, other] = [composition.service, composition.fallback].filter((name) => !missing.has(name))
      if (only === undefined || other !== undefined) return undefined
      return { kind: 'weighted', services: [{ name: only, weight: 1 }] }
    }
  }
}
