import { WHY_CODES } from '../../proxy/why.ts'
import type { WhyCode } from '../../proxy/why.ts'
import { COUNTER, DELAY_BOUNDS, GAUGE } from '../shared-slots.ts'
import type { Slot } from '../shared-slots.ts'

/** Writes what a worker counts into its slot, which other threads read. */
export class Counts {
  readonly #slot: Slot

  constructor(slot: Slot) {
    this.#slot = slot
  }

  /** A client connection was accepted. */
  accepted(): void {
    this.#add(COUNTER.accepted, 1)
  }

  /** A request is over, after so many further attempts. */
  request(retries: number): void {
    this.#add(COUNTER.requests, 1)
    if (retries > 0) this.#add(COUNTER.retries, retries)
  }

  /** A middleware threw, or reported something. */
  failure(): void {
    this.#add(COUNTER.failures, 1)
  }

  /** The thread is alive. */
  beat(): void {
    Atomics.add(this.#slot.gauges, GAUGE.beat, 1)
  }

  /** A copy of a request was sent to a mirror. */
  mirrored(): void {
    this.#add(COUNTER.mirrored, 1)
  }

  /** One was not sent, since it would have been too much. */
  mirrorDropped(): void {
    this.#add(COUNTER.mirrorsDropped, 1)
  }

  /** The proxy answered by itself, or ended a connection. */
  why(code: WhyCode): void {
    this.#add(COUNTER.why + WHY_CODES.indexOf(code), 1)
  }

  /** So many client connections are open. */
  connections(open: number): void {
    Atomics.store(this.#slot.gauges, GAUGE.connections, open)
  }

  /** So many more requests, or fewer, wait for an endpoint. */
  waiting(change: number): void {
    Atomics.add(this.#slot.gauges, GAUGE.waiting, change)
  }

  /** A tick came so many milliseconds late. */
  delay(late: number): void {
    const seconds = Math.max(0, late) / 1_000
    let bucket = 0
    while (bucket < DELAY_BOUNDS.length && seconds > DELAY_BOUNDS[bucket]!) bucket++
    this.#add(COUNTER.delays + bucket, 1)
    this.#add(COUNTER.delaySum, seconds)
  }

  #add(counter: number, times: number): void {
    const { counters } = this.#slot
    counters[counter] = counters[counter]! + times
  }
}
