import type { Candidate, Strategy } from '../../src/balancing/strategy.ts'
import { Request } from '../../src/proxy/request.ts'

/** An endpoint that takes as many requests as it is sent. */
export interface SimulatedEndpoint extends Candidate {
  weight: number
  inFlight: number
}

export function endpointsOf(weights: Readonly<Record<string, number>>): SimulatedEndpoint[] {
  return Object.entries(weights).map(([key, weight]) => simulatedEndpoint(key, weight))
}

export function simulatedEndpoint(key: string, weight = 1): SimulatedEndpoint {
  return { key, hashName: `http://${key}:80`, weight, inFlight: 0 }
}

/** The same numbers in [0, 1) for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    // The lower bits of such a generator are poor.
    let mixed = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d)
    mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}

/** Requests to a pool, each from another client, of which so many are on their way at a time. */
export class Traffic {
  readonly #strategy: Strategy
  readonly #concurrency: number
  readonly #timeOf: (endpoint: Candidate) => number
  readonly #underWay: SimulatedEndpoint[] = []
  readonly #addressByte = seededRandom(7)

  /** `timeOf`: milliseconds to the head of an answer. */
  constructor(strategy: Strategy, concurrency: number, timeOf: (endpoint: Candidate) => number = () => 10) {
    this.#strategy = strategy
    this.#concurrency = concurrency
    this.#timeOf = timeOf
  }

  /** Where one more request goes. The oldest one on its way is answered when there are too many. */
  send(candidates: readonly SimulatedEndpoint[]): SimulatedEndpoint {
    const picked = this.#strategy.pick(candidates, this.#nextRequest())
    picked.inFlight++
    this.#underWay.push(picked)
    if (this.#underWay.length > this.#concurrency) this.#answer(this.#underWay.shift()!)
    return picked
  }

  /** How often each key was picked, of so many requests. */
  run(candidates: readonly SimulatedEndpoint[], requests: number): Record<string, number> {
    const counts = Object.fromEntries(candidates.map(({ key }) => [key, 0]))
    for (let i = 0; i < requests; i++) counts[this.send(candidates).key]!++
    return counts
  }

  #answer(endpoint: SimulatedEndpoint): void {
    endpoint.inFlight--
    this.#strategy.answered?.(endpoint, this.#timeOf(endpoint))
  }

  #nextRequest(): Request {
    const byte = (): number => Math.floor(this.#addressByte() * 256)
    return Object.assign(new Request(), { clientAddress: `${byte()}.${byte()}.${byte()}.${byte()}` })
  }
}
