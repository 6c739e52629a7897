import type { Problem } from '../../config/problem.ts'
import { complain } from '../../discovery/complaint.ts'
import { resourceName } from '../../discovery/resource.ts'
import type { ResolvedTransport } from '../../discovery/routing-config.ts'
import { lookAt } from '../certificates/pem-files.ts'
import type { TransportPlan } from '../plan.ts'
import { filesOf, readTransport, untrusting } from './transport-plan.ts'

/** Milliseconds between two looks at the files; a change is read when it has come to rest, at the look after it. */
const LOOK_EVERY = 500

type Definitions = ReadonlyMap<string, ResolvedTransport>

interface Entry {
  readonly definition: ResolvedTransport
  /** How the files looked at the last look; undefined before the first. */
  seen: string | undefined
  /** How they looked when they were read. */
  read: string | undefined
  /** What is served: the last that was good. */
  plan: TransportPlan
  good: boolean
  problem: Problem | undefined
  /** It has been read, well or badly. */
  done: boolean
}

/**
 * The servers transports of all definitions, whose files are read here and followed, as those of certificates are:
 * what cannot be read leaves what was read before in place. Workers get what is read, and never a path.
 */
export class TransportStore {
  readonly #onChange: () => void
  readonly #entries = new Map<string, Entry>()
  #plans: ReadonlyMap<string, TransportPlan> = new Map()
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<boolean> = Promise.resolve(false)
  #closed = false

  /** `onChange` is called when files have changed what is to be served. */
  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  /** Whether `use` has something to do before `plans` is complete. */
  needed(definitions: Definitions): boolean {
    return (
      definitions.size !== this.#entries.size ||
      [...this.#entries.values()].some(({ done }) => !done) ||
      [...definitions].some(([name, definition]) => this.#entries.get(name)?.definition !== definition)
    )
  }

  /** Takes these definitions over and reads the files of those that are new. Never rejects: what fails is a problem. */
  async use(definitions: Definitions): Promise<void> {
    for (const name of this.#entries.keys()) if (!definitions.has(name)) this.#entries.delete(name)
    for (const [name, definition] of definitions) {
      const before = this.#entries.get(name)
      if (before?.definition !== definition) this.#entries.set(name, entryOf(definition, before))
    }
    await this.#look(true)
    this.#arm()
  }

  /** Reads everything anew, whatever the file system says about it (SIGHUP). */
  forget(): void {
    for (const entry of this.#entries.values()) entry.read = undefined
    void this.#look(true).then((changed) => changed && !this.#closed && this.#onChange())
  }

  get problems(): readonly Problem[] {
    return [...this.#entries.values()].flatMap(({ problem }) => problem ?? [])
  }

  /** By name. The same object while nothing has changed. */
  plans(): ReadonlyMap<string, TransportPlan> {
    const plans = new Map([...this.#entries].map(([name, { plan }]) => [name, plan]))
    const same =
      plans.size === this.#plans.size && [...plans].every(([name, plan]) => this.#plans.get(name) === plan)
    if (!same) this.#plans = plans
    return this.#plans
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  #arm(): void {
    clearTimeout(this.#timer)
    if (this.#closed || ![...this.#entries.values()].some(hasFiles)) return
    this.#timer = setTimeout(() => void this.#tick(), LOOK_EVERY)
    this.#timer.unref()
  }

  async #tick(): Promise<void> {
    const changed = await this.#look(false)
    if (this.#closed) return
    if (changed) this.#onChange()
    this.#arm()
  }

  /** One look after the other. True when something else is to be served, or listed, than before. */
  #look(atOnce: boolean): Promise<boolean> {
    this.#looking = this.#looking.then(async () => {
      const changes = await Promise.all(
        [...this.#entries].map(([name, entry]) => lookAtOne(name, entry, atOnce)),
      )
      return changes.includes(true)
    })
    return this.#looking
  }
}

function hasFiles({ definition }: Entry): boolean {
  return filesOf(definition.config).length > 0
}

function entryOf(definition: ResolvedTransport, before: Entry | undefined): Entry {
  const good = before?.good === true
  const plan = good ? before.plan : untrusting(definition.config)
  return { definition, seen: undefined, read: undefined, plan, good, problem: undefined, done: false }
}

/** Files are written one after the other: between them a certificate and its key are no pair. */
async function lookAtOne(name: string, entry: Entry, atOnce: boolean): Promise<boolean> {
  const mark = (await Promise.all(filesOf(entry.definition.config).map(lookAt))).join('|')
  const settled = atOnce || entry.seen === mark
  entry.seen = mark
  if (!settled || entry.read === mark) return false
  entry.read = mark
  const before = { plan: entry.plan, message: entry.problem?.message }
  try {
    entry.plan = await readTransport(entry.definition.config)
    entry.good = true
    entry.problem = undefined
  } catch (error) {
    entry.problem = unreadable(name, entry, error)
  }
  entry.done = true
  return before.plan !== entry.plan || before.message !== entry.problem?.message
}

function unreadable(name: string, { definition, good }: Entry, error: unknown): Problem {
  const reason = error instanceof Error ? error.message : String(error)
  const then = good
    ? 'what it was before stays in use'
    : 'until then no certificate of an endpoint is trusted'
  const resource = resourceName('serversTransports', name)
  return complain({
    code: 'E223',
    origin: definition.origin,
    resource,
    message: `${resource} cannot be used: ${reason}; ${then}`,
    remedy: 'correct the files; they are read again when they change',
  })
}
