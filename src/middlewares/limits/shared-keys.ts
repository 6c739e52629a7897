import { randomBytes } from 'node:crypto'
import { textHash } from '../../proxy/text-hash.ts'

/** Keys that a table has room for: a power of two. */
const ENTRIES = 2 ** 16
/** Places that are looked at for a key, beginning with the one that its hash names. */
const REACH = 32
/** Bytes in front of the entries: two secrets. */
const HEAD = 16
const KEY_BYTES = 8

/** Whether the value that lies at this byte says nothing any more, so that its entry may be another key's. */
export type IsSpent = (at: number) => boolean

/** Memory for a table whose values have so many bytes, a multiple of eight. Only what is used takes memory. */
export function sharedKeysMemory(valueBytes: number): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(HEAD + ENTRIES * (KEY_BYTES + valueBytes))
  new Int32Array(memory).set([randomBytes(4).readInt32LE(), randomBytes(4).readInt32LE()])
  return memory
}

/**
 * Values by key in memory that all threads share, without a lock. A key is 64 bits of a secret hash. It is never
 * removed: its entry is taken over by another key once its value is spent, so that a table never fills with what has
 * been. When all places of a key are taken by values that are not spent, it shares the first one with its owner: then
 * both count for one, which may refuse too much, and never lets too much pass.
 *
 * Two threads that meet a key for the first time in the same microsecond may make an entry each. The one further
 * back is then forgotten, and with it what one thread had counted by then.
 */
export class SharedKeys {
  readonly #keys: BigInt64Array
  readonly #stride: number
  readonly #seeds: readonly [number, number]
  readonly #isSpent: IsSpent
  /** Two hashes as one number. */
  readonly #halves = new Int32Array(2)
  readonly #key = new BigInt64Array(this.#halves.buffer)

  constructor(memory: SharedArrayBuffer, valueBytes: number, isSpent: IsSpent) {
    this.#keys = new BigInt64Array(memory)
    this.#stride = (KEY_BYTES + valueBytes) / KEY_BYTES
    const [first = 0, second = 0] = new Int32Array(memory, 0, 2)
    this.#seeds = [first, second]
    this.#isSpent = isSpent
  }

  /** The byte at which the key's value lies. */
  find(text: string): number {
    const first = textHash(text, this.#seeds[0])
    this.#halves[0] = first
    // Zero stands for an entry that nobody has had.
    this.#halves[1] = textHash(text, this.#seeds[1]) || 1
    const key = this.#key[0]!
    for (let step = 0; step < REACH; step++) {
      const at = this.#entry(first + step)
      if (Atomics.load(this.#keys, at) === key) return (at + 1) * KEY_BYTES
    }
    return this.#claim(first, key)
  }

  /** The bytes at which values lie, those of nobody included. */
  *values(): Generator<number> {
    for (let i = 0; i < ENTRIES; i++) yield (this.#entry(i) + 1) * KEY_BYTES
  }

  #claim(first: number, key: bigint): number {
    for (let step = 0; step < REACH; step++) {
      const at = this.#entry(first + step)
      const before = Atomics.load(this.#keys, at)
      const value = (at + 1) * KEY_BYTES
      if (before !== key && before !== 0n && !this.#isSpent(value)) continue
      const found = Atomics.compareExchange(this.#keys, at, before, key)
      if (found === before || found === key) return value
    }
    return (this.#entry(first) + 1) * KEY_BYTES
  }

  #entry(hash: number): number {
    return HEAD / KEY_BYTES + (hash & (ENTRIES - 1)) * this.#stride
  }
}
