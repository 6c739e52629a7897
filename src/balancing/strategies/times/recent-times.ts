const SAMPLES = 100
/** Milliseconds; less cannot be told from nothing, and nothing would win whatever the load. */
const LEAST_TIME = 0.01

/** Places behind the samples. One array of doubles: in fields, each new value would be allocated. */
const SUM = SAMPLES
const AVERAGE = SAMPLES + 1

/** How long an endpoint took to answer, the last hundred times. */
export class RecentTimes {
  /** The pick at which it was last chosen. */
  pickedAt: number
  readonly #ring = new Float64Array(SAMPLES + 2)
  #count = 0
  #next = 0

  constructor(pickedAt: number) {
    this.pickedAt = pickedAt
  }

  /** Milliseconds; 0 when it has not answered yet. */
  get average(): number {
    return this.#ring[AVERAGE]!
  }

  add(milliseconds: number): void {
    const ring = this.#ring
    const time = Math.max(milliseconds, LEAST_TIME)
    ring[SUM]! += time - ring[this.#next]!
    ring[this.#next] = time
    this.#next = (this.#next + 1) % SAMPLES
    if (this.#count < SAMPLES) this.#count++
    if (this.#next === 0) this.#sumUp()
    ring[AVERAGE] = ring[SUM]! / this.#count
  }

  /** Differences of fractions are not exact, and must not add up over millions of answers. */
  #sumUp(): void {
    const ring = this.#ring
    ring[SUM] = 0
    for (let i = 0; i < SAMPLES; i++) ring[SUM]! += ring[i]!
  }
}
