/**
 * How often each request was carried out, over all origins of a run. A request is carried out when an origin has
 * read it whole; twice means that it was sent again although it must not have been.
 */
export class Ledger {
  readonly #counts = new Map<string, number>()

  record(id: string): void {
    this.#counts.set(id, this.times(id) + 1)
  }

  times(id: string): number {
    return this.#counts.get(id) ?? 0
  }

  /** Requests that were carried out more than once. */
  repeated(): string[] {
    return [...this.#counts].filter(([, times]) => times > 1).map(([id]) => id)
  }

  /** Different requests that were carried out. */
  get size(): number {
    return this.#counts.size
  }
}
