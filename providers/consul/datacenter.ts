import PQueue from 'p-queue'
import type { Problem } from '../../src/config/problem.ts'
import type { ProviderTools, Update } from '../../src/discovery/provider.ts'
import type { Check, Entry } from './answers.ts'
import { backoff } from './backoff.ts'
import type { ChecksPicture } from './catalog-changes.ts'
import { changedChecks, changedServices, pictureOf } from './catalog-changes.ts'
import type { Answer, ConsulClient } from './client.ts'
import type { Connection } from './connection.ts'
import { toProblem } from './failures.ts'
import type { InstanceOptions } from './instance.ts'
import { toInstance } from './instance.ts'
import { hiddenInstances, leftOutProxies, noServices, unprovedAbsence } from './notices.ts'
import type { News } from './poll.ts'
import { pollForever } from './poll.ts'
import { Presence } from './presence.ts'
import { ReadSchedule } from './read-schedule.ts'

export interface DatacenterOptions extends InstanceOptions {
  /** As asked for; undefined: the agent's own. */
  readonly name: string | undefined
  readonly client: ConsulClient
  readonly connection: Connection
  readonly tools: ProviderTools
  readonly publish: (update: Update) => void
  /** Milliseconds of a long poll, or, without watching, between two readings. */
  readonly watch: { readonly wait: number } | { readonly every: number }
  /** Answers may lag behind what woke us (`stale`, `cache`). */
  readonly lagging: boolean
  /** What is wrong with the options. */
  readonly notes: readonly Problem[]
}

/** Reads of services at one time. */
const CONCURRENT_READS = 8
/** A reading of everything, whether or not anything points to a change; milliseconds. */
const FULL_READ_EVERY = 300_000
const EXPIRY_EVERY = 30_000
/** After this, an answer that lagged behind is asked for again; milliseconds. */
const LAG = 1_000

/** Every Consul has a service of this name, the servers themselves: it tells one catalog from another. */
const ANCHOR = 'consul'

/**
 * Keeps the picture of one datacenter. Two long polls tell that something has changed: the list of services (who
 * has come and gone, whose tags are others) and the list of all checks (whose health is another). Then only the
 * services are read that may be meant.
 */
export class Datacenter {
  readonly #options: DatacenterOptions
  readonly #presence = new Presence()
  readonly #schedule: ReadSchedule
  readonly #reads = new PQueue({ concurrency: CONCURRENT_READS })
  /** Why a poll fails now, by what it asks for. */
  readonly #failing = new Map<string, Problem>()
  /** Services that could not be read when last tried. */
  readonly #unread = new Map<string, Problem>()
  readonly #proxies = new Map<string, number>()
  #services: ReadonlyMap<string, readonly string[]> | undefined
  #checks: ChecksPicture | undefined
  /** Of the servers: which catalog this is. */
  #anchor: ReadonlySet<string> = new Set()
  /** Every listed service has been tried, so that the picture is whole. */
  #complete = false
  /** The next picture is news even when it is the same, since a failure was told last. */
  #healing = false
  #published = ''
  #retries = 0
  #retrying = false

  constructor(options: DatacenterOptions) {
    this.#options = options
    this.#schedule = new ReadSchedule(options.tools)
  }

