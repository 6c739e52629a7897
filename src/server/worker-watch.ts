import { GAUGE } from './shared-slots.ts'
import type { SharedSlots } from './shared-slots.ts'

/** Milliseconds between two looks. */
const LOOK_MS = 250
/** Milliseconds without a sign of life that are worth a word. */
const SILENT_MS = 1_000
/** Milliseconds for which a plug-in may hold a worker: then that is replaced. */
const HOPELESS_MS = 30_000

export interface WatchEvents {
  /** The thread of this slot has given no sign of life for so long, and what was seen of plug-ins in it. */
  silent(slot: number, message: string): void
  /** A plug-in will not let go of it. */
  hopeless(slot: number, plugin: string): void
}

interface Seen {
  beat: number
  /** When that was first seen. */
  since: number
  reported: boolean
}

/**
 * Looks after worker threads that run private plug-ins: each gives a sign of life ten times a second in shared memory,
 * and says there which plug-in it is running. What blocks a thread is found out without asking it.
 */
export class WorkerWatch {
  readonly #slots: SharedSlots
  readonly #plugins: readonly string[]
  readonly #events: WatchEvents
  readonly #seen = new Map<number, Seen>()
  readonly #timer: NodeJS.Timeout

  /** `plugins`: names in the order that the threads know. */
  constructor(slots: SharedSlots, plugins: readonly string[], events: WatchEvents) {
    this.#slots = slots
    this.#plugins = plugins
    this.#events = events
    this.#timer = setInterval(() => this.look(performance.now()), LOOK_MS)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** `now` in milliseconds of a clock that never jumps. */
  look(now: number): void {
    for (let slot = 0; slot < this.#slots.size; slot++) this.#lookAt(slot, now)
  }

  #lookAt(slot: number, now: number): void {
    const { gauges } = this.#slots.slot(slot)
    const beat = Atomics.load(gauges, GAUGE.beat)
    const seen = this.#seen.get(slot)
    if (seen?.beat !== beat) {
      if (seen?.reported) this.#events.silent(slot, `it answers again, after ${seconds(now - seen.since)}`)
      this.#seen.set(slot, { beat, since: now, reported: false })
      return
    }
    // It has not begun to serve, or is dead.
    if (beat === 0) return
    const plugin = this.#plugins[Atomics.load(gauges, GAUGE.plugin) - 1]
    const silent = now - seen.since
    if (silent >= HOPELESS_MS && plugin !== undefined) {
      this.#seen.delete(slot)
      this.#events.hopeless(slot, plugin)
    } else if (silent >= SILENT_MS && !seen.reported) this.#report(slot, seen, silent, plugin)
  }

  #report(slot: number, seen: Seen, silent: number, plugin: string | undefined): void {
    const { gauges } = this.#slots.slot(slot)
    const last = this.#plugins[Atomics.load(gauges, GAUGE.lastPlugin) - 1]
    const suspected = last !== undefined && Atomics.load(gauges, GAUGE.pluginCalls) > 0
    if (plugin === undefined && !suspected) return
    seen.reported = true
    this.#events.silent(
      slot,
      plugin === undefined
        ? `it has not answered for ${seconds(silent)}; the plugin \`${last}\` has requests under way there, and may hold it`
        : `it has not answered for ${seconds(silent)}: the plugin \`${plugin}\` holds it`,
    )
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`
}
