import type { StatsD } from 'hot-shots'
import { METRICS } from './metrics/catalogue.ts'
import type { MetricDefinition } from './metrics/catalogue.ts'
import type { Family, Sample } from './metrics/family.ts'
import { withoutLabels } from './metrics/without-labels.ts'

export interface StatsDOptions {
  /** Left out: as Datadog's variables say. */
  readonly host?: string
  readonly port?: number
  /** What names begin with, before a dot. */
  readonly prefix: string
  /** Labels become tags as Datadog understands them; otherwise all series of a metric are one. */
  readonly tagged: boolean
  /** Milliseconds between two messages. */
  readonly interval: number
  /** What all metrics show now. */
  readonly collect: () => readonly Family[]
  /** Told once when the daemon begins not to be reached. */
  readonly report: (message: string) => void
}

/** Bytes that fit a packet of any network (RFC 8200's least, less the heads). */
const PACKET_BYTES = 1_200

/** Tells a StatsD daemon at intervals by how much counters have grown, what gauges are, and how long requests took. */
export class StatsDPusher {
  readonly #options: StatsDOptions
  readonly #client: StatsD
  readonly #timer: NodeJS.Timeout
  #before = new Map<string, Sample>()
  #failing = false

  private constructor(options: StatsDOptions, client: StatsD) {
    this.#options = options
    this.#client = client
    this.#timer = setInterval(() => this.push(), options.interval).unref()
  }

  /** Loads the client only here: whoever wants no StatsD pays nothing for it. */
  static async open(options: StatsDOptions): Promise<StatsDPusher> {
    const { default: Client } = await import('hot-shots')
    const { host, port, prefix, tagged } = options
    let pusher: StatsDPusher | undefined
    const client = new Client({
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      prefix: `${prefix}.`,
      maxBufferSize: PACKET_BYTES,
      cacheDns: true,
      includeDataDogTags: tagged,
      errorHandler: (error) => pusher?.failed(error),
    })
    pusher = new StatsDPusher(options, client)
    return pusher
  }

  /** Sends what is to be told now. Nothing that goes wrong is thrown. */
  push(): void {
    const { collect, tagged } = this.#options
    const now = new Map<string, Sample>()
    for (const family of collect()) {
      const definition: MetricDefinition = METRICS[family.name]
      if (definition.statsD === undefined) continue
      for (const sample of tagged ? family.samples : withoutLabels(family))
        this.#send(definition, family, sample, now)
    }
    this.#before = now
  }

  failed(error: Error): void {
    if (this.#failing) return
    this.#failing = true
    this.#options.report(`StatsD cannot be told: ${error.message}`)
  }

  /** Sends what is still to be told, and ends. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.push()
    await new Promise<void>((resolve) => this.#client.close(() => resolve()))
  }

  #send(definition: MetricDefinition, family: Family, sample: Sample, now: Map<string, Sample>): void {
    const name = definition.statsD!
    const tags = this.#options.tagged ? tagsOf(definition, family, sample) : []
    if (definition.type === 'gauge') {
      this.#client.gauge(name, sample.value, tags)
      return
    }
    const id = `${name}\n${sample.labels.join('\n')}`
    now.set(id, sample)
    const before = this.#before.get(id)
    const grown = grownSince(before?.value, sample.value)
    if (grown === 0) return
    if (definition.type === 'counter') this.#client.increment(name, grown, tags)
    else {
      const sum = grownSince(before?.histogram?.sum, sample.histogram!.sum)
      this.#client.timing(name, (sum / grown) * 1_000, tags)
    }
  }
}

/** A series that was forgotten and has come back begins anew. */
function grownSince(before = 0, now: number): number {
  return now < before ? now : now - before
}

function tagsOf({ labels }: MetricDefinition, { moreLabels = [] }: Family, sample: Sample): string[] {
  return [...labels, ...moreLabels].map((label, i) => `${label}:${sample.labels[i] ?? ''}`)
}
