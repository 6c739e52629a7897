import { extname } from 'node:path'
import type { Server, Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import type { ResourceLimits } from 'node:worker_threads'
import type { WatchedEndpoint } from './data-plane-host.ts'
import type { InFlight } from './data-plane/service.ts'
import type { HeldAddress } from './held-address.ts'
import { PlanSender } from './plan-sender.ts'
import { SharedSlots } from './shared-slots.ts'
import type { FromWorker, ToWorker, WorkerData } from './worker-messages.ts'

export interface Answer {
  readonly error?: string
  /** It died before it had answered. */
  readonly gone?: boolean
  readonly inFlight?: InFlight
}

export interface WorkerThreadEvents {
  message(message: Exclude<FromWorker, { type: 'done' }>): void
  /** A plan could not be taken over; the worker serves on. */
  planFailed(message: string): void
  exited(reason: string): void
}

export interface WorkerThreadOptions {
  readonly id: number
  readonly data: WorkerData
  readonly resourceLimits: ResourceLimits
  /** Loaded in the thread before anything else. For tests. */
  readonly execArgv?: readonly string[]
}

type Asking = { [T in ToWorker['type']]: Omit<Extract<ToWorker, { type: T }>, 'id'> }[ToWorker['type']]

const GONE: Answer = { error: 'worker is gone', gone: true }

/** One worker as the control plane sees it: the questions to it that are still open, and the plan that it has. */
export class WorkerThread {
  readonly id: number
  readonly slot: number
  readonly startedAt = performance.now()
  readonly plans: PlanSender
  /** It serves the plan, and so may get connections. */
  ready = false
  readonly listensOn = new Set<HeldAddress>()
  /** Connections that were handed over to it. */
  handedOver = 0
  /** Connections that were accepted in its slot before its time. */
  readonly acceptedBefore: number
  readonly #worker: Worker
  readonly #open = new Map<number, (answer: Answer) => void>()
  #dead = false
  #nextId = 0
  #error: string | undefined = undefined

  constructor({ id, data, resourceLimits, execArgv }: WorkerThreadOptions, events: WorkerThreadEvents) {
    this.id = id
    this.slot = data.slot
    this.acceptedBefore = new SharedSlots(data.slots).stats(data.slot).accepted
    this.plans = new PlanSender(
      (delta, whole) => this.ask({ type: 'apply', delta, ...(whole && { whole }) }),
      (message) => events.planFailed(message),
    )
    const module = new URL(`./worker${extname(import.meta.filename)}`, import.meta.url)
    const options = { workerData: data, name: `tidegate-${id}`, resourceLimits }
    this.#worker = new Worker(module, { ...options, ...(execArgv && { execArgv: [...execArgv] }) })
    this.#worker.on('message', (message: FromWorker) => {
      if (message.type === 'done') this.#settle(message.id, message)
      else events.message(message)
    })
    this.#worker.on('error', (error: unknown) => (this.#error = reasonOf(error, resourceLimits)))
    this.#worker.once('exit', (code) => {
      this.#dead = true
      for (const open of this.#open.keys()) this.#settle(open, GONE)
      events.exited(this.#error ?? `it ended with exit code ${code}`)
    })
  }

  get dead(): boolean {
    return this.#dead
  }

  announceStop(): void {
    this.#post({ type: 'announceStop' })
  }

  answerPage(id: number, text: string): void {
    this.#post({ type: 'page', id, text })
  }

  watch(endpoints: readonly WatchedEndpoint[]): void {
    this.#post({ type: 'watch', endpoints })
  }

  /** The socket is the worker's from now on. */
  listen(entryPoint: string, server: Server): Promise<Answer> {
    return this.ask({ type: 'listen', entryPoint, server }, server)
  }

  /** Throws when the socket cannot be moved, because its client has closed it already. */
  handOver(entryPoint: string, socket: Socket): void {
    this.#post({ type: 'connection', entryPoint, socket }, socket)
    this.handedOver++
  }

  /** Resolves with the worker's answer, or with `gone` when it dies before it has answered. */
  ask(message: Asking, transferred?: Server): Promise<Answer> {
    if (this.#dead) return Promise.resolve(GONE)
    return new Promise((resolve) => {
      const id = this.#nextId++
      this.#open.set(id, resolve)
      this.#post({ ...message, id } as ToWorker, transferred)
    })
  }

  /** `reason`: what is said of its death. */
  async terminate(reason?: string): Promise<void> {
    this.#error ??= reason
    await this.#worker.terminate()
  }

  #post(message: ToWorker, transferred?: Server | Socket): void {
    // The types of Node 26 do not know yet that sockets can be moved.
    this.#worker.postMessage(message, transferred ? [transferred as unknown as ArrayBuffer] : [])
  }

  #settle(id: number, answer: Answer): void {
    this.#open.get(id)?.(answer)
    this.#open.delete(id)
  }
}

function reasonOf(error: unknown, { maxOldGenerationSizeMb }: ResourceLimits): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ERR_WORKER_OUT_OF_MEMORY')
    return `its heap reached its limit of ${maxOldGenerationSizeMb} MiB`
  return error.stack ?? error.message
}
