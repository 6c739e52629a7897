const TWO_TO_32 = 2 ** 32
const TWO_TO_64 = 2 ** 64

/**
 * FNV-1a with 64 bits, as two halves of 32: the prime is 2^40 + 435, and products with 435 are exact in a double.
 * Some thirty times as fast as with BigInt, and nothing is allocated.
 */
export class Fnv64 {
  #high = 0
  #low = 0

  /** Starts anew. */
  reset(): this {
    this.#high = 0xcbf29ce4
    this.#low = 0x84222325
    return this
  }

  /** Goes on where another has come to. */
  from(other: Fnv64): this {
    this.#high = other.#high
    this.#low = other.#low
    return this
  }

  /** Adds text of ASCII characters, as addresses and URLs are. */
  add(text: string): this {
    let high = this.#high
    let low = this.#low
    for (let i = 0; i < text.length; i++) {
      low = (low ^ text.charCodeAt(i)) >>> 0
      // Below 435, so that `| 0` only cuts off the fraction.
      const carry = ((low * 435) / TWO_TO_32) | 0
      high = (Math.imul(high, 435) + carry + (low << 8)) >>> 0
      low = Math.imul(low, 435) >>> 0
    }
    this.#high = high
    this.#low = low
    return this
  }

  /** The hash as a fraction of all there are, in [0, 1]. */
  get fraction(): number {
    return (this.#high * TWO_TO_32 + this.#low) / TWO_TO_64
  }
}
