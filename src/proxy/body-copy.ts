import { Body } from './body.ts'
import type { BodyTap } from './body.ts'
import type { HeaderList } from './header-list.ts'
import type { MemoryBudget } from './memory-budget.ts'

/**
 * A copy of a body that goes on its way, made of what comes of it and never holding it up. It is whole once the body
 * has come to its end within the limits; otherwise it is lost, and holds nothing.
 */
export class BodyCopy implements BodyTap {
  readonly #length: number | undefined
  readonly #limit: number
  readonly #budget: MemoryBudget
  #settled: ((whole: boolean) => void) | undefined
  #chunks: Buffer[] = []
  #size = 0
  #trailers: HeaderList | undefined
  #state: 'coming' | 'whole' | 'lost' = 'coming'

  /** Of a body whose first byte has not been taken yet. `limit` in bytes. */
  constructor(body: Body, limit: number, budget: MemoryBudget) {
    this.#length = body.length
    this.#limit = limit
    this.#budget = budget
    body.tap(this)
  }

  /** Calls `settled` once it is known whether the copy is whole; at once when it already is. */
  onSettled(settled: (whole: boolean) => void): void {
    if (this.#state === 'coming') this.#settled = settled
    else settled(this.#state === 'whole')
  }

  /** The body anew, any number of times. Only when it is whole. */
  body(): Body {
    return Body.whole(this.#chunks, this.#length, this.#trailers)
  }

  /** The copy is of no more use. */
  release(): void {
    this.#budget.give(this.#size)
    this.#chunks = []
    this.#size = 0
    this.#state = 'lost'
    this.#settled = undefined
  }

  onChunk(chunk: Buffer): void {
    if (this.#state !== 'coming') return
    if (this.#size + chunk.length > this.#limit || !this.#budget.take(chunk.length)) {
      this.onLost()
      return
    }
    this.#size += chunk.length
    this.#chunks.push(chunk)
  }

  onEnd(trailers: HeaderList | undefined): void {
    if (this.#state !== 'coming') return
    this.#state = 'whole'
    this.#trailers = trailers
    this.#tell(true)
  }

  onLost(): void {
    if (this.#state !== 'coming') return
    const settled = this.#settled
    this.release()
    settled?.(false)
  }

  #tell(whole: boolean): void {
    const settled = this.#settled
    this.#settled = undefined
    settled?.(whole)
  }
}
