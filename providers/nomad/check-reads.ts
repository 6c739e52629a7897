import PQueue from 'p-queue'
import type { ProviderTools } from '../../src/discovery/provider.ts'
import type { Allocation, Check } from './answers.ts'
import { passingServices, verdictOf } from './health.ts'
import type { Examined, Verdict } from './health.ts'

export interface CheckReadsOptions {
  readonly read: (allocation: Allocation) => Promise<readonly Check[]>
  /** Milliseconds between two reads of an allocation whose checks pass. */
  readonly interval: number
  /** Called when a verdict may have become another, or a failure come or gone. */
  readonly onChange: () => void
  readonly tools: Pick<ProviderTools, 'signal' | 'monotonic' | 'sleep' | 'random'>
}

/** Reads at one time; each is passed on by the servers to the machine of the allocation. */
const CONCURRENT_READS = 8
/** The longest time between two reads while checks do not pass; milliseconds. */
const IMPATIENT = 1_000
/** An allocation without checks is asked again after so long: its job may be changed in place. */
const UNCHECKED_EVERY = 60_000
/** For so long a newcomer whose checks cannot be read is not served; milliseconds. */
const PATIENCE = 5_000
/** The longest time between two tries of what cannot be read; milliseconds. */
const LONGEST_REST = 30_000
/** The shortest time between two looks at what is due: what comes together is told together; milliseconds. */
const SHORTEST_REST = 20
const IDLE = 60_000

interface Examining extends Examined {
  readonly allocation: Allocation
  /** When it was seen first, on the clock that never jumps. */
  readonly since: number
  readonly due: number
  /** Why the last read failed, and how many in a row have. */
  readonly failure: unknown
  readonly failures: number
}

/**
 * Asks for the checks of allocations, again and again, since Nomad has no long poll for them. What passes is asked
 * in the interval, what does not yet at least once a second, what cannot be read ever more rarely.
 */
export class CheckReads {
  readonly #options: CheckReadsOptions
  readonly #known = new Map<string, Examining>()
  /** Ids of those that are being read, or wait for it. */
  readonly #asking = new Set<string>()
  readonly #queue = new PQueue({ concurrency: CONCURRENT_READS })
  #changed = false
  #added = Promise.withResolvers<void>()

  constructor(options: CheckReadsOptions) {
    this.#options = options
  }

  /** Why checks cannot be read, by allocation. */
  get failures(): ReadonlyMap<string, unknown> {
    const failing = [...this.#known].filter(([, { failure }]) => failure !== undefined)
    return new Map(failing.map(([id, { failure }]) => [id, failure]))
  }

  /** Some have not been read yet, and are still waited for. */
  get waiting(): boolean {
    return this.#known.values().some(isAwaited)
  }

  /** From now on the checks of these are read. */
  examine(allocations: readonly Allocation[]): void {
    const now = this.#options.tools.monotonic()
    const wanted = new Map(allocations.map((allocation) => [allocation.id, allocation]))
    for (const id of this.#known.keys()) if (!wanted.has(id)) this.#known.delete(id)
    for (const [id, allocation] of wanted) {
      const known = this.#known.get(id) ?? { ...UNREAD, allocation, since: now, due: now }
      const deployed = known.deployed || allocation.healthy === true
      const due = known.allocation.jobVersion === allocation.jobVersion ? known.due : now
      this.#known.set(id, { ...known, allocation, deployed, due })
    }
    this.#added.resolve()
  }

  verdict(allocation: string, service: string): Verdict {
    const known = this.#known.get(allocation)
    return known ? verdictOf(service, known) : 'unknown'
  }

  /** Works until the signal fires, and then rejects with its reason. */
  async run(): Promise<never> {
    const { tools, onChange } = this.#options
    for (;;) {
      this.#added = Promise.withResolvers()
      if (this.#changed) onChange()
      this.#changed = false
      const now = tools.monotonic()
      for (const [id, { due }] of this.#known) if (due <= now && !this.#asking.has(id)) this.#ask(id)
      await tools.sleep(SHORTEST_REST)
      const rest = this.#untilNext()
      if (rest > 0) await Promise.race([tools.sleep(rest), this.#added.promise])
      this.#losePatience()
    }
  }

  /** Milliseconds until something is due, or a newcomer is not waited for any more. */
  #untilNext(): number {
    const now = this.#options.tools.monotonic()
    let next = now + IDLE
    for (const [id, one] of this.#known) {
      if (!this.#asking.has(id)) next = Math.min(next, one.due)
      if (isAwaited(one)) next = Math.min(next, one.since + PATIENCE)
    }
    return next - now
  }

  /** Whoever's checks cannot be read in time is served as somebody without. */
  #losePatience(): void {
    const now = this.#options.tools.monotonic()
    for (const [id, one] of this.#known) {
      if (!isAwaited(one) || now - one.since < PATIENCE) continue
      this.#known.set(id, { ...one, overdue: true })
      this.#changed = true
    }
  }

  #ask(id: string): void {
    this.#asking.add(id)
    void this.#queue.add(() => this.#examine(id))
  }

  async #examine(id: string): Promise<void> {
    const { read, tools } = this.#options
    const asked = this.#known.get(id)
    const outcome = asked
      ? await read(asked.allocation).then(
          (checks) => ({ checks }),
          (failure: unknown) => ({ failure }),
        )
      : undefined
    this.#asking.delete(id)
    const known = this.#known.get(id)
    if (!known || !outcome || tools.signal.aborted) return
    const after =
      'checks' in outcome ? this.#passed(known, outcome.checks) : this.#failed(known, outcome.failure)
    this.#known.set(id, after)
    this.#changed ||= picture(known) !== picture(after)
    this.#added.resolve()
  }

  #passed(known: Examining, checks: readonly Check[]): Examining {
    const passed = new Set([...known.passed, ...passingServices(checks)])
    const due = this.#options.tools.monotonic() + this.#pause(checks)
    return { ...known, checks, passed, due, failure: undefined, failures: 0 }
  }

  /** What was known of it still holds. */
  #failed(known: Examining, failure: unknown): Examining {
    const now = this.#options.tools.monotonic()
    const failures = known.failures + 1
    const due = now + Math.min(LONGEST_REST, IMPATIENT * 2 ** Math.min(failures - 1, 10))
    return { ...known, failure, failures, due }
  }

  /** By chance a tenth more or less, so that they do not all come at once. */
  #pause(checks: readonly Check[]): number {
    const { interval, tools } = this.#options
    const passing = checks.every(({ status }) => status === 'success')
    const usual = passing ? interval : Math.min(interval, IMPATIENT)
    return (checks.length === 0 ? Math.max(interval, UNCHECKED_EVERY) : usual) * (0.9 + tools.random() * 0.2)
  }
}

function isAwaited({ checks, overdue }: Examining): boolean {
  return checks === undefined && !overdue
}

/** What a change of would be news. */
function picture({ checks, passed, overdue, failure }: Examining): string {
  return JSON.stringify([checks, passed.size, overdue, failure !== undefined])
}

const UNREAD = {
  checks: undefined,
  passed: new Set<string>(),
  deployed: false,
  overdue: false,
  failure: undefined,
  failures: 0,
}
