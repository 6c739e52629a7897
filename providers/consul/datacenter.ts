import type { Problem } from '../../src/config/problem.ts'
import type { ProviderTools, Update } from '../../src/discovery/provider.ts'
import type { Check, Entry } from './answers.ts'
import type { ChecksPicture } from './catalog-changes.ts'
import { changedChecks, pictureOf } from './catalog-changes.ts'
import { changedServices } from '../parts/service-lists.ts'
import type { ConsulClient } from './client.ts'
import type { Connection } from './connection.ts'
import { toProblem } from './failures.ts'
import type { InstanceOptions } from './instance.ts'
import { toInstance } from './instance.ts'
import { FullReadings } from '../parts/full-readings.ts'
import { hiddenInstances, leftOutProxies, noServices } from './notices.ts'
import type { Answer, News } from '../parts/long-poll.ts'
import { DOUBTFUL_WAIT, pollForever } from '../parts/long-poll.ts'
import { Presence } from '../parts/presence.ts'
import { ServiceReads } from '../parts/service-reads.ts'

export interface DatacenterOptions extends InstanceOptions {
  /** As asked for; undefined: the agent's own. */
  readonly name: string | undefined
  readonly client: Pick<ConsulClient, 'services' | 'checks' | 'entries' | 'endedConnections'>
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

/** A reading of everything, whether or not anything points to a change; milliseconds. */
const FULL_READ_EVERY = 300_000
const EXPIRY_EVERY = 30_000
/** After this, an answer that lagged behind is asked for again; milliseconds. */
const LAG = 1_000

/** A list that was asked for by itself: what happened since the last one is not known. */
const FRESH: News = { recovered: true, doubtful: false, moved: true, wentBack: false }

type Services = ReadonlyMap<string, readonly string[]>

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
  readonly #reads: ServiceReads
  /** Why a poll fails now, by what it asks for. */
  readonly #failing = new Map<string, Problem>()
  readonly #proxies = new Map<string, number>()
  #services: Services | undefined
  #checks: ChecksPicture | undefined
  /** Of the servers: which catalog this is. */
  #anchor: ReadonlySet<string> = new Set()
  /** Every listed service has been tried, so that the picture is whole. */
  #complete = false
  /** The next picture is news even when it is the same, since a failure was told last. */
  #healing = false
  #published = ''
  #refreshAsked = Promise.withResolvers<void>()
  readonly #readings = new FullReadings()
  /** Services of which the last answer showed no instance at all, without a proof that there is none. */
  readonly #hidden = new Set<string>()

