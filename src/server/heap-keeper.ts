import { runInNewContext } from 'node:vm'
import { setFlagsFromString } from 'node:v8'

const MIB = 2 ** 20
/** Milliseconds without a change before the heap is looked at. */
const QUIET_MS = 1_000
/** What may lie about: a collection of less is not worth its time. */
const SLACK = { share: 0.5, least: 16 * MIB }

/**
 * Has garbage collected when a large change has left much of it. V8 waits until the heap has grown to a multiple of
 * what lives, which for a control plane that rests between changes means never: with 10,000 routers of five endpoints
 * each, 50 MiB stay taken. What is done is what V8 does before it gives up: it also moves what lives together, or half
 * of that memory would stay with the process. It takes some hundred milliseconds of the control plane's time then, and
 * no worker's.
 */
export class HeapKeeper {
  readonly #used: () => number
  readonly #collect: () => void
  #timer: NodeJS.Timeout | undefined
  #kept: number

  /** `used`: bytes of the heap that are taken now. */
  constructor(used = () => process.memoryUsage().heapUsed, collect: () => void = collectGarbage()) {
    this.#used = used
    this.#collect = collect
    this.#kept = used()
  }

  /** A change has been worked in; more may follow at once. */
  changed(): void {
    this.#timer ??= setTimeout(() => this.#look(), QUIET_MS).unref()
    this.#timer.refresh()
  }

  #look(): void {
    if (this.#used() - this.#kept < Math.max(SLACK.least, this.#kept * SLACK.share)) return
    this.#collect()
    this.#kept = this.#used()
  }
}

type Collect = (how: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void

/** Taken from a context of its own, so that nothing else sees what Node hides behind a flag. */
function collectGarbage(): () => void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as Collect
  setFlagsFromString('--no-expose-gc')
  return () => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
