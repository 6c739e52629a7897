/** Where one series counts: `at` is its first place in memory that the control plane reads, too. */
export interface Cell {
  readonly numbers: Float64Array
  readonly at: number
}

/** Places behind the buckets of a cell, of which the last one has no bound. */
export const BEHIND_BUCKETS = { sum: 0, requestBytes: 1, responseBytes: 2 } as const
const BEHIND = Object.keys(BEHIND_BUCKETS).length

/** Doubles of one series, for so many bounds of buckets. With Traefik's four it is just one cache line. */
export function cellSize(bounds: number): number {
  return bounds + 1 + BEHIND
}

const CHUNK_CELLS = 1_024
/** Milliseconds before a cell that was given back is used again: who reads it has long been told by then. */
const REST = 60_000

/**
 * Memory for the series of one thread: shared, so that reading them costs that thread nothing, and what it has counted
 * outlives it. It grows with what is used, up to a bound.
 */
export class CellPool {
  readonly size: number
  readonly #most: number
  readonly #now: () => number
  readonly #resting: { readonly cell: Cell; readonly since: number }[] = []
  #chunk: Float64Array = new Float64Array(0)
  #next = 0
  #made = 0

  /** `most`: cells that there may be; `now` in milliseconds. */
  constructor(bounds: number, most: number, now: () => number) {
    this.size = cellSize(bounds)
    this.#most = most
    this.#now = now
  }

  /** Memory of zeros; undefined when there is no more. */
  take(): Cell | undefined {
    const rested = this.#resting[0]
    if (rested && this.#now() - rested.since >= REST) {
      this.#resting.shift()
      const { numbers, at } = rested.cell
      numbers.fill(0, at, at + this.size)
      return rested.cell
    }
    if (this.#made >= this.#most) return undefined
    if (this.#next + this.size > this.#chunk.length) this.#grow()
    const cell = { numbers: this.#chunk, at: this.#next }
    this.#next += this.size
    this.#made++
    return cell
  }

  give(cell: Cell): void {
    this.#resting.push({ cell, since: this.#now() })
  }

  #grow(): void {
    const cells = Math.min(CHUNK_CELLS, this.#most - this.#made)
    this.#chunk = new Float64Array(new SharedArrayBuffer(cells * this.size * 8))
    this.#next = 0
  }
}