  constructor(options: DatacenterOptions) {
    this.#options = options
    this.#reads = new ServiceReads({
      read: this.#readService.bind(this),
      toProblem: (error, name) =>
        this.#problem(error, `the instances of ${JSON.stringify(name)}`, `service ${name}`),
      onBatch: this.#batchRead.bind(this),
      tools: options.tools,
    })
  }

  /** Works until the signal fires, and then rejects with its reason. */
  async run(): Promise<void> {
    this.#options.tools.onRefresh(() => this.#refresh())
    await Promise.all([...this.#polls(), this.#reads.run(), this.#lookAfterForever()])
  }

  #polls(): Promise<never>[] {
    const { client, tools, watch } = this.#options
    const endedConnections = (): number => client.endedConnections
    const services = {
      read: client.services.bind(client),
      onAnswer: this.#servicesRead.bind(this),
      onFailure: (error: unknown) => this.#pollFailed('the list of services', error),
      endedConnections,
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
      endedConnections,
      tools,
    }
    const wait = (): number => this.#longestWait(watch.wait)
    return [pollForever({ ...services, wait }), pollForever({ ...checks, wait })]
  }

  /** As long as instances are missing or nothing is listed, the index that came with that is not trusted either. */
  #longestWait(wait: number): number {
    const trusted = this.#presence.missing === 0 && this.#services?.size !== 0
    return trusted ? wait : Math.min(wait, DOUBTFUL_WAIT)
  }

  /** By chance a tenth more or less, so that many routers do not ask at once. */
  async #untilNextReading(every: number): Promise<void> {
    const { tools } = this.#options
    this.#refreshAsked = Promise.withResolvers()
    await Promise.race([tools.sleep(every * (0.9 + tools.random() * 0.2)), this.#refreshAsked.promise])
  }

  /** Reads the list and every service, however the polls stand; `Snapshot.reading` tells when that is done. */
  #refresh(): void {
    this.#refreshAsked.resolve()
    if (this.#readings.ask()) void this.#readEverything()
  }

  async #readEverything(): Promise<void> {
    try {
      await this.#servicesRead(await this.#options.client.services(), FRESH)
      this.#readAll()
      this.#readings.listRead()
      this.#readingDone()
    } catch {
      // The poll for the list meets the same fault, and tells it; who needs the reading asks again.
      this.#readings.failed()
    }
  }

  /** Once all is read that was to be read: as long as a service cannot be, the reading is not complete. */
  #readingDone(): void {
    if (this.#reads.urgentLeft || this.#reads.busy || this.#reads.failures.size > 0) return
    const outcome = this.#readings.servicesRead()
    if (outcome === 'again') void this.#readEverything()
    if (outcome === 'complete') this.#publish(true)
  }

  async #servicesRead({ value }: Answer<Map<string, readonly string[]>>, news: News): Promise<void> {
    const sameCatalog = !news.wentBack && (await this.#isSameCatalog(news))
    if (!sameCatalog) this.#presence.startEpoch()
    const before = this.#services ?? new Map<string, readonly string[]>()
    this.#services = value
    this.#pollWorks('the list of services')
    this.#settleUnlisted(value)
    this.#planReads(before, value, news, sameCatalog)
    if (value.size === 0 && this.#checks) this.#complete = true
    this.#publish()
  }

  #planReads(before: Services, after: Services, news: News, sameCatalog: boolean): void {
    if (news.recovered || !sameCatalog || 'every' in this.#options.watch) return this.#readAll()
    if (!news.moved) return
    // The list does not show an instance that comes to others of its service with the same tags, nor a new port.
    // Where instances have no checks, no other list shows it either: those come first.
    this.#readNow([...changedServices(before, after), ...this.#presence.uncheckedServices()])
    this.#reads.whenIdle(after.keys())
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
    this.#reads.now(this.#services?.keys() ?? [])
  }

  #readNow(names: readonly string[]): void {
    const { lagging, tools } = this.#options
    const listed = names.filter((name) => this.#services?.has(name))
    this.#reads.now(listed)
    if (!lagging || listed.length === 0) return
    void tools.sleep(LAG).then(
      () => this.#reads.now(listed),
      () => undefined,
    )
  }

  /**
   * A service that a sound list leaves out is asked for by its name: lists have been seen that were half. A list of
   * nothing at all proves nothing: a token may have lost its rights.
   */
  #settleUnlisted(listed: Services): void {
    const now = this.#options.tools.monotonic()
    const unlisted = this.#presence.serviceNames.filter((name) => !listed.has(name))
    if (listed.size > 0) this.#reads.now(unlisted)
    else for (const name of unlisted) this.#presence.settle(name, [], false, now)
    this.#reads.forgetAllBut(new Set([...listed.keys(), ...unlisted]))
    for (const name of this.#hidden) if (!listed.has(name)) this.#hidden.delete(name)
    for (const name of this.#proxies.keys()) if (!listed.has(name)) this.#proxies.delete(name)
  }

  /** After a failure the agent may be another, or have come back empty and caught up with the old index. */
  async #isSameCatalog({ recovered, doubtful }: News): Promise<boolean> {
    if (!recovered && !doubtful) return true
    const { value } = await this.#options.client.entries(ANCHOR)
    const anchor = new Set(value.map(({ nodeId, createIndex }) => `${nodeId} ${createIndex}`))
    const same = !anchor.isDisjointFrom(this.#anchor)
    this.#anchor = anchor
    return same
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

  async #readService(name: string): Promise<void> {
    const { value } = await this.#options.client.entries(name)
    this.#settleService(name, value)
  }

  #batchRead(someWorked: boolean): void {
    if (this.#services && this.#checks && !this.#reads.urgentLeft) this.#complete = true
    // While nothing at all can be read, a picture would only hide that.
    if (someWorked || this.#failing.size === 0) this.#publish()
    this.#readingDone()
  }

  #settleService(name: string, entries: readonly Entry[]): void {
    // The agent takes names whatever their case; of two services that differ in case only, each is read by itself.
    const own = entries.filter(({ service }) => service === name)
    const ordinary = own.filter(({ kind }) => kind === '')
    if (own.length > ordinary.length) this.#proxies.set(name, own.length - ordinary.length)
    else this.#proxies.delete(name)
    const shown = ordinary.map((entry) => ({
      instance: toInstance(entry, this.#options),
      node: entry.node,
      checked: entry.checks.some(({ serviceId }) => serviceId !== ''),
    }))
    // Listed, and yet without any instance: a token that may not read nodes sees this. Under a list of nothing at all,
    // that a service shows nothing proves no more than the list does.
    const { size } = this.#services ?? new Map<string, never>()
    const hidden = own.length === 0 && (size === 0 || this.#services?.has(name) === true)
    if (hidden) this.#hidden.add(name)
    else this.#hidden.delete(name)
    this.#presence.settle(name, shown, !hidden, this.#options.tools.monotonic())
  }

  async #lookAfterForever(): Promise<never> {
    const { tools, watch } = this.#options
    for (let read = tools.monotonic(); ;) {
      await tools.sleep(EXPIRY_EVERY)
      this.#publish()
      if ('every' in watch || tools.monotonic() - read < FULL_READ_EVERY) continue
      read = tools.monotonic()
      this.#reads.whenIdle(this.#services?.keys() ?? [])
    }
  }

  /** Hands over the picture when it is whole, and another than the last one or the first after a failure. */
  #publish(always = false): void {
    if (!this.#complete) return
    this.#presence.expire(this.#options.tools.monotonic())
    const problems = this.#problems()
    const fingerprint = JSON.stringify([this.#presence.revision, problems])
    const healed = this.#healing && this.#failing.size === 0 && !this.#reads.urgentLeft
    if (fingerprint === this.#published && !healed && !always) return
    if (healed) this.#healing = false
    this.#published = fingerprint
    this.#options.publish({
      part: this.#part,
      instances: this.#presence.instances(),
      problems,
      reading: this.#readings.number,
      missing: this.#services?.size === 0 ? 'unproven' : 'gone',
      unread: [...this.#reads.failures.keys(), ...this.#hidden],
      catalog: [...this.#anchor],
    })
  }

  #problems(): Problem[] {
    const { notes, tools, connection } = this.#options
    const about = { source: tools.name, address: connection.address, datacenter: this.#options.name }
    return [
      ...notes,
      ...this.#failing.values(),
      ...this.#reads.failures.values(),
      ...noServices(about, this.#services?.size ?? 0),
      ...hiddenInstances(
        about,
        this.#services?.size ?? 0,
        this.#presence.serviceNames.length,
        this.#reads.failures.size,
      ),
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
