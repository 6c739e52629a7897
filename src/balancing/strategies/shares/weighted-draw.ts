import type { Candidate } from '../../strategy.ts'

/** Draws candidates at random, each as often as its weight says, in O(log n). */
export class WeightedDraw {
  readonly #random: () => number
  #seen: readonly Candidate[] = []
  /** By position: the sum of the weights up to it and with it. Kept and grown, not made anew for each list. */
  #sums = new Float64Array(16)
  #equal = true

  constructor(random: () => number) {
    this.#random = random
  }

  /** The place of the one that was drawn. */
  one(candidates: readonly Candidate[]): number {
    if (candidates !== this.#seen) this.#adopt(candidates)
    const { length } = candidates
    if (this.#equal) return Math.floor(this.#random() * length)
    return this.#placeOf(this.#random() * this.#sums[length - 1]!, length)
  }

  /** The place of one that is not at `taken`, drawn from the others by their weights. There must be others. */
  other(candidates: readonly Candidate[], taken: number): number {
    const last = candidates.length - 1
    if (this.#equal) {
      const place = Math.floor(this.#random() * last)
      return place < taken ? place : place + 1
    }
    const { weight } = candidates[taken]!
    const drawn = this.#random() * (this.#sums[last]! - weight)
    const place = this.#placeOf(drawn < this.#sums[taken]! - weight ? drawn : drawn + weight, last + 1)
    if (place !== taken) return place
    // Sums of fractions are not exact: at the very border it can be the taken one.
    return taken === last ? taken - 1 : taken + 1
  }

  /** The first place whose sum lies above. */
  #placeOf(drawn: number, length: number): number {
    const sums = this.#sums
    let low = 0
    let high = length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle]! > drawn) high = middle
      else low = middle + 1
    }
    return low
  }

  #adopt(candidates: readonly Candidate[]): void {
    this.#seen = candidates
    this.#equal = candidates.every(({ weight }) => weight === candidates[0]!.weight)
    if (this.#equal) return
    if (this.#sums.length < candidates.length) this.#sums = new Float64Array(candidates.length * 2)
    let sum = 0
    for (let i = 0; i < candidates.length; i++) this.#sums[i] = sum += candidates[i]!.weight
  }
}
