/** Something that has happened, for people and their tools. */
export interface AdminEvent {
  /** Grows with every event, over restarts too. */
  readonly id: number
  readonly time: Date
  readonly kind: EventKind
  /** In one sentence. */
  readonly message: string
  /** What it is about, by name: service, endpoint, router, provider, code … */
  readonly about: Readonly<Record<string, unknown>>
}

/**
 * `endpoint`: one has changed its state. `router`, `service`, `middleware`: one was added, changed or removed.
 * `problem`: one began or ended. `provider`: the state of one has changed. `operator`: somebody changed something by
 * this API.
 */
export const EVENT_KINDS = [
  'endpoint',
  'router',
  'service',
  'middleware',
  'problem',
  'provider',
  'operator',
] as const
export type EventKind = (typeof EVENT_KINDS)[number]

/** Events that are remembered. */
const MOST = 2_000

/** Ids of a millisecond: a process that starts later has higher ones, so that nobody takes its events for old ones. */
const IDS_PER_MILLISECOND = 1_000

type Listener = (event: AdminEvent) => void

/** What has happened lately, and who wants to hear what happens next. */
export class EventHistory {
  readonly #now: () => number
  readonly #listeners = new Set<Listener>()
  /** The oldest first; the oldest are forgotten. */
  #events: AdminEvent[] = []
  readonly #firstId: number
  #lastId: number

  constructor(now: () => number = Date.now) {
    this.#now = now
    this.#lastId = now() * IDS_PER_MILLISECOND
    this.#firstId = this.#lastId + 1
  }

  add(kind: EventKind, message: string, about: AdminEvent['about'] = {}): void {
    const event = { id: ++this.#lastId, time: new Date(this.#now()), kind, message, about }
    this.#events.push(event)
    // Twice as many are let gather before the old ones are cut off: otherwise each event would move all of them.
    if (this.#events.length >= 2 * MOST) this.#events = this.#events.slice(-MOST)
    for (const listener of this.#listeners) listener(event)
  }

  /** Those behind this id, the oldest first. */
  after(id: number): readonly AdminEvent[] {
    const first = this.#events.findLastIndex((event) => event.id <= id) + 1
    return this.#events.slice(Math.max(first, this.#events.length - MOST))
  }

  /** Whether something was forgotten that came behind this id. */
  hasForgotten(id: number): boolean {
    const oldest = this.#events.at(-Math.min(MOST, this.#events.length))
    return oldest !== undefined && oldest.id > this.#firstId && id > 0 && id < oldest.id - 1
  }

  get listeners(): number {
    return this.#listeners.size
  }

  /** Calls `listener` with all that happens until `ended` fires. */
  listen(listener: Listener, ended: AbortSignal): void {
    if (ended.aborted) return
    this.#listeners.add(listener)
    ended.addEventListener('abort', () => this.#listeners.delete(listener), { once: true })
  }
}
