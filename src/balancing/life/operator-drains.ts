import type { OperatorDrain } from './drain.ts'

/** Endpoints that an operator has drained. His word outlasts every change of configuration, and the endpoint itself. */
export class OperatorDrains {
  readonly #drains = new Map<string, OperatorDrain>()

  get(service: string, key: string): OperatorDrain | undefined {
    return this.#drains.get(nameOf(service, key))
  }

  add(service: string, key: string, drain: OperatorDrain): void {
    this.#drains.set(nameOf(service, key), drain)
  }

  /** False when it was not drained. */
  delete(service: string, key: string): boolean {
    return this.#drains.delete(nameOf(service, key))
  }
}

function nameOf(service: string, key: string): string {
  return `${service}\n${key}`
}
