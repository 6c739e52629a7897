import type { Shared } from '../../middleware.ts'
import { SharedKeys, sharedKeysMemory } from './shared-keys.ts'

/** Bytes of a value: a count for each worker. */
function valueBytes(workers: number): number {
  return Math.ceil((workers * Int32Array.BYTES_PER_ELEMENT) / 8) * 8
}

export function sharedCountsMemory(workers: number): SharedArrayBuffer {
  return sharedKeysMemory(valueBytes(workers))
}

/**
 * What is under way by key, in all workers. Each writes counts of its own and reads those of all, so that what a
 * dead one held is let go by setting its counts to zero.
 */
export class SharedCounts {
  readonly #counts: Int32Array
  readonly #keys: SharedKeys
  readonly #workers: number
  readonly #worker: number

  constructor({ memory, worker, workers }: Shared) {
    this.#counts = new Int32Array(memory)
    this.#worker = worker
    this.#workers = workers
    this.#keys = new SharedKeys(memory, valueBytes(workers), (at) => this.#sum(at / 4) <= 0)
  }

  /** Counts one more of this key, to be followed by `leave` with the place that this gives; -1 when there are `most`. */
  enter(key: string, most: number): number {
    const place = this.#keys.find(key) / 4
    // Counted first and looked at then, so that no two workers take the last place both.
    Atomics.add(this.#counts, place + this.#worker, 1)
    if (this.#sum(place) <= most) return place
    this.leave(place)
    return -1
  }

  leave(place: number): void {
    Atomics.sub(this.#counts, place + this.#worker, 1)
  }

  /** The worker is dead, and with it what it had under way. */
  clear(): void {
    for (const at of this.#keys.values()) Atomics.store(this.#counts, at / 4 + this.#worker, 0)
  }

  #sum(place: number): number {
    let sum = 0
    for (let worker = 0; worker < this.#workers; worker++) sum += Atomics.load(this.#counts, place + worker)
    return sum
  }
}
