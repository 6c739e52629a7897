import type { Fields, OptionsOf } from '../src/config/fields.ts'
import type { ProviderTools, Update } from '../src/discovery/provider.ts'
import { defineProvider } from '../src/discovery/provider.ts'
import { clientSettings } from './aws/access.ts'
import { toProblem } from './aws/failures.ts'
import { accessOptions, pollOptions } from './aws/options.ts'
import { regionsOf } from './aws/regions.ts'
import { chainRegion } from './ecs/api.ts'
import { RegionReader } from './ecs/region.ts'
import { UpdateQueue } from './parts/update-queue.ts'

const options = (field: Fields) => ({
  clusters: field
    .list('Clusters that are read, each by itself.', field.string('Name or ARN of a cluster.'))
    .default(['default']),
  autoDiscoverClusters: field
    .boolean('Reads all clusters of the region in place of `clusters`.')
    .default(false),
  ...pollOptions(field),
  healthyTasksOnly: field
    .boolean('Serves tasks only whose health check passes; otherwise also those without one.')
    .default(false),
  resourceTags: field
    .boolean(
      'Reads tags of services and tasks besides the labels of containers, so that routing can change without a new task definition. A tag of the service counts before one of the task, and both before a label. AWS takes keys of 128 and values of 256 characters, and of signs only `+ - = . _ : / @`.',
    )
    .default(false),
  ...accessOptions(field),
  ecsAnywhere: field.pending('ECS Anywhere'),
})

type EcsOptions = OptionsOf<ReturnType<typeof options>>

export default defineProvider({
  summary: 'Containers of tasks that run in ECS, on Fargate and on machines of EC2, with their labels.',
  tagged: true,
  constraints: 'label',
  options,
  create: watchTasks,
})

async function* watchTasks(options: EcsOptions, tools: ProviderTools): AsyncGenerator<Update, void> {
  const regions = await regionsOf(options, chainRegion, tools.name)
  const settings = regions.map((region) => clientSettings(options, region, tools.name))
  const consumer = new AbortController()
  const signal = AbortSignal.any([tools.signal, consumer.signal])
  const queue = new UpdateQueue(signal)
  const about = { source: tools.name, secret: options.secretAccessKey }
  const readers = settings.map(
    (one) =>
      new RegionReader({
        ...options,
        clusters: [...new Set(options.clusters)],
        settings: one,
        tools: { ...tools, signal },
        publish: (update) => queue.push(update),
        toProblem: (error) => toProblem(error, about),
        partPrefix: regions.length > 1 ? `${one.region}/` : '',
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
