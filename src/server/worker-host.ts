import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { DataPlaneHost, HostEvents } from './data-plane-host.ts'
import type { DataPlaneStats } from './data-plane.ts'
import type { WorkerSettings } from './entry-point-settings.ts'
import type { ListenAddress } from './listener.ts'
import { fullDelta } from './plan-delta.ts'
import type { Plan, PlanDelta } from './plan.ts'
import type { FromWorker, ToWorker, WorkerData } from './worker-messages.ts'

/** Milliseconds before a dead worker is replaced: doubled each time, from the first to the last. */
const RESPAWN_MS = { first: 100, last: 10_000 }
/** Milliseconds of service after which a worker counts as healthy again. */
const HEALTHY_MS = 30_000

type Answer = { readonly error?: string; readonly stats?: DataPlaneStats }
type Asking = { [T in ToWorker['type']]: Omit<Extract<ToWorker, { type: T }>, 'id'> }[Exclude<
  ToWorker['type'],
  'announceStop'
>]

/** The data plane in worker threads, each with its own event loop and listeners. A dead one is replaced. */
export class WorkerHost implements DataPlaneHost {
  readonly #settings: WorkerSettings
  readonly #events: HostEvents
  readonly #threads = new Map<number, Thread>()
  #plan: Plan | undefined = undefined
  #addresses: readonly ListenAddress[] = []
  #closing = false
  #next = 0

  constructor(count: number, settings: WorkerSettings, events: HostEvents) {
    this.#settings = settings
    this.#events = events
    for (let i = 0; i < count; i++) this.#spawn(RESPAWN_MS.first)
  }

  get workers(): readonly number[] {
    return [...this.#threads.keys()]
  }

  async apply(delta: PlanDelta, plan: Plan): Promise<void> {
    this.#plan = plan
    await this.#all((thread) => this.#applyTo(thread, delta))
  }

  async listen(addresses: readonly ListenAddress[]): Promise<void> {
    this.#addresses = addresses
    await this.#all((thread) => thread.ask({ type: 'listen', addresses }))
  }

  async stats(): Promise<readonly DataPlaneStats[]> {
    const answers = await Promise.all(
      [...this.#threads.values()].map((thread) => thread.ask({ type: 'stats' })),
    )
    return answers.flatMap(({ stats }) => (stats ? [stats] : []))
  }

  announceStop(): void {
    for (const thread of this.#threads.values()) thread.tell({ type: 'announceStop' })
  }

  async stop(): Promise<void> {
    this.#closing = true
    await this.#all((thread) => thread.ask({ type: 'stop' }))
  }

  async close(): Promise<void> {
    this.#closing = true
    await Promise.all([...this.#threads.values()].map((thread) => thread.worker.terminate()))
  }

  async #all(ask: (thread: Thread) => Promise<Answer>): Promise<void> {
    await Promise.all([...this.#threads.values()].map(ask))
  }

  /** A worker that is not where the change begins gets the whole plan. */
  async #applyTo(thread: Thread, delta: PlanDelta): Promise<Answer> {
    const answer = await thread.ask({ type: 'apply', delta })
    if (answer.error !== undefined && !thread.dead) {
      this.#events.failed(`worker ${thread.id}`, answer.error)
      // A worker that could not follow is in no known state: it is replaced by one that gets the whole plan.
      void thread.worker.terminate()
    }
    return answer
  }

  #spawn(delay: number): void {
    const id = this.#next++
    const data: WorkerData = { settings: this.#settings }
    const worker = new Worker(new URL(`./worker${extname(import.meta.filename)}`, import.meta.url), {
      workerData: data,
      name: `tidegate-${id}`,
    })
    const thread = new Thread(id, worker, (message) => this.#onMessage(id, message))
    this.#threads.set(id, thread)
    const startedAt = performance.now()
    worker.once('exit', (code) => {
      const reason = thread.ended(code)
      this.#threads.delete(id)
      if (this.#closing) return
      this.#events.died(id, reason)
      const healthy = performance.now() - startedAt > HEALTHY_MS
      setTimeout(
        () => void this.#replace(healthy ? RESPAWN_MS.first : Math.min(RESPAWN_MS.last, delay * 2)),
        delay,
      )
    })
  }

  /** A new worker gets the whole plan before it listens. */
  async #replace(delay: number): Promise<void> {
    if (this.#closing) return
    this.#spawn(delay)
    const thread = [...this.#threads.values()].at(-1)!
    if (this.#plan) await thread.ask({ type: 'apply', delta: fullDelta(this.#plan) })
    const { error } = await thread.ask({ type: 'listen', addresses: this.#addresses })
    if (error !== undefined) {
      this.#events.failed(`worker ${thread.id}`, error)
      void thread.worker.terminate()
    }
  }

  #onMessage(id: number, message: FromWorker): void {
    if (message.type === 'drained')
      this.#events.drained(id, message.service, message.endpoint, message.version)
    else if (message.type === 'accessLog') this.#events.accessLog(message.lines)
    else if (message.type === 'failed') this.#events.failed(message.where, message.message)
  }
}

/** One worker and the questions to it that are still open. */
class Thread {
  readonly id: number
  readonly worker: Worker
  dead = false
  readonly #open = new Map<number, (answer: Answer) => void>()
  #nextId = 0
  #error: string | undefined = undefined

  constructor(id: number, worker: Worker, onMessage: (message: FromWorker) => void) {
    this.id = id
    this.worker = worker
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'done') this.#settle(message.id, message)
      else onMessage(message)
    })
    worker.on(
      'error',
      (error: unknown) =>
        (this.#error = error instanceof Error ? (error.stack ?? error.message) : String(error)),
    )
  }

  tell(message: ToWorker): void {
    this.worker.postMessage(message)
  }

  /** Resolves with the worker's answer, or with an error when it dies before it has answered. */
  ask(message: Asking): Promise<Answer> {
    if (this.dead) return Promise.resolve({ error: 'worker is gone' })
    return new Promise((resolve) => {
      const id = this.#nextId++
      this.#open.set(id, resolve)
      this.worker.postMessage({ ...message, id })
    })
  }

  /** The worker has ended; gives the reason. */
  ended(code: number): string {
    this.dead = true
    for (const id of this.#open.keys()) this.#settle(id, { error: 'worker is gone' })
    return this.#error ?? `exit code ${code}`
  }

  #settle(id: number, answer: Answer): void {
    this.#open.get(id)?.(answer)
    this.#open.delete(id)
  }
}
