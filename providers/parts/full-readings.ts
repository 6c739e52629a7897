import type { ServiceReads } from './service-reads.ts'

export interface FullReadingsOptions {
  /** Reads the list, and asks for each service. A fault that it throws is met, and told, by the poll for the list too. */
  readonly readList: () => Promise<void>
  readonly reads: Pick<ServiceReads, 'urgentLeft' | 'busy' | 'failures'>
  /** One more reading is complete. */
  readonly onComplete: () => void
}

/**
 * Makes and counts readings of everything: the list of services, and then each service. Only one that began after it
 * was asked for counts, since it is to confirm what an earlier one has shown.
 */
export class FullReadings {
  readonly #options: FullReadingsOptions
  #number = 0
  #state: 'idle' | 'list' | 'services' = 'idle'
  #askedAgain = false

  constructor(options: FullReadingsOptions) {
    this.#options = options
  }

  /** Of the last complete reading; 0 for the first picture. */
  get number(): number {
    return this.#number
  }

  /** Begins one now, or when the one that is under way has ended. */
  ask(): void {
    if (this.#state === 'idle') void this.#read()
    else this.#askedAgain = true
  }

  /** To be called after each batch of reads: as long as a service cannot be read, the reading is not complete. */
  batchRead(): void {
    const { urgentLeft, busy, failures } = this.#options.reads
    if (this.#state !== 'services' || urgentLeft || busy || failures.size > 0) return
    if (this.#askedAgain) return void this.#read()
    this.#state = 'idle'
    this.#number++
    this.#options.onComplete()
  }

  async #read(): Promise<void> {
    this.#state = 'list'
    this.#askedAgain = false
    try {
      await this.#options.readList()
      this.#state = 'services'
      this.batchRead()
    } catch {
      // Who needs the reading asks again.
      this.#state = 'idle'
      this.#askedAgain = false
    }
  }
}
