import { defineStrategy } from '../strategy.ts'
import { WeightedDraw } from './shares/weighted-draw.ts'

/** Measured: TODO. */
export default defineStrategy({
  summary: 'At random, by weight.',
  create(random) {
    const draw = new WeightedDraw(random)
    return {
      pick: (candidates) => candidates[draw.one(candidates)]!,
    }
  },
})
