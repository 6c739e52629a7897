/**
 * Counts readings of everything: the list of services, and then each service. Only one that began after it was asked
 * for counts, since it is to confirm what an earlier one has shown.
 */
export class FullReadings {
  #number = 0
  #state: 'idle' | 'list' | 'services' = 'idle'
  #askedAgain = false

  /** Of the last complete reading; 0 for the first picture. */
  get number(): number {
    return this.#number
  }

  /** True when the reading is to begin now; else it will, when the one that is under way has ended. */
  ask(): boolean {
    if (this.#state !== 'idle') {
      this.#askedAgain = true
      return false
    }
    this.#state = 'list'
    return true
  }

  /** The list has been read, and each service asked for. */
  listRead(): void {
    this.#state = 'services'
  }

  failed(): void {
    this.#state = 'idle'
    this.#askedAgain = false
  }

  /** All services have been read; `again` when the whole is to be read once more, from the list on. */
  servicesRead(): 'complete' | 'again' | undefined {
    if (this.#state !== 'services') return undefined
    if (this.#askedAgain) {
      this.#askedAgain = false
      this.#state = 'list'
      return 'again'
    }
    this.#state = 'idle'
    this.#number++
    return 'complete'
  }
}
