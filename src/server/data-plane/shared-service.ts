import { StickySessions } from '../../balancing/sticky-sessions.ts'
import type { Candidate, Strategy } from '../../balancing/strategy.ts'
import type { Next } from '../../middleware.ts'
import type { Request } from '../../proxy/request.ts'
import { Response } from '../../proxy/response.ts'
import type { HighestRandomWeightPlan, SharePlan, WeightedPlan } from '../plan.ts'
import type { CompositeService } from './composite-service.ts'
import { fitness, NOWHERE } from './service.ts'
import type { Lookup, Service } from './service.ts'

/**
 * Divides requests among services by weight. Which of them can answer is seen with every request, so that one whose
 * last endpoint fails gets none from the next on.
 */
export class SharedService implements CompositeService<WeightedPlan | HighestRandomWeightPlan> {
  readonly kind: 'weighted' | 'highestRandomWeight'
  readonly handle: Next
  readonly #strategy: Strategy
  /** Kept over changes: strategies remember how far each has come. */
  readonly #byName = new Map<string, Share>()
  #shares: readonly Share[] = []
  /** A new array whenever it changes, since strategies may hold on to it. */
  #fittest: readonly Share[] = []
  #sticky: StickySessions<Share> | undefined

  constructor(kind: 'weighted' | 'highestRandomWeight', strategy: Strategy) {
    this.kind = kind
    this.#strategy = strategy
    this.handle = (request) => {
      const share = this.#pick(request)
      if (share === undefined) return Response.because('UH')
      request.service = share.key
      const answer = share.service.handle(request)
      return this.#sticky ? bound(request, answer, share, this.#sticky) : answer
    }
  }

  get available(): boolean {
    return this.#fitness === 2
  }

  get lastResort(): boolean {
    return this.#fitness === 1
  }

  update(plan: WeightedPlan | HighestRandomWeightPlan): void {
    const { services } = plan
    const cookie = plan.kind === 'weighted' ? plan.sticky : undefined
    this.#sticky = cookie && new StickySessions(cookie)
    const wanted = new Map(services.map((plan) => [plan.name, plan]))
    for (const name of this.#byName.keys()) if (!wanted.has(name)) this.#byName.delete(name)
    for (const [name, plan] of wanted)
      this.#byName.getOrInsertComputed(name, () => new Share(name)).weight = plan.weight
    this.#shares = [...this.#byName.values()].filter(({ weight }) => weight > 0)
  }

  link(lookup: Lookup): void {
    for (const share of this.#shares) share.service = lookup(share.key)
    this.#refresh()
  }

  close(): void {}

  get #fitness(): number {
    let best = 0
    for (const { service } of this.#shares) best = Math.max(best, fitness(service))
    return best
  }

  #pick(request: Request): Share | undefined {
    for (const share of this.#shares) {
      if (fitness(share.service) === share.fitness) continue
      this.#refresh()
      break
    }
    const own = this.#sticky?.find(request)
    if (own) return own
    const fittest = this.#fittest
    return fittest.length > 1 ? this.#strategy.pick(fittest, request) : fittest[0]
  }

  /** Those that can answer; if there are none, those that would at least try. */
  #refresh(): void {
    for (const share of this.#shares) share.fitness = fitness(share.service)
    const best = this.#shares.reduce((most, share) => Math.max(most, share.fitness), 0)
    this.#fittest = best === 0 ? [] : this.#shares.filter((share) => share.fitness === best)
    this.#sticky?.useEndpoints(this.#fittest)
  }
}

/** An answer of the service binds the session to it; one that the proxy made does not. */
async function bound(
  request: Request,
  answer: Response | Promise<Response>,
  share: Share,
  sticky: StickySessions<Share>,
): Promise<Response> {
  const response = await answer
  if (response.why === undefined) sticky.remember(request, response, share)
  return response
}

/** One of the services, as strategies see it. */
class Share implements Candidate, SharePlan {
  readonly name: string
  weight = 0
  readonly inFlight = 0
  service: Service = NOWHERE
  fitness = 0

  constructor(name: string) {
    this.name = name
  }

  get key(): string {
    return this.name
  }

  get hashName(): string {
    return this.name
  }
}
