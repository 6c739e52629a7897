import type { Candidate } from '../../strategy.ts'

/**
 * Smooth weighted round robin: each turn gives every candidate its weight and takes the sum of all weights from the
 * one that is furthest ahead. An endpoint of weight 5 among two of weight 1 is so chosen five times of seven, spread
 * evenly. Credits belong to endpoints, not to positions, and so outlive changes of the pool.
 */
export class SmoothTurns {
  readonly #random: () => number
  /** What was due to each when it was last among other candidates. */
  readonly #kept = new WeakMap<Candidate, number>()
  #seen: readonly Candidate[] = []
  /** Of `#seen`, by position: a look into the map for each candidate, and an entry written, would cost five times as much. */
  #credits = new Float64Array(16)

  constructor(random: () => number) {
    this.#random = random
  }

  /** Whose turn it is. */
  next<C extends Candidate>(candidates: readonly C[]): C {
    if (candidates !== this.#seen) this.#adopt(candidates)
    const credits = this.#credits
    let best = 0
    let total = 0
    for (let i = 0; i < candidates.length; i++) {
      const { weight } = candidates[i]!
      credits[i]! += weight
      total += weight
      if (credits[i]! > credits[best]!) best = i
    }
    credits[best]! -= total
    return candidates[best]!
  }

  /** Whose turn it is among those that have exactly this score; `first` is the place of the first of them. */
  nextOf<C extends Candidate>(
    candidates: readonly C[],
    scores: Float64Array,
    score: number,
    first: number,
  ): C {
    if (candidates !== this.#seen) this.#adopt(candidates)
    const credits = this.#credits
    let best = first
    let total = 0
    for (let i = first; i < candidates.length; i++) {
      if (scores[i] !== score) continue
      const { weight } = candidates[i]!
      credits[i]! += weight
      total += weight
      if (credits[i]! > credits[best]!) best = i
    }
    credits[best]! -= total
    return candidates[best]!
  }

  #adopt(candidates: readonly Candidate[]): void {
    for (let i = 0; i < this.#seen.length; i++) this.#kept.set(this.#seen[i]!, this.#credits[i]!)
    this.#seen = candidates
    if (this.#credits.length < candidates.length) this.#credits = new Float64Array(candidates.length * 2)
    let total = 0
    for (const { weight } of candidates) total += weight
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[i]!
      // A newcomer starts somewhere within its share, not at the same point in every worker.
      const credit = this.#kept.get(candidate) ?? this.#random() * candidate.weight
      // What was owed at a weight of thousands would take thousands of picks to settle at a weight of one.
      this.#credits[i] = Math.max(-total, Math.min(total, credit))
    }
  }
}
