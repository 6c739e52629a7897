import PQueue from 'p-queue'
import { isDeepStrictEqual } from 'node:util'
import type { HealthCheck, ProbeResult, ProbeTarget, ProbeTls } from './check.ts'
import { probeTcp } from './tcp-probe.ts'

/** Probes under way at a time; more would only take each other's time. */
const CONCURRENCY = 200

/** An endpoint that is to be probed. */
export interface Checked {
  readonly service: string
  readonly key: string
  readonly target: ProbeTarget
  readonly check: HealthCheck
  /** It is taken to be up, which decides when it is asked next. */
  readonly up: boolean
}

export interface Timers {
  set(callback: () => void, milliseconds: number): unknown
  clear(timer: unknown): void
}

export interface HealthChecksOptions {
  /** What TLS connections to endpoints of a service are opened with, now. */
  readonly tls: (service: string) => ProbeTls
  readonly report: (service: string, key: string, result: ProbeResult) => void
  /** Milliseconds of a clock that never jumps. */
  readonly now: () => number
  /** Numbers in [0, 1). */
  readonly random: () => number
  /** Default: the system's. */
  readonly timers?: Timers
  /** Default: by HTTP or TCP, as the check says. */
  readonly probe?: (
    target: ProbeTarget,
    check: HealthCheck,
    signal: AbortSignal,
    tls: ProbeTls,
  ) => Promise<ProbeResult>
}

interface Scheduled {
  checked: Checked
  /** Grows with every change of what is asked: an answer to an earlier question is none. */
  generation: number
  timer: unknown
  running: AbortController | undefined
  /** When the last probe began. */
  begunAt: number
}

/**
 * Probes endpoints, each at its interval, once for the whole process. A new endpoint is probed at once; what a change of
 * configuration leaves as it is goes on in its own time.
 */
export class HealthChecks {
  readonly #options: HealthChecksOptions
  readonly #timers: Timers
  readonly #queue = new PQueue({ concurrency: CONCURRENCY })
  readonly #scheduled = new Map<string, Scheduled>()

  constructor(options: HealthChecksOptions) {
    this.#options = options
    this.#timers = options.timers ?? SYSTEM_TIMERS
  }

  /** Endpoints that are probed now. */
  get size(): number {
    return this.#scheduled.size
  }

  /** Probes exactly these from now on. */
  use(all: Iterable<Checked>): void {
    const names = new Set<string>()
    for (const checked of all) {
      const name = nameOf(checked.service, checked.key)
      names.add(name)
      const scheduled = this.#scheduled.get(name)
      if (!scheduled) this.#add(name, checked)
      else if (sameQuestion(scheduled.checked, checked)) this.#keep(scheduled, checked)
      else this.#change(scheduled, checked)
    }
    for (const [name, scheduled] of this.#scheduled) {
      if (names.has(name)) continue
      this.#stop(scheduled)
      this.#scheduled.delete(name)
    }
  }

  /** Probes an endpoint now, unless a probe of it is under way. */
  probeNow(service: string, key: string): void {
    const scheduled = this.#scheduled.get(nameOf(service, key))
    if (scheduled && !scheduled.running) this.#schedule(scheduled, 0)
  }

  close(): void {
    this.use([])
  }

  #add(name: string, checked: Checked): void {
    const scheduled = { checked, generation: 0, timer: undefined, running: undefined, begunAt: 0 }
    this.#scheduled.set(name, scheduled)
    this.#begin(scheduled)
  }

  /** What was asked before is not waited for. */
  #change(scheduled: Scheduled, checked: Checked): void {
    this.#stop(scheduled)
    scheduled.checked = checked
    this.#begin(scheduled)
  }

  /** An endpoint that has gone down, or come up, is asked at the other interval from the last probe on. */
  #keep(scheduled: Scheduled, checked: Checked): void {
    const turned = scheduled.checked.up !== checked.up
    scheduled.checked = checked
    if (turned && !scheduled.running) this.#scheduleNext(scheduled)
  }

  #stop(scheduled: Scheduled): void {
    scheduled.generation++
    this.#timers.clear(scheduled.timer)
    scheduled.running?.abort()
    scheduled.running = undefined
  }

  #schedule(scheduled: Scheduled, milliseconds: number): void {
    this.#timers.clear(scheduled.timer)
    scheduled.timer = this.#timers.set(() => this.#begin(scheduled), milliseconds)
  }

  #scheduleNext(scheduled: Scheduled): void {
    const { check, up } = scheduled.checked
    const interval = up ? check.interval : check.unhealthyInterval
    const spread = 1 + ((this.#options.random() * 2 - 1) * check.jitter) / 100
    this.#schedule(scheduled, Math.max(0, scheduled.begunAt + interval * spread - this.#options.now()))
  }

  #begin(scheduled: Scheduled): void {
    const running = new AbortController()
    scheduled.running = running
    void this.#queue.add(() => this.#probe(scheduled, running))
  }

  async #probe(scheduled: Scheduled, running: AbortController): Promise<void> {
    if (running.signal.aborted) return
    const { generation } = scheduled
    const { service, key, target, check } = scheduled.checked
    scheduled.begunAt = this.#options.now()
    // A probe that hangs is a failed probe.
    const deadline = this.#timers.set(() => running.abort(), check.timeout)
    const probe = this.#options.probe ?? probeAs
    const result = await probe(target, check, running.signal, this.#options.tls(service))
    this.#timers.clear(deadline)
    if (scheduled.generation !== generation) return
    scheduled.running = undefined
    this.#scheduleNext(scheduled)
    this.#options.report(service, key, result)
  }
}

async function probeAs(
  target: ProbeTarget,
  { question }: HealthCheck,
  signal: AbortSignal,
  tls: ProbeTls,
): Promise<ProbeResult> {
  if (question.mode === 'tcp') return probeTcp(target, question, signal)
  // Only here: every start loads this file, and undici costs megabytes.
  const { probeHttp } = await import('./http-probe.ts')
  return probeHttp(target, question, tls, signal)
}

function sameQuestion(one: Checked, other: Checked): boolean {
  return (
    (one.check === other.check || isDeepStrictEqual(one.check, other.check)) &&
    (one.target === other.target || isDeepStrictEqual(one.target, other.target))
  )
}

function nameOf(service: string, key: string): string {
  return `${service}\n${key}`
}

const SYSTEM_TIMERS: Timers = {
  set: (callback, milliseconds) => setTimeout(callback, milliseconds).unref(),
  clear: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
}
