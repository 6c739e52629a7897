import type { Allocation } from './answers.ts'
import { isStopping } from './instance.ts'

/** Milliseconds for which a job whose allocations have changed is read first; registrations come behind them. */
const RECENT = 30_000
/** As many of the oldest allocations tell one catalog from another. */
const MARKS = 32

/** What the lists of allocations have told so far. */
export class AllocationBook {
  #all: ReadonlyMap<string, Allocation> | undefined
  /** Once told to stop; kept while they are registered, since ended ones are listed no more. */
  readonly #stopping = new Set<string>()
  /** Jobs whose allocations have changed, as `namespace/job`, with when. */
  readonly #moved = new Map<string, number>()
  /** Of the list that was read last. */
  #marks: ReadonlySet<string> = new Set()
  /** Of the first list of these data: pictures of the same data share it, whoever has come and gone meanwhile. */
  #anchor: ReadonlySet<string> = new Set()

  /** A list has been read. */
  get known(): boolean {
    return this.#all !== undefined
  }

  /** Jobs whose allocations have changed of late: what is registered for them may be about to change. */
  get movedJobs(): ReadonlySet<string> {
    return new Set(this.#moved.keys())
  }

  /** What tells the data of this cluster from those of one that has lost its own. */
  get marks(): readonly string[] {
    return [...this.#anchor.union(this.#marks)]
  }

  /**
   * Takes over a list. `doubtful`: the agent may have become another since the one before. False when the data are
   * others then, as far as can be seen: the two share no allocation.
   */
  take(all: ReadonlyMap<string, Allocation>, now: number, doubtful: boolean): boolean {
    const before = this.#all
    for (const [job, at] of this.#moved) if (now - at > RECENT) this.#moved.delete(job)
    for (const [id, allocation] of all) {
      if (isStopping(allocation)) this.#stopping.add(id)
      const changed = before && before.get(id)?.modifyIndex !== allocation.modifyIndex
      if (changed) this.#moved.set(jobOf(allocation), now)
    }
    for (const [id, allocation] of before ?? []) if (!all.has(id)) this.#moved.set(jobOf(allocation), now)
    this.#all = all
    const marks = marksOf(all)
    const shared = this.#marks.size === 0 || [...this.#marks].some((mark) => marks.all.has(mark))
    const same = shared || !doubtful
    if (!same || this.#anchor.size === 0) this.#anchor = marks.oldest
    this.#marks = marks.oldest
    return same
  }

  of(id: string): { readonly allocation: Allocation | undefined; readonly stopping: boolean } {
    return { allocation: this.#all?.get(id), stopping: this.#stopping.has(id) }
  }

  /** For allocations whose registrations have gone. */
  forgetAllBut(registered: ReadonlySet<string>): void {
    for (const id of this.#stopping) {
      if (!registered.has(id) && !this.#all?.has(id)) this.#stopping.delete(id)
    }
  }
}

function jobOf({ namespace, job }: Allocation): string {
  return `${namespace}/${job}`
}

function marksOf(all: ReadonlyMap<string, Allocation>): { all: Set<string>; oldest: Set<string> } {
  const marks = [...all.values()]
    .toSorted((a, b) => a.createIndex - b.createIndex)
    .map(({ id, createIndex }) => `${id} ${createIndex}`)
  return { all: new Set(marks), oldest: new Set(marks.slice(0, MARKS)) }
}
