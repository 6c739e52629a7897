/**
 * How often each request was carried out, over all origins of a run. A request is carried out when an origin has
 * read it whole; twice means that it was sent again although it must not have been.
 */
export class Ledger {
  readonly #counts = new Map<string, number>()

  record(method: string, id: string): void {
    this.#counts.set(`${method} ${id}`, this.times(method, id) + 1)
  }

  times(method: string, id: string): number {
    return this.#counts.get(`${method} ${id}`) ?? 0
  }

  /** Ids of requests of this method that were carried out more than once. */
  repeated(method: string): string[] {
    const repeated = [...this.#counts].filter(
      ([request, times]) => times > 1 && request.startsWith(`${method} `),
    )
    return repeated.map(([request]) => request.slice(method.length + 1))
  }

  /** Different requests that were carried out. */
  get size(): number {
    return this.#counts.size
  }
}
