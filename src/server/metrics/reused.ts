/** How many times as long as it took to make does something count as fresh. */
const FRESH_FOR = 10

/** Something that takes long to make, and is made for no more than a tenth of the time, however often it is asked for. */
export class Reused<T> {
  readonly #make: () => T
  readonly #now: () => number
  #made: { readonly value: T; readonly freshUntil: number } | undefined

  /** `now` in milliseconds. */
  constructor(make: () => T, now: () => number) {
    this.#make = make
    this.#now = now
  }

  get(): T {
    const begun = this.#now()
    if (this.#made && begun < this.#made.freshUntil) return this.#made.value
    const value = this.#make()
    const ended = this.#now()
    this.#made = { value, freshUntil: ended + (ended - begun) * FRESH_FOR }
    return value
  }
}
