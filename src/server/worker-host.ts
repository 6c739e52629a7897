import type { Server } from 'node:net'
import type { ResourceLimits } from 'node:worker_threads'
import { forgetConnections } from './connection-gate.ts'
import { ConnectionSharer } from './connection-sharer.ts'
import type { DataPlaneHost, HostEvents, ThreadStats, WatchedEndpoint } from './data-plane-host.ts'
import type { InFlight } from './data-plane/service.ts'
import type { WorkerSettings } from './entry-point-settings.ts'
import type { HeldAddress } from './held-address.ts'
import { EMPTY_PLAN } from './plan-delta.ts'
import type { Plan, PlanDelta } from './plan.ts'
import { SharedSlots } from './shared-slots.ts'
import { workerLimits } from './worker-memory.ts'
import type { FromWorker } from './worker-messages.ts'
import { WorkerThread } from './worker-thread.ts'
import { WorkerWatch } from './worker-watch.ts'

/** Milliseconds before a dead worker is replaced: doubled each time, from the first to the last. */
const RESPAWN_MS = { first: 100, last: 10_000 }
/** Milliseconds of service after which a worker counts as healthy again. */
const HEALTHY_MS = 30_000

export interface WorkerHostOptions {
  readonly workers: number
  readonly settings: WorkerSettings
  /** Default: by this machine's memory. */
  readonly resourceLimits?: ResourceLimits
  /** Accept in this thread and hand connections over, even where workers could listen themselves. */
  readonly handOver?: boolean
  /** Flags of Node for workers. For tests. */
  readonly execArgv?: readonly string[]
}

/**
 * The data plane in worker threads, each with an event loop of its own. Each listens by itself where the system can
 * spread connections over sockets; where it cannot, or the socket is inherited, this thread accepts and hands over.
 * A dead worker is replaced by one that gets the whole plan, drains included, and then its slot and listeners.
 */
export class WorkerHost implements DataPlaneHost {
  readonly #options: WorkerHostOptions
  readonly #events: HostEvents
  readonly #limits: ResourceLimits
  readonly #slots: SharedSlots
  /** By slot; a dead one leaves its place empty until it is replaced. */
  readonly #threads = new Map<number, WorkerThread>()
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #sharer: ConnectionSharer
  readonly #watch: WorkerWatch | undefined
  #shared: HeldAddress[] = []
  #plan: Plan = EMPTY_PLAN
  #closing = false
  #next = 0

  constructor(options: WorkerHostOptions, events: HostEvents) {
    this.#options = options
    this.#events = events
    this.#limits = options.resourceLimits ?? workerLimits(options.workers)
    this.#slots = new SharedSlots(options.workers)
    this.#sharer = new ConnectionSharer(this.#slots)
    this.#watch = this.#openWatch()
    for (let slot = 0; slot < options.workers; slot++) this.#spawn(slot, RESPAWN_MS.first).ready = true
  }

