import type { Problem } from '../../src/config/problem.ts'
import type { ProviderTools, Update } from '../../src/discovery/provider.ts'
import { FullReadings } from '../parts/full-readings.ts'
import { DOUBTFUL_WAIT, pollForever } from '../parts/long-poll.ts'
import type { Answer, LongPoll, News } from '../parts/long-poll.ts'
import { UnsoundAnswerError } from '../parts/json-shapes.ts'
import { changedServices } from '../parts/service-lists.ts'
import { ServiceReads } from '../parts/service-reads.ts'
import type { Allocation, ServiceList } from './answers.ts'
import { partsOf } from './answers.ts'
import { EmptyServices } from './empty-services.ts'
import type { Job } from './empty-services.ts'
import type { NomadClient } from './client.ts'
import type { Connection } from './connection.ts'
import { toProblem } from './failures.ts'
import { sharedNames, unreadableChecks } from './notices.ts'
import { Picture } from './picture.ts'
import type { PictureOptions } from './picture.ts'

export interface NamespaceOptions extends Pick<PictureOptions, 'healthChecks'> {
  /** `*` for all that the token may read. */
  readonly namespace: string
  readonly client: NomadClient
  readonly connection: Connection
  readonly tools: ProviderTools
  readonly publish: (update: Update) => void
  /** Milliseconds of a long poll and between two answers; or, without watching, between two readings. */
  readonly watch: { readonly wait: number; readonly rest: number } | { readonly every: number }
  /** Answers may lag behind what woke us (`stale`). */
  readonly lagging: boolean
  readonly allowEmptyServices: boolean
  /** Keys of the listed services of all namespaces that are read, by namespace: each picture enters its own. */
  readonly listed: Map<string, readonly string[]>
  /** What is wrong with the options. */
  readonly notes: readonly Problem[]
}

/** A reading of everything, whether or not anything points to a change; milliseconds. */
const FULL_READ_EVERY = 300_000
const EXPIRY_EVERY = 30_000
/** After this, an answer that lagged behind is asked for again; milliseconds. */
const LAG = 1_000
/** The list of allocations is long: milliseconds between two of them at least. */
const ALLOCATIONS_FLOOR = 200

const SERVICES = 'the list of services'
const ALLOCATIONS = 'the list of allocations'
const JOBS = 'the list of jobs'

/** What failed was something else than what was asked for at first. */
class BlamedError extends Error {
  override readonly name = 'BlamedError'
  readonly what: string

  constructor(what: string, cause: unknown) {
    super(`${what} cannot be read`, { cause })
    this.what = what
  }
}

/**
 * Keeps the picture of one namespace, or of all together. Two long polls tell that something has changed: the list of
 * services and the list of allocations. The first does not say which service has one more instance with the same
 * tags, but the second says of which jobs allocations have come and gone: their services are read first, the others
 * when there is time. The list of allocations also says who stops, before its registration is taken back.
 */
export class NamespaceWatch {
  readonly #options: NamespaceOptions
  readonly #picture: Picture
  readonly #reads: ServiceReads
  readonly #readings = new FullReadings()
  readonly #empty: EmptyServices
  #jobsRead = false
  /** Why a poll fails now, by what it asks for. */
  readonly #failing = new Map<string, Problem>()
  #services: ServiceList | undefined
  /** Of the list of services; what is read of one service later may not be older. */
  #index = 0n
  /** Every listed service has been tried, so that the picture is whole. */
  #complete = false
  /** The next picture is news even when it is the same, since a failure was told last. */
  #healing = false
  #published = ''
  #refreshAsked = Promise.withResolvers<void>()

