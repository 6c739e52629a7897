import type { Candidate } from '../../strategy.ts'
import { SmoothTurns } from './smooth-turns.ts'

/** Picks after which one that was not among the candidates counts as new. */
const FORGOTTEN_AFTER = 100
/** How many times its share a newcomer may get. */
const NEWCOMER_SHARES = 2

/** An endpoint as the picks have gone. */
interface Standing {
  /** The pick at which it was last among the candidates. */
  seenAt: number
  /** It has not yet as much to do as the others. */
  catchingUp: boolean
  /** Picks that it may be chosen for while it catches up. */
  allowance: number
}

/**
 * The candidate of the lowest score; among equals they take turns by weight. Scores grow with the requests on their
 * way, and whoever has just come has none: it would get each and every request until it has as many as the others,
 * before its caches are warm or its faults have shown. So until it has caught up, it gets twice its share at the most.
 */
export class LeastScore {
  readonly #turns: SmoothTurns
  readonly #standings = new WeakMap<Candidate, Standing>()
  /** By position; to be filled in before each pick. Valid for the list that it was asked for with. */
  #scores = new Float64Array(16)
  #seen: readonly Candidate[] = []
  #current: Standing[] = []
  #weights = 0
  #catchingUp = 0
  #picks = 0

  constructor(random: () => number) {
    this.#turns = new SmoothTurns(random)
  }

  /** Where the scores of these candidates are to be put, by position, before `pick`. */
  scoresOf(candidates: readonly Candidate[]): Float64Array {
    if (candidates !== this.#seen) this.#adopt(candidates)
    return this.#scores
  }

  pick<C extends Candidate>(candidates: readonly C[]): C {
    this.#picks++
    if (this.#catchingUp > 0) return this.#pickWithNewcomers(candidates)
    return this.#lowest(candidates, this.#leastScore(candidates))
  }

  #leastScore(candidates: readonly Candidate[]): number {
    const scores = this.#scores
    let least = Number.POSITIVE_INFINITY
    for (let i = 0; i < candidates.length; i++) if (scores[i]! < least) least = scores[i]!
    return least
  }

  #lowest<C extends Candidate>(candidates: readonly C[], least: number): C {
    const scores = this.#scores
    const first = scores.indexOf(least)
    const another = scores.indexOf(least, first + 1)
    const alone = another < 0 || another >= candidates.length
    return alone ? candidates[first]! : this.#turns.nextOf(candidates, scores, least, first)
  }

  #pickWithNewcomers<C extends Candidate>(candidates: readonly C[]): C {
    const scores = this.#scores
    const settled = this.#leastOfSettled(candidates)
    for (let i = 0; i < candidates.length; i++) {
      const standing = this.#current[i]!
      if (!standing.catchingUp) continue
      const share = (NEWCOMER_SHARES * candidates[i]!.weight) / this.#weights
      standing.allowance = Math.min(standing.allowance + share, NEWCOMER_SHARES)
      if (scores[i]! > settled) this.#settle(standing)
      // Out of the running for this time; scores are filled in anew for each pick.
      else if (standing.allowance < 1 && settled < Number.POSITIVE_INFINITY)
        scores[i] = Number.POSITIVE_INFINITY
    }
    const picked = this.#lowest(candidates, this.#leastScore(candidates))
    const standing = this.#standings.get(picked)!
    if (standing.catchingUp) standing.allowance--
    return picked
  }

  /** Infinite when all are new, so that none has to wait for another. */
  #leastOfSettled(candidates: readonly Candidate[]): number {
    let least = Number.POSITIVE_INFINITY
    for (let i = 0; i < candidates.length; i++)
      if (!this.#current[i]!.catchingUp && this.#scores[i]! < least) least = this.#scores[i]!
    return least
  }

  #settle(standing: Standing): void {
    standing.catchingUp = false
    this.#catchingUp--
  }

  #adopt(candidates: readonly Candidate[]): void {
    if (this.#scores.length < candidates.length) this.#scores = new Float64Array(candidates.length * 2)
    this.#scores.fill(Number.POSITIVE_INFINITY)
    for (const standing of this.#current) standing.seenAt = this.#picks
    const isFirst = this.#seen.length === 0
    this.#seen = candidates
    this.#current = candidates.map((candidate) => this.#standingOf(candidate, isFirst))
    this.#weights = candidates.reduce((sum, { weight }) => sum + weight, 0)
    this.#catchingUp = this.#current.filter(({ catchingUp }) => catchingUp).length
  }

  #standingOf(candidate: Candidate, isFirst: boolean): Standing {
    const known = this.#standings.get(candidate)
    if (known && this.#picks - known.seenAt <= FORGOTTEN_AFTER) return known
    const standing = { seenAt: this.#picks, catchingUp: !isFirst, allowance: 1 }
    this.#standings.set(candidate, standing)
    return standing
  }
}
