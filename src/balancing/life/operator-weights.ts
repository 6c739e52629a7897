/**
 * Weights that an operator has given to endpoints, instead of those that discovery names. His word outlasts every change
 * of configuration, and the endpoint itself.
 */
export class OperatorWeights {
  readonly #weights = new Map<string, number>()

  get(service: string, key: string): number | undefined {
    return this.#weights.size === 0 ? undefined : this.#weights.get(nameOf(service, key))
  }

  set(service: string, key: string, weight: number): void {
    this.#weights.set(nameOf(service, key), weight)
  }

  /** False when there was none. */
  delete(service: string, key: string): boolean {
    return this.#weights.delete(nameOf(service, key))
  }
}

function nameOf(service: string, key: string): string {
  return `${service}\n${key}`
}
