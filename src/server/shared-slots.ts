import { WHY_CODES } from '../proxy/why.ts'

/** Seconds by which the event loop of a worker may be late: from what nobody notices to what time-outs are made of. */
export const DELAY_BOUNDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] as const

/** Places of the counters of a slot; those of the why-codes follow in the order of `WHY_CODES`. */
export const COUNTER = {
  accepted: 0,
  requests: 1,
  retries: 2,
  mirrored: 3,
  mirrorsDropped: 4,
  failures: 5,
  /** Seconds by which ticks were late, in all. */
  delaySum: 6,
  /** Ticks by how late they were: one place for each bound of `DELAY_BOUNDS`, and one for what is above. */
  delays: 7,
  why: 7 + DELAY_BOUNDS.length + 1,
} as const
/** Places of the gauges of a slot. */
export const GAUGE = {
  connections: 0,
  /** Grows ten times a second while the thread lives and is not held up. */
  beat: 1,
  /** The private plug-in that is running, counted from 1; 0: none. */
  plugin: 2,
  /** The one that ran last. */
  lastPlugin: 3,
  /** Requests that wait for plug-ins. */
  pluginCalls: 4,
  /** Requests that wait for an endpoint. */
  waiting: 5,
} as const

const COUNTERS = COUNTER.why + WHY_CODES.length
const GAUGES = Object.keys(GAUGE).length
/** Slots begin on cache lines of their own (two, since processors fetch them in pairs): each is written by one thread. */
const ALIGNMENT = 128
const SLOT_BYTES = Math.ceil((COUNTERS * 8 + GAUGES * 4) / ALIGNMENT) * ALIGNMENT

/** One thread's numbers. Only that thread writes them, so that adding needs no lock; everyone may read them. */
export interface Slot {
  /** Its place among the slots. */
  readonly index: number
  /** They only grow, and outlive the thread. Doubles, exact up to 2^53: aligned ones are read and written whole. */
  readonly counters: Float64Array
  /** What is there now; written by `Atomics`, and zeroed when the thread ends. */
  readonly gauges: Int32Array
}

export interface SlotStats {
  /** Client connections that were accepted. */
  readonly accepted: number
  /** Client connections that are open. */
  readonly connections: number
  readonly requests: number
  readonly retries: number
  /** What middlewares have thrown or reported. */
  readonly failures: number
  /** Copies of requests that were sent to mirrors. */
  readonly mirrored: number
  /** Copies that were not sent: too many under way, or a body that was too large or broke off. */
  readonly mirrorsDropped: number
  /** How late ticks of its event loop were: seconds in all, and numbers by `DELAY_BOUNDS`. */
  readonly delays: { readonly sum: number; readonly counts: readonly number[] }
  /** Requests that wait for an endpoint now. */
  readonly waiting: number
  /** Answers that the proxy made itself, by why-code. */
  readonly why: Readonly<Record<string, number>>
}

/**
 * Numbers of all threads in memory that they share, one slot for each, so that reading them costs no message and
 * works while a thread is busy or dead. A thread that takes a dead one's place goes on counting in its slot.
 */
export class SharedSlots {
  readonly buffer: SharedArrayBuffer
  readonly #slots: readonly Slot[]

  /** A number of new slots, or those that another thread has made. */
  constructor(slots: number | SharedArrayBuffer) {
    this.buffer = typeof slots === 'number' ? new SharedArrayBuffer(slots * SLOT_BYTES) : slots
    this.#slots = Array.from({ length: this.buffer.byteLength / SLOT_BYTES }, (_, index) => this.#view(index))
  }

  get size(): number {
    return this.#slots.length
  }

  slot(index: number): Slot {
    return this.#slots[index]!
  }

  stats(index: number): SlotStats {
    return statsOf(this.slot(index))
  }

  /** Of all threads together, those that are gone included. */
  total(counter: number): number {
    return this.#slots.reduce((sum, { counters }) => sum + counters[counter]!, 0)
  }

  /** Of all threads together. */
  sum(gauge: number): number {
    return this.#slots.reduce((sum, { gauges }) => sum + Atomics.load(gauges, gauge), 0)
  }

  /** The thread of this slot has ended, and with it whatever it held. What it has counted stays. */
  zeroGauges(index: number): void {
    const { gauges } = this.slot(index)
    for (let gauge = 0; gauge < GAUGES; gauge++) Atomics.store(gauges, gauge, 0)
  }

  #view(index: number): Slot {
    const start = index * SLOT_BYTES
    return {
      index,
      counters: new Float64Array(this.buffer, start, COUNTERS),
      gauges: new Int32Array(this.buffer, start + COUNTERS * 8, GAUGES),
    }
  }
}

export function statsOf({ counters, gauges }: Slot): SlotStats {
  const why: Record<string, number> = {}
  WHY_CODES.forEach((code, i) => {
    const times = counters[COUNTER.why + i]!
    if (times > 0) why[code] = times
  })
  return {
    accepted: counters[COUNTER.accepted]!,
    connections: Atomics.load(gauges, GAUGE.connections),
    requests: counters[COUNTER.requests]!,
    retries: counters[COUNTER.retries]!,
    failures: counters[COUNTER.failures]!,
    mirrored: counters[COUNTER.mirrored]!,
    mirrorsDropped: counters[COUNTER.mirrorsDropped]!,
    delays: { sum: counters[COUNTER.delaySum]!, counts: [...counters.subarray(COUNTER.delays, COUNTER.why)] },
    waiting: Atomics.load(gauges, GAUGE.waiting),
    why,
  }
}
