import type { Checked } from '../balancing/health/health-checks.ts'
import { HealthChecks } from '../balancing/health/health-checks.ts'
import type { HealthCheck, ProbeTls } from '../balancing/health/check.ts'
import { LifeCycle } from '../balancing/life-cycle.ts'
import type { EndpointStatus, Transition, WantedService } from '../balancing/life-cycle.ts'
import type { OutcomeReport } from '../balancing/outcomes.ts'
import { processNow } from '../balancing/process-clock.ts'
import type { LiveEndpoints } from './plan-builder.ts'

/** A service with how its endpoints are probed. */
export interface LivingService extends WantedService {
  readonly check: HealthCheck | undefined
}

export interface EndpointLivesOptions {
  readonly draining: boolean
  readonly workers: () => readonly number[]
  /** What TLS connections to endpoints of a service are opened with, now. */
  readonly tls: (service: string) => ProbeTls
  /** Version of the plan that is made next. */
  readonly nextVersion: () => number
  /** Endpoints have changed by themselves; several changes that come together are told at once. */
  readonly changed: (transitions: readonly Transition[]) => void
  /** Workers are to tell the next success of these. */
  readonly watch: (endpoints: readonly (readonly [service: string, endpoint: string])[]) => void
  /** Attempts at an endpoint are not answered, time and again; or one is answered again. */
  readonly unanswered?: (service: string, endpoint: string, failing: boolean) => void
}

/** The lives of endpoints with everything that moves them besides discovery: probes, outcomes of requests, time, people. */
export class EndpointLives {
  readonly #options: EndpointLivesOptions
  readonly #cycle: LifeCycle
  readonly #checks: HealthChecks
  #checkOf: ReadonlyMap<string, HealthCheck> = new Map()
  #untold: Transition[] = []
  #telling = false
  #watched: (readonly [string, string])[] = []
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: EndpointLivesOptions) {
    this.#options = options
    const { draining, workers, unanswered } = options
    this.#cycle = new LifeCycle({
      draining,
      workers,
      now: processNow,
      watch: (service, key) => this.#watched.push([service, key]),
      probe: (service, key) => this.#checks.probeNow(service, key),
      ...(unanswered ? { unanswered } : {}),
    })
    this.#checks = new HealthChecks({
      tls: options.tls,
      report: (service, key, { passed, found }) =>
        this.#tell(this.#cycle.probed(service, key, passed, found)),
      now: processNow,
      random: Math.random,
    })
  }

  /** What the data plane shall hold now. */
  get live(): LiveEndpoints {
    return this.#cycle.live
  }

  /** Every endpoint that is known. */
  get endpoints(): readonly EndpointStatus[] {
    return this.#cycle.endpoints
  }

  /** Takes over what discovery names now; gives everything that has changed and was not told yet. */
  update(wanted: ReadonlyMap<string, LivingService>): readonly Transition[] {
    const found = [...this.#cycle.update(wanted, this.#options.nextVersion()), ...this.#cycle.sweep()]
    this.#checkOf = new Map(
      [...wanted].flatMap(([name, { check }]) => (check ? [[name, check] as const] : [])),
    )
    this.#checks.use(this.#checked())
    this.#follow()
    return [...this.#untold.splice(0), ...found]
  }

  drained(worker: number, service: string, endpoint: string, version: number): void {
    this.#tell(this.#cycle.drained(worker, service, endpoint, version))
  }

  outcomes(reports: readonly OutcomeReport[]): void {
    this.#tell(this.#cycle.outcomes(reports))
  }

  /** Works in what time or the set of workers has changed. */
  sweep(): void {
    this.#tell(this.#cycle.sweep())
  }

  /** Drains an endpoint until `undrain`; false when there is none of this name. */
  drain(service: string, endpoint: string, reason: string): boolean {
    return this.#tell(this.#cycle.drain(service, endpoint, reason, this.#options.nextVersion()))
  }

  /** Takes `drain` back; false when the endpoint was not drained so. */
  undrain(service: string, endpoint: string): boolean {
    return this.#tell(this.#cycle.undrain(service, endpoint, this.#options.nextVersion()))
  }

  /** Gives an endpoint a weight, or takes it back (undefined); false when there is no such endpoint, or no such weight. */
  weigh(service: string, endpoint: string, weight: number | undefined): boolean {
    const transitions = this.#cycle.weigh(service, endpoint, weight)
    if (transitions && !this.#closed) this.#tellAnyway(transitions)
    return transitions !== undefined
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#checks.close()
  }

  /** Several endpoints often change within a moment, and a plan for each would be waste. */
  #tell(transitions: readonly Transition[] | undefined): boolean {
    if (this.#closed || !transitions) return false
    if (transitions.length > 0) this.#checks.use(this.#checked())
    this.#follow()
    if (transitions.length > 0) this.#tellAnyway(transitions)
    return true
  }

  /** Also when no state has changed, but what the data plane holds has. */
  #tellAnyway(transitions: readonly Transition[]): void {
    this.#untold.push(...transitions)
    if (this.#telling) return
    this.#telling = true
    setImmediate(() => {
      this.#telling = false
      if (!this.#closed) this.#options.changed(this.#untold.splice(0))
    })
  }

  /** What follows from the lives as they are now: who is watched, and when to look again. */
  #follow(): void {
    if (this.#watched.length > 0) this.#options.watch(this.#watched.splice(0))
    clearTimeout(this.#timer)
    const wait = this.#cycle.nextDeadline
    if (wait === undefined || this.#closed) return
    this.#timer = setTimeout(() => this.sweep(), Math.min(Math.ceil(wait), LONGEST_TIMER)).unref()
  }

  *#checked(): Generator<Checked> {
    for (const [service, check] of this.#checkOf)
      for (const probed of this.#cycle.probeable(service)) yield { service, check, ...probed }
  }
}

/** Node takes no longer ones; whoever is early looks once more. */
const LONGEST_TIMER = 2_000_000_000
