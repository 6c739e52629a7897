import type { Problem } from '../config/problem.ts'
import type { Clock } from './clock.ts'
import { doubtProblems, restoredProblem } from './doubt-problems.ts'
import type { PresenceGuard } from './presence-guard.ts'
import type { Snapshot } from './provider.ts'
import type { PartState, PartSummary, ProviderState, SourceHealth } from './source-state.ts'
import type { StoredPart } from './stored-picture.ts'

/** A part that has neither been read nor failed. */
const UNHEARD: PartState = {
  snapshot: undefined,
  lastSuccess: undefined,
  answeredAt: undefined,
  failure: undefined,
  staleSince: undefined,
  lastFailure: undefined,
  restored: false,
}

/** The parts of one source, and the source as a whole: what was last known of each, since when, and what is wrong. */
export class SourceParts {
  readonly #name: string
  readonly #guard: PresenceGuard
  readonly #clock: Clock
  readonly #parts = new Map<string, PartState>()
  #crash: { readonly problem: Problem; readonly since: number } | undefined
  #lastError: Problem | undefined
  #reads = 0
  #errors = 0
  /** Milliseconds that the last reading took; undefined: the provider does not say. */
  #lastReadTook: number | undefined

  constructor(name: string, guard: PresenceGuard, clock: Clock) {
    this.#name = name
    this.#guard = guard
    this.#clock = clock
  }

  get size(): number {
    return this.#parts.size
  }

  /** Why the provider as a whole does not run now. */
  get crash(): Problem | undefined {
    return this.#crash?.problem
  }

  /** Some parts were restored from disk, and their source has not answered for them yet. */
  get hasRestored(): boolean {
    return [...this.#parts.values()].some(({ restored }) => restored)
  }

  failureOf(part: string): Problem | undefined {
    return this.#parts.get(part)?.failure
  }

  hasPictureOf(part: string): boolean {
    return this.#parts.get(part)?.snapshot !== undefined
  }

  restore(part: string, { snapshot, knownAt }: StoredPart): void {
    this.#guard.restore(part, snapshot)
    const staleSince = this.#clock.monotonic()
    this.#parts.set(part, { ...UNHEARD, snapshot, lastSuccess: knownAt, staleSince, restored: true })
  }

  read(part: string, snapshot: Snapshot): void {
    const { lastFailure } = this.#parts.get(part) ?? UNHEARD
    this.#guard.take(part, snapshot)
    this.#reads++
    const times = { lastSuccess: this.#clock.now(), answeredAt: this.#clock.monotonic(), lastFailure }
    this.#parts.set(part, { ...UNHEARD, ...times, snapshot })
  }

  failed(part: string, failure: Problem): void {
    const before = this.#parts.get(part) ?? UNHEARD
    const staleSince = before.staleSince ?? this.#clock.monotonic()
    this.#lastError = failure
    this.#errors++
    this.#parts.set(part, { ...before, failure, staleSince, lastFailure: this.#clock.now() })
  }

  readTook(milliseconds: number): void {
    this.#lastReadTook = milliseconds
  }

  gone(part: string): void {
    this.#parts.delete(part)
    this.#guard.drop(part)
  }

  crashed(problem: Problem): void {
    this.#lastError = problem
    this.#errors++
    this.#crash = { problem, since: this.#crash?.since ?? this.#clock.monotonic() }
  }

  runs(): void {
    this.#crash = undefined
  }

  /**
   * Drops what was restored and is not heard of: it belongs to the source no more. As long as the source does not
   * answer at all, or fails for this part, nothing is known about that.
   */
  dropForgotten(): void {
    const parts = [...this.#parts]
    if (this.#crash || parts.every(([, { answeredAt }]) => answeredAt === undefined)) return
    for (const [part, { restored, failure }] of parts) if (restored && !failure) this.gone(part)
  }

  /** What a process that starts while the source is down is to restore. */
  get stored(): ReadonlyMap<string, StoredPart> {
    const now = this.#clock.now()
    const stored = new Map<string, StoredPart>()
    for (const [part, snapshot] of this.#guard.served) {
      const { restored, lastSuccess = 0, staleSince } = this.#parts.get(part) ?? UNHEARD
      const staleFor = this.#since(staleSince ?? this.#crash?.since) ?? 0
      stored.set(part, { snapshot, knownAt: restored ? lastSuccess : now - staleFor })
    }
    return stored
  }

  /** What cannot be read now. */
  get failures(): readonly Problem[] {
    const failures = [...this.#parts.values()].flatMap(({ failure }) => failure ?? [])
    return this.#crash ? [this.#crash.problem, ...failures] : failures
  }

  /** Everything that is left out, in doubt or cannot be read now. */
  get problems(): readonly Problem[] {
    const parts = [...this.#parts]
    const restored = parts.filter(([, state]) => state.restored).map(([part]) => part)
    return [
      ...this.failures,
      ...parts.flatMap(([, { snapshot }]) => snapshot?.problems ?? []),
      ...parts.flatMap(([part]) => doubtProblems(this.#name, part, this.#guard)),
      ...restoredProblem(this.#name, restored),
    ]
  }

  /** How the source is doing; `heard` when it has said or failed anything yet. */
  state(heard: boolean): ProviderState {
    const parts = [...this.#parts].map(([part, state]) => this.#summary(part, state))
    const sum = (count: (part: PartSummary) => number): number =>
      parts.reduce((total, part) => total + count(part), 0)
    const newest = this.#newest()
    return {
      name: this.#name,
      state: this.#health(heard),
      parts,
      lastSuccess: newest?.lastSuccess,
      age: this.#since(newest?.answeredAt),
      lastError: this.#lastError,
      reads: this.#reads,
      errors: this.#errors,
      lastReadTook: this.#lastReadTook,
      instances: sum(({ instances }) => instances),
      unproven: sum(({ unproven }) => unproven),
      heldBack: sum(({ heldBack }) => heldBack),
      heldBackTotal: this.#guard.heldBackTotal,
      problems: this.problems,
    }
  }

  #summary(part: string, state: PartState): PartSummary {
    return {
      part,
      lastSuccess: state.lastSuccess,
      age: this.#since(state.answeredAt),
      staleFor: this.#since(state.staleSince ?? this.#crash?.since),
      lastFailure: state.lastFailure,
      instances: this.#guard.servedOf(part)?.instances?.length ?? 0,
      unproven: this.#guard.count(part, 'unproven'),
      heldBack: this.#guard.count(part, 'held'),
      restored: state.restored,
      error: state.failure?.message,
    }
  }

  #newest(): PartState | undefined {
    const answered = [...this.#parts.values()].filter(({ answeredAt }) => answeredAt !== undefined)
    return answered.length === 0
      ? undefined
      : answered.reduce((best, part) => (part.answeredAt! > best.answeredAt! ? part : best))
  }

  #health(heard: boolean): SourceHealth {
    const parts = [...this.#parts.values()]
    const faulty = this.#crash !== undefined || parts.some(({ failure, restored }) => failure ?? restored)
    if (!faulty) return heard ? 'ok' : 'starting'
    return parts.some(({ snapshot }) => snapshot) ? 'stale' : 'failing'
  }

  #since(moment: number | undefined): number | undefined {
    return moment === undefined ? undefined : this.#clock.monotonic() - moment
  }
}
