import type { Condition } from '../conditions/condition.ts'
import { Measured, MEASURED_LENGTH } from './measured.ts'

export interface BreakerTerms {
  /** What has to be true of the measures for the breaker to open. */
  readonly condition: Condition<Measures>
  /** Milliseconds between two looks at it. */
  readonly checkPeriod: number
  /** Milliseconds for which nothing passes. */
  readonly fallbackDuration: number
  /** Milliseconds in which the share of what passes grows to all. */
  readonly recoveryDuration: number
}

/** What a condition can ask about. */
export interface Measures {
  readonly measured: Measured
  readonly now: number
}

const CLOSED = 0
const OPEN = 1
const RECOVERING = 2
/** On its way from one to another: whoever turns it has not finished. */
const TURNING = 3

/** Places of the doubles: aligned, they are read and written whole. */
const EPOCH = 0
const UNTIL = 1
const NEXT_CHECK = 2
const DOUBLES = 4
/** Places of the integers behind them. */
const STATE = 0
const CHECKING = 1
const ASKED = 2
const LET_PASS = 3
const INTEGERS = 8
const MEASURES_AT = DOUBLES * 8 + INTEGERS * 4

/** `now`: milliseconds of a clock that never jumps and is the same in all threads. */
export function breakerMemory(now: number): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(MEASURES_AT + MEASURED_LENGTH * Int32Array.BYTES_PER_ELEMENT)
  new Float64Array(memory, 0, DOUBLES)[EPOCH] = now
  return memory
}

/** A worker has died, perhaps in the middle of what no other may do meanwhile. */
export function settleBreaker(memory: SharedArrayBuffer): void {
  const numbers = new Int32Array(memory, DOUBLES * 8, INTEGERS)
  Atomics.compareExchange(numbers, STATE, TURNING, CLOSED)
  Atomics.store(numbers, CHECKING, 0)
}

/**
 * A circuit breaker that all workers share: closed, open for a while once its condition is true, then recovering,
 * when a growing share of the requests passes, and closed again, unless the condition is true once more.
 */
export class Breaker {
  readonly measured: Measured
  readonly #terms: BreakerTerms
  readonly #clock: () => number
  readonly #times: Float64Array
  readonly #numbers: Int32Array

  constructor(memory: SharedArrayBuffer, terms: BreakerTerms, clock: () => number) {
    this.#terms = terms
    this.#clock = clock
    this.#times = new Float64Array(memory, 0, DOUBLES)
    this.#numbers = new Int32Array(memory, DOUBLES * 8, INTEGERS)
    this.measured = new Measured(new Int32Array(memory, MEASURES_AT, MEASURED_LENGTH))
  }

  /** Whether the request that has come may pass. */
  lets(): boolean {
    const state = this.#state
    if (state === CLOSED) return true
    if (state === TURNING) return false
    const now = this.#now
    const left = this.#times[UNTIL]! - now
    if (state === OPEN) {
      if (left > 0) return false
      this.#turn(OPEN, RECOVERING, now + this.#terms.recoveryDuration)
    } else if (left <= 0) this.#turn(RECOVERING, CLOSED, 0)
    return this.#state === CLOSED || this.#letsInRecovery(now)
  }

  /** An answer has come: `failed` when no endpoint gave it. */
  record(status: number, failed: boolean, latency: number): void {
    const now = this.#now
    this.measured.record(now, status, failed, latency)
    if (now < this.#times[NEXT_CHECK]!) return
    // Of all workers that find it due, one looks.
    if (Atomics.compareExchange(this.#numbers, CHECKING, 0, 1) !== 0) return
    this.#times[NEXT_CHECK] = now + this.#terms.checkPeriod
    Atomics.store(this.#numbers, CHECKING, 0)
    const state = this.#state
    if (state === OPEN || state === TURNING || !this.#terms.condition({ measured: this.measured, now }))
      return
    this.#turn(state, OPEN, now + this.#terms.fallbackDuration)
  }

  /** Milliseconds since the memory was made. */
  get #now(): number {
    return this.#clock() - this.#times[EPOCH]!
  }

  get #state(): number {
    return Atomics.load(this.#numbers, STATE)
  }

  /** What was measured before says nothing about what comes after. */
  #turn(from: number, to: number, until: number): void {
    if (Atomics.compareExchange(this.#numbers, STATE, from, TURNING) !== from) return
    this.#times[UNTIL] = until
    Atomics.store(this.#numbers, ASKED, 0)
    Atomics.store(this.#numbers, LET_PASS, 0)
    this.measured.wipe()
    Atomics.store(this.#numbers, STATE, to)
  }

  /** Evenly: of a share of a quarter, every fourth. */
  #letsInRecovery(now: number): boolean {
    const share = 1 - (this.#times[UNTIL]! - now) / this.#terms.recoveryDuration
    const asked = Atomics.add(this.#numbers, ASKED, 1) + 1
    if (Atomics.load(this.#numbers, LET_PASS) + 1 > asked * share) return false
    Atomics.add(this.#numbers, LET_PASS, 1)
    return true
  }
}
