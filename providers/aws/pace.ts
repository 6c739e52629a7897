/** After the first refusal; milliseconds between two calls. */
const FIRST_SPACING = 100
const WIDEST_SPACING = 5_000
/** What an answer leaves of the spacing. */
const RECOVERY = 0.9

/**
 * How fast calls may follow one another: at once until AWS throttles, then ever slower, and faster again with every
 * answer. All clusters of a region share one, as they share the limit.
 */
export class Pace {
  #spacing = 0
  #next = 0

  /** Milliseconds between two calls. */
  get spacing(): number {
    return this.#spacing
  }

  /** Takes the next place, and gives the milliseconds until it is due. */
  take(now: number): number {
    const due = Math.max(now, this.#next)
    this.#next = due + this.#spacing
    return due - now
  }

  throttled(): void {
    this.#spacing = Math.min(WIDEST_SPACING, Math.max(FIRST_SPACING, this.#spacing * 2))
  }

  answered(): void {
    const spacing = this.#spacing * RECOVERY
    this.#spacing = spacing < FIRST_SPACING / 4 ? 0 : spacing
  }
}