  get workers(): readonly number[] {
    return [...this.#threads.values()].map(({ id }) => id)
  }

  async apply(delta: PlanDelta, plan: Plan): Promise<void> {
    this.#plan = plan
    await this.#all((thread) => thread.plans.send(plan, delta))
  }

  async listen(addresses: readonly HeldAddress[]): Promise<void> {
    for (const held of addresses) {
      const servers = this.#options.handOver ? undefined : await held.share(this.#options.workers)
      if (servers) {
        this.#shared.push(held)
        await Promise.all(this.#ready.map((thread) => this.#give(thread, held, servers[thread.slot])))
        // Those of workers that died meanwhile: nobody would ever accept what the kernel puts there.
        for (const server of servers) server.close()
      } else
        this.#sharer.add(await held.open((socket) => this.#sharer.share(held.address.entryPoint, socket)))
    }
    for (const thread of this.#ready) this.#sharer.serve(thread)
  }

  watch(endpoints: readonly WatchedEndpoint[]): void {
    for (const thread of this.#threads.values()) thread.watch(endpoints)
  }

  stats(): readonly ThreadStats[] {
    return Array.from({ length: this.#slots.size }, (_, slot) => {
      const thread = this.#threads.get(slot)
      return { ...this.#slots.stats(slot), worker: thread?.id, version: thread?.plans.version ?? 0 }
    })
  }

  async inFlight(): Promise<readonly InFlight[]> {
    const answers = await this.#all((thread) => thread.ask({ type: 'inFlight' }))
    return answers.flatMap(({ inFlight }) => (inFlight ? [inFlight] : []))
  }

  announceStop(): void {
    for (const thread of this.#threads.values()) thread.announceStop()
  }

  async stop(idleFor: number): Promise<void> {
    this.#closing = true
    // What was accepted here is on its way to a worker before that is told to stop.
    await this.#sharer.close()
    await this.#all((thread) => thread.ask({ type: 'stop', idleFor }))
  }

  async close(): Promise<void> {
    this.#closing = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#watch?.close()
    await this.#sharer.close()
    await this.#all((thread) => thread.terminate())
  }

  /** What can block a worker is somebody else's code. */
  #openWatch(): WorkerWatch | undefined {
    const { plugins = [] } = this.#options.settings
    if (plugins.length === 0) return undefined
    const names = plugins.map(({ name }) => name)
    return new WorkerWatch(this.#slots, names, {
      silent: (slot, message) => this.#events.failed(`worker ${this.#threads.get(slot)?.id}`, message),
      hopeless: (slot, plugin) =>
        void this.#threads.get(slot)?.terminate(`the plugin \`${plugin}\` would not let go of it`),
    })
  }

  #all<T>(ask: (thread: WorkerThread) => Promise<T>): Promise<T[]> {
    return Promise.all([...this.#threads.values()].map(ask))
  }

  #spawn(slot: number, delay: number): WorkerThread {
    const { settings, execArgv } = this.#options
    const id = this.#next++
    const data = { settings, slots: this.#slots.buffer, slot }
    const thread = new WorkerThread(
      { id, data, resourceLimits: this.#limits, ...(execArgv && { execArgv }) },
      {
        message: (message) => this.#onMessage(thread, message),
        planFailed: (message) => this.#events.failed(`worker ${id}`, message),
        exited: (reason) => this.#onExit(thread, reason, delay),
      },
    )
    this.#threads.set(slot, thread)
    return thread
  }

  /** Its connections went with it. */
  #onExit(thread: WorkerThread, reason: string, delay: number): void {
    const { id, slot, startedAt } = thread
    this.#threads.delete(slot)
    this.#sharer.delete(thread)
    this.#slots.zeroGauges(slot)
    for (const { caps } of this.#options.settings.entryPoints) if (caps) forgetConnections(caps, slot)
    if (this.#closing) return
    this.#events.died(id, reason, slot)
    const healthy = performance.now() - startedAt > HEALTHY_MS
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      void this.#replace(slot, healthy ? RESPAWN_MS.first : Math.min(RESPAWN_MS.last, delay * 2))
    }, delay)
    this.#timers.add(timer)
  }

  /** A new worker gets the whole plan before it gets connections. */
  async #replace(slot: number, delay: number): Promise<void> {
    if (this.#closing) return
    const thread = this.#spawn(slot, delay)
    await thread.plans.send(this.#plan)
    thread.ready = true
    try {
      for (const held of this.#shared) await this.#give(thread, held)
      if (!thread.dead && !this.#closing) this.#sharer.serve(thread)
    } catch (error) {
      this.#events.failed(`worker ${thread.id}`, `it cannot listen: ${(error as Error).message}`)
      await thread.terminate()
    }
  }

  /** Has the worker listen, unless it does already. */
  async #give(thread: WorkerThread, held: HeldAddress, server?: Server): Promise<void> {
    if (thread.dead || this.#closing || thread.listensOn.has(held)) return
    thread.listensOn.add(held)
    const { error, gone } = await thread.listen(held.address.entryPoint, server ?? (await held.another()))
    if (error !== undefined && !gone) throw new Error(error)
  }

  get #ready(): WorkerThread[] {
    return [...this.#threads.values()].filter(({ ready }) => ready)
  }

  #onMessage(thread: WorkerThread, message: Exclude<FromWorker, { type: 'done' }>): void {
    const { id } = thread
    if (message.type === 'drained')
      this.#events.drained(id, message.service, message.endpoint, message.version)
    else if (message.type === 'outcomes') this.#events.outcomes(message.reports)
    else if (message.type === 'meters') this.#events.meters(id, message.news)
    else if (message.type === 'page') thread.answerPage(message.id, this.#events.metricsPage())
    else if (message.type === 'accessLog') this.#events.accessLog(message.lines)
    else this.#events.failed(message.where, message.message)
  }
}
