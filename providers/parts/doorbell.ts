/** Lets one loop wait until something has happened; what happens while nobody waits is kept. */
export class Doorbell {
  #rings = Promise.withResolvers<void>()

  readonly ring = (): void => this.#rings.resolve()

  /** Resolves at the next ring, or at once when it rang since it was last waited for. */
  async rung(): Promise<void> {
    await this.#rings.promise
    this.#rings = Promise.withResolvers()
  }
}