  constructor(options: NamespaceOptions) {
    this.#options = options
    const { tools, client, healthChecks } = options
    this.#empty = new EmptyServices(client)
    this.#reads = new ServiceReads({
      read: this.#readService.bind(this),
      toProblem: (error, key) =>
        this.#problem(error, `the instances of ${JSON.stringify(key)}`, `service ${key}`),
      onBatch: this.#batchRead.bind(this),
      tools,
    })
    this.#picture = new Picture({ client, healthChecks, tools, onChange: () => this.#publish() })
  }

  /** Works until the signal fires, and then rejects with its reason. */
  async run(): Promise<void> {
    this.#options.tools.onRefresh(() => this.#refresh())
    await Promise.all([
      ...this.#polls(),
      this.#reads.run(),
      this.#picture.checks.run(),
      this.#lookAfterForever(),
    ])
  }

  #polls(): Promise<never>[] {
    const { client, watch, allowEmptyServices } = this.#options
    const polls = [this.#poll(SERVICES, client.services.bind(client), this.#servicesRead.bind(this), 0)]
    // Without watching, allocations are read with each list of services.
    if ('wait' in watch) {
      const allocations = client.allocations.bind(client)
      polls.push(this.#poll(ALLOCATIONS, allocations, this.#allocationsRead.bind(this), ALLOCATIONS_FLOOR))
    }
    if (allowEmptyServices)
      polls.push(this.#poll(JOBS, client.jobs.bind(client), this.#jobsListed.bind(this), 0))
    return polls
  }

  #poll<T>(
    what: string,
    read: (poll?: LongPoll) => Promise<Answer<T>>,
    onAnswer: (answer: Answer<T>, news: News) => void | Promise<void>,
    floor: number,
  ): Promise<never> {
    const { client, tools, watch } = this.#options
    const endedConnections = (): number => client.endedConnections
    const onFailure = (error: unknown): void => this.#pollFailed(what, error)
    const shared = { read, onAnswer, onFailure, endedConnections, tools }
    if ('every' in watch) return pollForever({ ...shared, pause: () => this.#untilNextReading(watch.every) })
    const rest = Math.max(watch.rest, floor)
    const pause = rest > 0 ? { pause: () => tools.sleep(rest) } : {}
    // As long as instances are missing, the index that came with that is not trusted either.
    const wait = (): number =>
      Math.min(watch.wait, this.#picture.presence.missing === 0 ? Infinity : DOUBTFUL_WAIT)
    return pollForever({ ...shared, ...pause, wait })
  }

  /** By chance a tenth more or less, so that many routers do not ask at once. */
  async #untilNextReading(every: number): Promise<void> {
    const { tools } = this.#options
    await Promise.race([tools.sleep(every * (0.9 + tools.random() * 0.2)), this.#refreshAsked.promise])
  }

  /** Reads the lists and every service, however the polls stand; `Snapshot.reading` tells when that is done. */
  #refresh(): void {
    this.#refreshAsked.resolve()
    this.#refreshAsked = Promise.withResolvers()
    if (this.#readings.ask()) void this.#readEverything()
  }

  async #readEverything(): Promise<void> {
    try {
      const answer = await this.#options.client.services()
      await this.#servicesRead(answer, { recovered: true, doubtful: true, moved: true, wentBack: false })
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

  async #servicesRead({ value, index }: Answer<ServiceList>, news: News): Promise<void> {
    const { recovered, doubtful, moved, wentBack } = news
    if (wentBack) this.#picture.presence.startEpoch()
    // After a failure the agent may be another, or have come back without its data and caught up with the old index.
    const polled = 'every' in this.#options.watch
    if (recovered || doubtful || polled)
      this.#picture.meet((await this.#allocations()).value, recovered || doubtful)
    const before = this.#services ?? new Map<string, readonly string[]>()
    this.#services = value
    this.#index = index
    this.#options.listed.set(this.#part, [...value.keys()])
    this.#failing.delete(SERVICES)
    if (polled) this.#failing.delete(ALLOCATIONS)
    const unlisted = this.#picture.presence.serviceNames.filter((key) => !value.has(key))
    this.#reads.forgetAllBut(new Set([...value.keys(), ...unlisted]))
    if (recovered || doubtful || wentBack || polled) this.#readNow([...value.keys(), ...unlisted])
    else if (moved) {
      // What a sound list leaves out is asked for by its name: lists have been seen that were half.
      this.#readNow([...changedServices(before, value), ...unlisted, ...this.#picture.movedServices])
      this.#reads.whenIdle(value.keys())
    }
    if (value.size === 0 && unlisted.length === 0) this.#complete = true
    this.#publish()
  }

  /** @throws BlamedError, since it is asked for on the way to something else */
  async #allocations(): Promise<Answer<ReadonlyMap<string, Allocation>>> {
    try {
      return await this.#options.client.allocations()
    } catch (error) {
      throw new BlamedError(ALLOCATIONS, error)
    }
  }

  #allocationsRead({ value }: Answer<ReadonlyMap<string, Allocation>>, news: News): void {
    const { recovered, doubtful, wentBack } = news
    if (wentBack) this.#picture.presence.startEpoch()
    this.#picture.meet(value, recovered || doubtful)
    this.#failing.delete(ALLOCATIONS)
    if (news.moved && !recovered) this.#readNow(this.#picture.movedServices)
    this.#publish()
  }

  async #jobsListed(answer: Answer<readonly Job[]>): Promise<void> {
    await this.#empty.take(answer)
    this.#jobsRead = true
    this.#failing.delete(JOBS)
    this.#publish()
  }

  #readNow(keys: readonly string[]): void {
    const { lagging, tools } = this.#options
    this.#reads.now(keys)
    if (!lagging || keys.length === 0) return
    void tools.sleep(LAG).then(
      () => this.#reads.now(keys),
      () => undefined,
    )
  }

  #pollFailed(what: string, error: unknown): void {
    const blamed = error instanceof BlamedError ? error.what : what
    const failure = this.#problem(error instanceof BlamedError ? error.cause : error, blamed)
    this.#failing.set(blamed, failure)
    // Without the list of jobs only what is scaled to zero is not known; all else is.
    if (blamed === JOBS) return this.#publish()
    this.#healing = true
    this.#options.publish({ part: this.#part, failure })
  }

  async #readService(key: string): Promise<void> {
    const listed = this.#index
    const { value, index } = await this.#options.client.registrations(key)
    if (index < listed) throw new UnsoundAnswerError('it is older than the list of services')
    this.#picture.settle(key, value)
  }

  #batchRead(someWorked: boolean): void {
    this.#picture.examine()
    if (this.#services && !this.#reads.urgentLeft) this.#complete = true
    // While nothing at all can be read, a picture would only hide that.
    if (someWorked || this.#failing.size === 0) this.#publish()
    this.#readingDone()
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
    // At the start, nobody is served whose checks may fail, and nobody is called missing who is about to be served.
    const isFirst = this.#published === ''
    if (!this.#complete || !this.#picture.known || (isFirst && this.#picture.checks.waiting)) return
    if (isFirst && this.#options.allowEmptyServices && !this.#jobsRead && !this.#failing.has(JOBS)) return
    this.#picture.presence.expire(this.#options.tools.monotonic())
    const instances = [...this.#picture.instances(), ...this.#empty.instances]
    const problems = this.#problems()
    const unread = [...this.#reads.failures.keys()].map((key) => partsOf(key).service)
    const fingerprint = JSON.stringify([instances, problems, unread])
    const healed = this.#healing && this.#failing.size === 0 && !this.#reads.urgentLeft
    if (fingerprint === this.#published && !healed && !always) return
    if (healed) this.#healing = false
    this.#published = fingerprint
    const { number: reading } = this.#readings
    const { marks: catalog } = this.#picture
    this.#options.publish({
      part: this.#part,
      instances,
      problems,
      reading,
      missing: 'gone',
      unread,
      catalog,
    })
  }

  #problems(): Problem[] {
    const { notes, tools, connection } = this.#options
    const about = { source: tools.name, address: connection.address }
    return [
      ...notes,
      ...this.#failing.values(),
      ...this.#reads.failures.values(),
      ...sharedNames(about, this.#part, this.#options.listed),
      ...unreadableChecks(
        [...this.#picture.checks.failures].map(([id, error]) =>
          this.#problem(error, `the checks of allocation ${id}`),
        ),
      ),
    ]
  }

  #problem(error: unknown, what: string, resource?: string): Problem {
    const { tools, connection, namespace } = this.#options
    const attempt = { what, source: tools.name, connection, namespace }
    return toProblem(error, resource === undefined ? attempt : { ...attempt, resource })
  }

  get #part(): string {
    return this.#options.namespace
  }
}
