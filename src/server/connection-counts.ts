import { randomBytes } from 'node:crypto'
import { textHash } from '../proxy/text-hash.ts'

/** Rows in which each client has a place, and places in each: a power of two. */
const ROWS = 4
const PLACES = 2 ** 16
/** Integers that keep the numbers of a worker on cache lines of their own (two, since processors fetch them in pairs). */
const LINE = 128 / Int32Array.BYTES_PER_ELEMENT
/** Integers at the start of the memory: two secrets, and how many integers a worker has. */
const HEAD = LINE

/**
 * How many connections of an entry point all workers have open: in all, and by client. Each worker writes numbers
 * of its own and reads those of all, so that whatever a dead one held is let go by setting its numbers to zero.
 *
 * Clients have no entries of their own, which all threads would have to make and remove together, but four places
 * each, that others may share; of the four sums the smallest one counts. So it is never too low, and too high only
 * for a client that shares all four (docs/decisions/0008). Where they lie is secret.
 */
export class ConnectionCounts {
  readonly memory: SharedArrayBuffer
  readonly #numbers: Int32Array
  readonly #stride: number
  readonly #own: number
  readonly #seeds: readonly [number, number]
  /** Of the client at hand. */
  readonly #places = new Int32Array(ROWS)

  /** The memory of `connectionMemory`, and the worker that writes. */
  constructor(memory: SharedArrayBuffer, worker: number) {
    this.memory = memory
    this.#numbers = new Int32Array(memory)
    this.#stride = this.#numbers[2]!
    this.#own = HEAD + worker * this.#stride
    this.#seeds = [this.#numbers[0]!, this.#numbers[1]!]
  }

  /** One connection more or less of this worker's. */
  add(change: 1 | -1): void {
    Atomics.add(this.#numbers, this.#own, change)
  }

  addOf(client: string, change: 1 | -1): void {
    this.#findPlaces(client)
    for (const place of this.#places) Atomics.add(this.#numbers, this.#own + place, change)
  }

  /** Open in all workers. */
  get open(): number {
    return this.#sum(0)
  }

  /** The client's in all workers. */
  openOf(client: string): number {
    this.#findPlaces(client)
    let least = Number.POSITIVE_INFINITY
    for (const place of this.#places) least = Math.min(least, this.#sum(place))
    return least
  }

  /** The worker is dead, and its connections with it. */
  clear(): void {
    for (let i = 0; i < this.#stride; i++) Atomics.store(this.#numbers, this.#own + i, 0)
  }

  #sum(offset: number): number {
    let sum = 0
    for (let at = HEAD + offset; at < this.#numbers.length; at += this.#stride)
      sum += Atomics.load(this.#numbers, at)
    return sum
  }

  /** Two numbers make as many as are wanted, as good as independent ones (Kirsch and Mitzenmacher, 2006). */
  #findPlaces(client: string): void {
    const first = textHash(client, this.#seeds[0])
    const step = textHash(client, this.#seeds[1]) | 1
    for (let row = 0; row < ROWS; row++) {
      const place = (first + Math.imul(row, step)) & (PLACES - 1)
      this.#places[row] = LINE + row * PLACES + place
    }
  }
}

/** Memory for the counts of one entry point; `byClient`: also for those of its clients (1 MiB for each worker, of which only what is used takes memory). */
export function connectionMemory(workers: number, byClient: boolean): SharedArrayBuffer {
  const stride = LINE + (byClient ? ROWS * PLACES : 0)
  const memory = new SharedArrayBuffer((HEAD + workers * stride) * Int32Array.BYTES_PER_ELEMENT)
  const numbers = new Int32Array(memory)
  for (let secret = 0; secret < 2; secret++) numbers[secret] = randomBytes(4).readInt32LE()
  numbers[2] = stride
  return memory
}
