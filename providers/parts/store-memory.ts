import { UNPROVEN_LIMIT } from '../../src/discovery/provider.ts'
import type { StoreReading } from './store-picture.ts'

const ENOUGH = 0.9

/**
 * Knows whether a store may have lost its data, so that what it does not show is not proved to be gone: it was
 * started again empty, or from an old backup. It is believed again when it shows at least nine tenths as many keys as
 * before, or after ten minutes: while it is filled again key by key, what is missing is still to come.
 */
export class StoreMemory {
  readonly #monotonic: () => number
  #life: string | undefined
  #revision: bigint | undefined
  /** How many keys there were when it was last believed. */
  #keys = 0
  #forgotSince: number | undefined

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic
  }

  /** That a key is not in what was told last proves nothing. */
  get mayHaveForgotten(): boolean {
    return this.#forgotSince !== undefined
  }

  read({ pairs, life, revision }: StoreReading): void {
    const another = this.#life !== undefined && life !== undefined && life !== this.#life
    if (another || this.#wentBack(revision)) this.#forgotSince ??= this.#monotonic()
    this.#life = life ?? this.#life
    this.#revision = revision ?? this.#revision
    this.#count(pairs.size)
  }

  changed(keys: number, revision?: bigint): void {
    this.#revision = revision ?? this.#revision
    this.#count(keys)
  }

  #wentBack(revision: bigint | undefined): boolean {
    return this.#revision !== undefined && revision !== undefined && revision < this.#revision
  }

  #count(keys: number): void {
    const since = this.#forgotSince
    if (since !== undefined && (keys >= this.#keys * ENOUGH || this.#monotonic() - since >= UNPROVEN_LIMIT))
      this.#forgotSince = undefined
    if (this.#forgotSince === undefined) this.#keys = keys
  }
}
