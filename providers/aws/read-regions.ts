import type { Problem } from '../../src/config/problem.ts'
import type { ProviderTools, Update } from '../../src/discovery/provider.ts'
import { UpdateQueue } from '../parts/update-queue.ts'
import type { ClientSettings } from './access.ts'
import { clientSettings } from './access.ts'
import { toProblem } from './failures.ts'
import type { AccessOptions } from './options.ts'
import { regionsOf } from './regions.ts'

/** What the reader of one region is given. */
export interface RegionTools {
  readonly settings: ClientSettings
  readonly tools: ProviderTools
  readonly publish: (update: Update) => void
  readonly toProblem: (error: unknown) => Problem
  /** Other regions are read beside it, so that its parts need its name. */
  readonly amongOthers: boolean
}

interface Reader extends Disposable {
  /** Works until the signal fires, and then rejects with its reason. */
  run(): Promise<never>
}

/**
 * Reads all regions that the options name, side by side, with a reader for each.
 * @throws ConfigurationError when no region is known, or the options cannot be meant
 */
export async function* readRegions(
  options: AccessOptions,
  tools: ProviderTools,
  chainRegion: () => Promise<string>,
  open: (region: RegionTools) => Reader,
): AsyncGenerator<Update, void> {
  const regions = await regionsOf(options, chainRegion, tools.name)
  const settings = regions.map((region) => clientSettings(options, region, tools.name))
  const consumer = new AbortController()
  const signal = AbortSignal.any([tools.signal, consumer.signal])
  const queue = new UpdateQueue(signal)
  const about = { source: tools.name, secret: options.secretAccessKey }
  const readers = settings.map((one) =>
    open({
      settings: one,
      tools: { ...tools, signal },
      publish: (update) => queue.push(update),
      toProblem: (error) => toProblem(error, about),
      amongOthers: regions.length > 1,
    }),
  )
  try {
    for (const reader of readers) void reader.run().catch((error: unknown) => queue.fail(error))
    yield* queue
  } finally {
    consumer.abort(new Error(`${tools.name} is no longer read`))
    for (const reader of readers) reader[Symbol.dispose]()
  }
}
