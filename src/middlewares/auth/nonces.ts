import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { SharedKeys, sharedKeysMemory } from '../limits/shared-keys.ts'

/** Seconds for which a nonce is taken. */
const LIFETIME = 300
const KEY_BYTES = 32
/** A nonce: when it was made, something random, and the proof that it is ours. */
const TIME_BYTES = 4
const RANDOM_BYTES = 8
const PROOF_BYTES = 16

/** What is kept of a nonce is one 64-bit word: its time, the highest count that came with it, and which came before. */
const TIME_BITS = 20n
const COUNT_BITS = 20n
const SEEN_BITS = 24n
const TIMES = 1 << Number(TIME_BITS)
const HIGHEST = (1 << Number(COUNT_BITS)) - 1
/** Counts may come out of order, since browsers send several requests at once; those further back are too late. */
const WINDOW = Number(SEEN_BITS)
const VALUE_BYTES = 8

export type NonceVerdict = 'good' | 'stale' | 'forged'

/** Memory in which all workers keep which counts they have seen, and the key of the nonces. */
export function noncesMemory(): SharedArrayBuffer {
  const table = sharedKeysMemory(VALUE_BYTES)
  const memory = new SharedArrayBuffer(table.byteLength + KEY_BYTES)
  new Uint8Array(memory).set(new Uint8Array(table))
  new Uint8Array(memory, table.byteLength).set(randomBytes(KEY_BYTES))
  return memory
}

/**
 * Nonces of digest authentication (RFC 7616 §3.3). A nonce proves by itself that any of the workers has made it, so
 * that asking for one costs no memory. Only what came with the right password is remembered: which counts of a nonce
 * were used, so that a request that was overheard cannot be sent again.
 */
export class Nonces {
  readonly #key: Buffer
  readonly #words: BigInt64Array
  readonly #keys: SharedKeys
  readonly #now: () => number

  /** `now` in milliseconds since the epoch. */
  constructor(memory: SharedArrayBuffer, now: () => number = Date.now) {
    this.#now = now
    this.#key = Buffer.from(new Uint8Array(memory, memory.byteLength - KEY_BYTES).slice())
    this.#words = new BigInt64Array(memory, 0, (memory.byteLength - KEY_BYTES) / VALUE_BYTES)
    this.#keys = new SharedKeys(memory, VALUE_BYTES, (at) => this.#isSpent(at))
  }

  create(): string {
    const head = Buffer.alloc(TIME_BYTES + RANDOM_BYTES)
    head.writeUInt32BE(this.#seconds)
    randomBytes(RANDOM_BYTES).copy(head, TIME_BYTES)
    return Buffer.concat([head, this.#proof(head)]).toString('base64url')
  }

  /** Whether it is ours and young enough. */
  judge(nonce: string): NonceVerdict {
    const bytes = Buffer.from(nonce, 'base64url')
    if (bytes.length !== TIME_BYTES + RANDOM_BYTES + PROOF_BYTES) return 'forged'
    const head = bytes.subarray(0, TIME_BYTES + RANDOM_BYTES)
    if (!timingSafeEqual(this.#proof(head), bytes.subarray(head.length))) return 'forged'
    const age = this.#seconds - head.readUInt32BE(0)
    return age >= 0 && age <= LIFETIME ? 'good' : 'stale'
  }

  /** Uses a count of a good nonce up. False when it was used before, or cannot be told any more. */
  use(nonce: string, count: number): boolean {
    if (count < 1 || count > HIGHEST) return false
    const time = Buffer.from(nonce, 'base64url').readUInt32BE(0) % TIMES
    const at = this.#keys.find(nonce) / VALUE_BYTES
    for (;;) {
      const before = Atomics.load(this.#words, at)
      const after = withCount(before, time, count)
      if (after === undefined) return false
      if (Atomics.compareExchange(this.#words, at, before, after) === before) return true
    }
  }

  get #seconds(): number {
    return Math.floor(this.#now() / 1_000)
  }

  #proof(head: Buffer): Buffer {
    return createHmac('sha256', this.#key).update(head).digest().subarray(0, PROOF_BYTES)
  }

  #isSpent(at: number): boolean {
    const time = Number(BigInt.asUintN(Number(TIME_BITS), Atomics.load(this.#words, at / VALUE_BYTES)))
    const age = ((this.#seconds % TIMES) - time + TIMES) % TIMES
    return age > LIFETIME
  }
}

/** The word with one more count; undefined when that was seen, or is too far back to tell. */
function withCount(word: bigint, time: number, count: number): bigint | undefined {
  const bits = BigInt.asUintN(64, word)
  // A word of another time is that of a nonce that had the place before.
  const same = Number(BigInt.asUintN(Number(TIME_BITS), bits)) === time
  const highest = same ? Number((bits >> TIME_BITS) & BigInt(HIGHEST)) : 0
  let seen = same ? Number(bits >> (TIME_BITS + COUNT_BITS)) : 0
  const back = highest - count
  if (back >= WINDOW || (back >= 0 && (seen & (1 << back)) !== 0)) return undefined
  if (back >= 0) seen |= 1 << back
  else seen = -back >= WINDOW ? 1 : ((seen << -back) | 1) & ((1 << WINDOW) - 1)
  const top = BigInt(Math.max(highest, count))
  return BigInt.asIntN(64, BigInt(time) | (top << TIME_BITS) | (BigInt(seen) << (TIME_BITS + COUNT_BITS)))
}
