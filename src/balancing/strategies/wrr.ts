import { defineStrategy } from '../strategy.ts'
import type { Candidate } from '../strategy.ts'

/**
 * Smooth weighted round robin: each pick gives every candidate its weight and takes the sum of all weights from the
 * one that is furthest ahead. An endpoint of weight 5 among two of weight 1 is so chosen five times of seven, spread
 * evenly. Credits belong to endpoints, not to positions, and so outlive changes of the pool.
 */
export default defineStrategy({
  summary: 'Weighted round robin, spread evenly.',
  create(random) {
    // Few services have endpoints of different weights.
    let credits: WeakMap<Candidate, number> | undefined
    let turn = Math.floor(random() * 1_000_000)
    let seen: readonly Candidate[] = []
    let equal = true
    return {
      pick(candidates) {
        if (candidates !== seen) {
          seen = candidates
          equal = candidates.every(({ weight }) => weight === candidates[0]!.weight)
        }
        // Workers begin at a random endpoint, so that they do not all begin with the same one.
        if (equal) return candidates[turn++ % candidates.length]!
        credits ??= new WeakMap()
        return furthestAhead(candidates, credits, random)
      },
    }
  },
})

function furthestAhead<C extends Candidate>(
  candidates: readonly C[],
  credits: WeakMap<Candidate, number>,
  random: () => number,
): C {
  let best = candidates[0]!
  let bestCredit = Number.NEGATIVE_INFINITY
  let total = 0
  for (const candidate of candidates) {
    // A newcomer starts somewhere within its share, not at the same point in every worker.
    const credit = (credits.get(candidate) ?? random() * candidate.weight) + candidate.weight
    credits.set(candidate, credit)
    total += candidate.weight
    if (credit > bestCredit) {
      best = candidate
      bestCredit = credit
    }
  }
  credits.set(best, bestCredit - total)
  return best
}
