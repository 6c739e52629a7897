/** An endpoint's way out: nothing new is sent to it, and what is under way may finish within a time. */
export interface Drain {
  /** Wall clock, for people. */
  readonly since: Date
  deadline: number
  /** Plan with which it began: what workers report of an earlier one says nothing about this one. */
  readonly version: number
  /** Workers that have nothing in flight any more. */
  readonly reported: Set<number>
  /** Why it is over: it is no longer in the data plane. */
  over: 'drained' | 'drain timeout' | 'not drained' | undefined
}

/** An operator's wish, which lasts until he takes it back. */
export interface OperatorDrain {
  readonly since: Date
  /** His own words; empty when he gave none. */
  readonly reason: string
}

/** Whether it is over, given the workers that there are. */
export function howItEnded(
  { reported, deadline }: Drain,
  workers: readonly number[],
  now: number,
): Drain['over'] {
  if (workers.every((worker) => reported.has(worker))) return 'drained'
  return now >= deadline ? 'drain timeout' : undefined
}