  /** Works until the signal fires, and then rejects with its reason. */
  async run(): Promise<void> {
    this.#options.tools.onRefresh(() => this.#readAll())
    await Promise.all([...this.#polls(), this.#readForever(), this.#lookAfterForever()])
  }

  #polls(): Promise<never>[] {
    const { client, tools, watch } = this.#options
    const services = {
      read: client.services.bind(client),
      onAnswer: this.#servicesRead.bind(this),
      onFailure: (error: unknown) => this.#pollFailed('the list of services', error),
      tools,
    }
    if ('every' in watch) {
      this.#checks = pictureOf([])
      return [pollForever({ ...services, pause: () => this.#untilNextReading(watch.every) })]
    }
    const checks = {
      read: client.checks.bind(client),
      onAnswer: this.#checksRead.bind(this),
      onFailure: (error: unknown) => this.#pollFailed('the list of checks', error),
      tools,
    }
    return [pollForever({ ...services, wait: watch.wait }), pollForever({ ...checks, wait: watch.wait })]
  }

  /** By chance a tenth more or less, so that many routers do not ask at once. */
  async #untilNextReading(every: number): Promise<void> {
    const { tools } = this.#options
    await tools.sleep(every * (0.9 + tools.random() * 0.2))
  }

  async #servicesRead({ value, index }: Answer<Map<string, readonly string[]>>, news: News): Promise<void> {
    void index
    if (news.recovered) await this.#recognizeCatalog()
    if (news.wentBack) this.#presence.startEpoch()
    const before = this.#services ?? new Map<string, readonly string[]>()
    this.#services = value
    this.#pollWorks('the list of services')
    this.#settleUnlisted(value)
    this.#planReads(before, value, news)
    if (value.size === 0 && this.#checks) this.#complete = true
    this.#publish()
  }

  #planReads(
    before: ReadonlyMap<string, readonly string[]>,
    after: ReadonlyMap<string, readonly string[]>,
    news: News,
  ): void {
    if (news.recovered || news.wentBack || 'every' in this.#options.watch) return this.#readAll()
    if (!news.moved) return
    // The list does not show an instance that comes to others of its service with the same tags, nor a new port.
    // Where instances have no checks, no other list shows it either: those come first.
    this.#readNow([...changedServices(before, after), ...this.#presence.uncheckedServices()])
    this.#schedule.addBackground(after.keys())
  }

  #checksRead({ value }: Answer<Check[]>, { recovered, wentBack }: News): void {
    const before = this.#checks
    const after = pictureOf(value)
    if (wentBack) this.#presence.startEpoch()
    this.#checks = after
    this.#pollWorks('the list of checks')
    if (!before || recovered || wentBack) return this.#readAll()
    const { services, nodes } = changedChecks(before, after)
    this.#readNow([...services, ...this.#presence.servicesOn(nodes)])
  }

  #readAll(): void {
    this.#schedule.addUrgent(this.#services?.keys() ?? [])
  }

  #readNow(names: readonly string[]): void {
    const { lagging, tools } = this.#options
    const listed = names.filter((name) => this.#services?.has(name))
    this.#schedule.addUrgent(listed)
    if (!lagging || listed.length === 0) return
    void tools.sleep(LAG).then(
      () => this.#schedule.addUrgent(listed),
      () => undefined,
    )
  }

  /** A service that a sound list leaves out is gone. A list of nothing at all proves nothing: a token may have lost its rights. */
  #settleUnlisted(listed: ReadonlyMap<string, readonly string[]>): void {
    const now = this.#options.tools.now()
    for (const name of this.#presence.serviceNames) {
      if (!listed.has(name)) this.#presence.settle(name, [], listed.size > 0, now)
    }
    for (const name of [...this.#unread.keys(), ...this.#proxies.keys()]) {
      if (!listed.has(name)) this.#unread.delete(name)
      if (!listed.has(name)) this.#proxies.delete(name)
    }
  }

  /** After a failure the agent may be another, or have come back empty and caught up with the old index. */
  async #recognizeCatalog(): Promise<void> {
    const { value } = await this.#options.client.entries(ANCHOR)
    const anchor = new Set(value.map(({ nodeId, createIndex }) => `${nodeId} ${createIndex}`))
    if (anchor.isDisjointFrom(this.#anchor)) this.#presence.startEpoch()
    this.#anchor = anchor
  }

  #pollWorks(what: string): void {
    this.#failing.delete(what)
  }

  #pollFailed(what: string, error: unknown): void {
    const failure = this.#problem(error, what)
    this.#failing.set(what, failure)
    this.#healing = true
    this.#options.publish({ part: this.#part, failure })
  }

