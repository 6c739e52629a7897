import type { Fields, OptionsOf } from '../src/config/fields.ts'
import type { ProviderTools, Update } from '../src/discovery/provider.ts'
import { defineProvider } from '../src/discovery/provider.ts'
import { accessOptions, pollOptions } from './aws/options.ts'
import { readRegions } from './aws/read-regions.ts'
import { chainRegion } from './ecs/api.ts'
import { RegionReader } from './ecs/region.ts'

/** As AWS itself calls the cluster that nobody has named. */
const DEFAULT_CLUSTERS = ['default']

const options = (field: Fields) => ({
  clusters: field
    .list('Clusters that are read, each by itself.', field.string('Name or ARN of a cluster.'))
    .default(DEFAULT_CLUSTERS),
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

function watchTasks(options: EcsOptions, tools: ProviderTools): AsyncIterable<Update> {
  const clusters = options.clusters.length > 0 ? options.clusters : DEFAULT_CLUSTERS
  return readRegions(
    options,
    tools,
    chainRegion,
    (region) => new RegionReader({ ...options, ...region, clusters }),
  )
}
