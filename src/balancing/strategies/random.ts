import { defineStrategy } from '../strategy.ts'
import { WeightedDraw } from './shares/weighted-draw.ts'

/** Measured for a pick: 16 ns among equals, 70 ns among unlike weights, whether 5 or 500. */
export default defineStrategy({
  summary: 'At random, by weight.',
  create(random) {
    const draw = new WeightedDraw(random)
    return {
      pick: (candidates) => candidates[draw.one(candidates)]!,
    }
  },
})