  async #readForever(): Promise<never> {
    const { tools } = this.#options
    for (;;) {
      const names = await this.#schedule.next()
      const started = tools.now()
      const readable = await Promise.all(names.map((name) => this.#reads.add(() => this.#readService(name))))
      tools.signal.throwIfAborted()
      this.#schedule.tookTime(tools.now() - started)
      if (this.#services && this.#checks && !this.#schedule.urgentLeft) this.#complete = true
      this.#retryUnread()
      // While nothing at all can be read, a picture would only hide that.
      if (readable.includes(true) || this.#failing.size === 0) this.#publish()
    }
  }

  /** Whether it could be read. */
  async #readService(name: string): Promise<boolean> {
    const { client, tools } = this.#options
    try {
      const { value } = await client.entries(name)
      this.#settleService(name, value)
      return true
    } catch (error) {
      tools.signal.throwIfAborted()
      this.#unread.set(
        name,
        this.#problem(error, `the instances of ${JSON.stringify(name)}`, `service ${name}`),
      )
      return false
    }
  }

  #settleService(name: string, entries: readonly Entry[]): void {
    this.#unread.delete(name)
    // It has left the list while it was read; that list is newer.
    if (!this.#services?.has(name)) return
    // The agent takes names whatever their case; of two services that differ in case only, each is read by itself.
    const own = entries.filter(({ service }) => service === name)
    const ordinary = own.filter(({ kind }) => kind === '')
    this.#proxies.set(name, own.length - ordinary.length)
    const shown = ordinary.map((entry) => ({
      instance: toInstance(entry, this.#options),
      node: entry.node,
      checked: entry.checks.some(({ serviceId }) => serviceId !== ''),
    }))
    // Listed, and yet without any instance: a token that may not read nodes sees this. The list itself will tell.
    this.#presence.settle(name, shown, own.length > 0, this.#options.tools.now())
  }

  /** One task for all, so that a thousand failures do not mean a thousand timers. */
  #retryUnread(): void {
    const { tools } = this.#options
    if (this.#unread.size === 0) this.#retries = 0
    if (this.#unread.size === 0 || this.#retrying) return
    this.#retrying = true
    const again = (): void => {
      this.#retrying = false
      this.#schedule.addUrgent(this.#unread.keys())
    }
    void tools.sleep(backoff(++this.#retries, tools.random)).then(again, () => undefined)
  }

  async #lookAfterForever(): Promise<never> {
    const { tools, watch } = this.#options
    for (let read = tools.now(); ;) {
      await tools.sleep(EXPIRY_EVERY)
      this.#publish()
      if ('every' in watch || tools.now() - read < FULL_READ_EVERY) continue
      read = tools.now()
      this.#schedule.addBackground(this.#services?.keys() ?? [])
    }
  }

  /** Hands over the picture when it is whole, and another than the last one or the first after a failure. */
  #publish(): void {
    if (!this.#complete) return
    this.#presence.expire(this.#options.tools.now())
    const problems = this.#problems()
    const fingerprint = JSON.stringify([this.#presence.revision, problems])
    const healed = this.#healing && this.#failing.size === 0 && !this.#schedule.urgentLeft
    if (fingerprint === this.#published && !healed) return
    if (healed) this.#healing = false
    this.#published = fingerprint
    this.#options.publish({ part: this.#part, instances: this.#presence.instances(), problems })
  }

  #problems(): Problem[] {
    const { notes, tools, connection } = this.#options
    const about = { source: tools.name, address: connection.address, datacenter: this.#options.name }
    return [
      ...notes,
      ...this.#failing.values(),
      ...this.#unread.values(),
      ...noServices(about, this.#services?.size ?? 0),
      ...hiddenInstances(
        about,
        this.#services?.size ?? 0,
        this.#presence.serviceNames.length,
        this.#unread.size,
      ),
      ...unprovedAbsence(about, this.#presence.missing),
      ...leftOutProxies(
        about,
        this.#proxies.values().reduce((sum, count) => sum + count, 0),
      ),
    ]
  }

  #problem(error: unknown, what: string, resource?: string): Problem {
    const { tools, connection, name } = this.#options
    return toProblem(error, {
      what,
      source: tools.name,
      connection,
      datacenter: name,
      ...(resource === undefined ? {} : { resource }),
    })
  }

  get #part(): string {
    return this.#options.name ?? ''
  }
}
